"""Timed work: the next numbered segment over consents and looks; what has outlived its retention rule."""

from celery import shared_task
from django.utils import timezone

from . import seals, sweeps


@shared_task(name="privacy.seal_records")
def seal_records() -> None:
    """Every few seconds; small when nothing is new."""
    seals.seal_segments(now=timezone.now())


@shared_task(name="privacy.sweep_retention")
def sweep_retention() -> None:
    """Once a night."""
    sweeps.run(now=timezone.now())
