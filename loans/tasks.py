"""Celery's thin end: each task reads the clock and makes one call."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from loans import offer


@shared_task(ignore_result=True)
def expire_offers() -> None:
    offer.expire_due(now=timezone.now())
