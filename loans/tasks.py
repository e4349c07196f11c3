"""Celery's thin end: each task reads the clock and makes one call."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from loans import obligor, offer


@shared_task(ignore_result=True)
def expire_offers() -> None:
    """Offers nobody accepted, and invitations nobody took up."""
    now = timezone.now()
    offer.expire_due(now=now)
    obligor.expire_due(now=now)
