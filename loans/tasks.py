"""Celery's thin end: each task reads the clock and makes one call."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from loans import delinquency, offer


@shared_task(queue="celery")
def end_of_day() -> None:
    """Close every business day up to the platform's calendar date."""
    delinquency.close_day(to=timezone.localdate(), now=timezone.now())


@shared_task(queue="celery")
def expire_offers() -> None:
    offer.expire_due(now=timezone.now())
