"""Timed work: the next numbered segment over consents, looks and decisions; what has outlived its retention rule, in the circle hour by hour."""

from celery import shared_task
from django.utils import timezone

from . import circle, heads, number_checks, seals, sweeps


@shared_task(name="privacy.seal_records")
def seal_records() -> None:
    """Every few seconds; small when nothing is new."""
    if seals.seal_segments(now=timezone.now()):
        heads.keep()


@shared_task(name="privacy.sweep_retention")
def sweep_retention() -> None:
    """Once a night."""
    sweeps.run(now=timezone.now())


@shared_task(name="privacy.tidy_circle")
def tidy_circle() -> None:
    """Every hour: links whose week is over, numbers nobody proved, contacts of affairs that are over."""
    now = timezone.now()
    circle.expire_links(now=now)
    number_checks.forget_old(now=now)
    circle.forget_closed(now=now)
