"""Celery's thin end: each task reads the clock and makes one call."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from core import business_day
from marketplace import listing, placing, sale


@shared_task(ignore_result=True)
def expire_listings() -> None:
    listing.expire_due(as_of=business_day.current(), now=timezone.now())


@shared_task(ignore_result=True)
def tidy_sales() -> None:
    sale.tidy(now=timezone.now())


@shared_task(ignore_result=True)
def forget_intents() -> None:
    placing.forget(now=timezone.now())
