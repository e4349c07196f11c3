"""Celery's thin end: each task reads the clock and makes one call."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from loans import affairs, obligor, offer


@shared_task(ignore_result=True)
def expire_offers() -> None:
    """Offers nobody accepted, and invitations nobody took up."""
    now = timezone.now()
    offer.expire_due(now=now)
    obligor.expire_due(now=now)


@shared_task(ignore_result=True)
def close_affairs() -> None:
    """What has ended is closed, so that what hangs on it ends in its time."""
    affairs.close_ended(now=timezone.now())
