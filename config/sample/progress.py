"""How far the sample market has come, for the strip on every page while it is being built."""

from __future__ import annotations

from django.core.cache import cache
from django.db import transaction

from config.sample import plan
from core.models import Job

KEY = "sample_market"
FORGOTTEN_SECONDS = 600  # a build that says nothing for so long is not being built


def being_built() -> bool:
    """Whether jobs of the sample market are still to run."""
    return Job.objects.filter(name__startswith="sample.").exclude(state__in=["done", "dead"]).exists()


def tell_later() -> None:
    """Once what is being done is kept: after the commit, so that no worker waits for another's word."""
    transaction.on_commit(tell)


def tell() -> None:
    """Say how many stories are told, or nothing more once all are."""
    if being_built():
        told = Job.objects.filter(name="sample.loan", state="done").count()
        cache.set(KEY, {"told": told, "of": len(plan.stories())}, timeout=FORGOTTEN_SECONDS)
    else:
        cache.delete(KEY)
