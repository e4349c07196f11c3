"""The nightly job of retention: nothing older than its rule exists after it, and each sweep leaves a proof.

Each app registers what it keeps under which rule, as a function that erases what is older than a cutoff and returns the ids that went.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from django.db import transaction
from django.db.models import Q

from . import restriction, retention, rollup, seals
from .models import AccessLog, Consent, ErasureProof

log = logging.getLogger(__name__)


class Sweep(Protocol):
    def __call__(self, *, cutoff: datetime, now: datetime) -> Sequence[object]: ...


@dataclass(frozen=True)
class Registered:
    """One app's sweep under one rule."""

    rule: str
    app: str
    sweep: Sweep


_sweeps: list[Registered] = []


def register(rule: str, *, app: str, sweep: Sweep) -> None:
    """Called from an app's personal_data.py. Raises retention.UnknownRule."""
    _sweeps.append(Registered(rule=retention.get(rule).code, app=app, sweep=sweep))


def registered() -> list[tuple[str, str]]:
    """(rule, app) of every sweep there is."""
    return [(each.rule, each.app) for each in _sweeps]


def run(*, now: datetime) -> list[ErasureProof]:
    """Run every sweep, each by itself: one that fails is logged and the others go on. Safe to repeat; returns the new proofs."""
    proofs = []
    for each in _sweeps:
        try:
            proof = _run(each, now=now)
        except Exception:
            log.exception("retention: the sweep of %s under %s failed", each.app, each.rule)
            continue
        proofs += [proof] if proof else []
    return proofs


@transaction.atomic
def _run(each: Registered, *, now: datetime) -> ErasureProof | None:
    cutoff = now - timedelta(days=retention.get(each.rule).days or 0)
    gone = sorted(str(pk) for pk in each.sweep(cutoff=cutoff, now=now))
    if not gone:
        return None
    digest = hashlib.sha256(seals.canonical(gone)).hexdigest()
    return ErasureProof.objects.create(rule=each.rule, app=each.app, count=len(gone), cutoff=cutoff, ids_sha256=digest, at=now)


def _old_looks(*, cutoff: datetime, now: datetime) -> list[int]:
    return rollup.roll_up(AccessLog.objects.filter(at__lt=cutoff).exclude(subject__in=restriction.on_hold()), stream="access", rule="access_log", now=now)


def _old_consents(*, cutoff: datetime, now: datetime) -> list[int]:
    """Answers in affairs closed, or of persons erased, longer ago than the rule says. Answers about what still goes on stay."""
    ended = Q(matter__closed_at__lt=cutoff) | Q(subject__erased_at__lt=cutoff)
    return rollup.roll_up(Consent.objects.filter(ended, at__lt=cutoff).exclude(subject__in=restriction.on_hold()), stream="consent", rule="consent", now=now)


register("access_log", app="privacy", sweep=_old_looks)
register("consent", app="privacy", sweep=_old_consents)
