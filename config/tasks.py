"""The clock's own errands: what the platform proves about itself."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from config import books
from config.sample import progress
from core import business_day
from credit import watch
from loans import day, outcomes
from marketplace import run


@shared_task(name="config.tasks.prove_books", ignore_result=True)
def prove_books() -> None:
    """Prove the books, so that every page can say when they last balanced."""
    books.prove(now=timezone.now(), as_of=business_day.current())


@shared_task(name="config.tasks.match_market", ignore_result=True)
def match_market() -> None:
    """The run that is due, from where it stands to its end, unless the sample market is still living through its past."""
    if not progress.being_built():
        run.tick(now=timezone.now())


@shared_task(name="config.tasks.end_of_day", ignore_result=True)
def end_of_day() -> None:
    """Let the workers close the business days up to the calendar's, unless the sample market is still living through its past."""
    if not progress.being_built():
        day.begin(to=timezone.localdate(), now=timezone.now())


@shared_task(name="config.tasks.watch_models", ignore_result=True)
def watch_models() -> None:
    """Weeks of applicants and months of outcomes that have closed, unless the sample market is still living through its past."""
    if not progress.being_built():
        watch.inputs(today=timezone.localdate(), now=timezone.now())
        outcomes.watch(today=business_day.current(), now=timezone.now())
