"""Timed work: the next numbered segment over consents and looks."""

from celery import shared_task
from django.utils import timezone

from . import seals


@shared_task(name="privacy.seal_records")
def seal_records() -> None:
    """Every few seconds; small when nothing is new."""
    seals.seal_segments(now=timezone.now())
