"""The clock's own errands: what the platform proves about itself."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from config import books
from core import business_day


@shared_task(name="config.tasks.prove_books", ignore_result=True)
def prove_books() -> None:
    """Prove the books, so that every page can say when they last balanced."""
    books.prove(now=timezone.now(), as_of=business_day.current())
