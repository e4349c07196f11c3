"""Mandates: made, changed, started, stopped, put in order, deleted. A run takes the version that stands when its input is frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import parties
from accounts.models import Party, User
from core import states
from core.refusals import Conflict
from marketplace.models import Mandate, MandateTerms
from marketplace.suitability import check as suitability
from privacy import restriction

MANDATES_MAX = 20
CRITERIA = ("grades", "min_rate", "terms", "purposes", "industries", "regions", "amounts", "verifications", "methods")
CAPS = ("per_loan", "per_borrower", "share_of_loan", "limits", "keep_cash", "reinvest")
FIELDS = (*CRITERIA, *CAPS)


class UnableToMandate(Conflict):
    """Nothing was changed. `code` is stable, `message` says what to do."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def of(party: Party) -> QuerySet[Mandate]:
    """The party's mandates, in its order."""
    return Mandate.objects.filter(party=party).exclude(state="ended").order_by("rank", "pk")


def terms_of(mandate: Mandate) -> MandateTerms:
    """The terms that stand now."""
    return mandate.versions.get(number=mandate.version)


def standing(party: Party) -> list[tuple[Mandate, MandateTerms]]:
    """The party's mandates in its order, each with its terms, in two queries."""
    found = list(of(party))
    versions = {(row.mandate_id, row.number): row for row in MandateTerms.objects.filter(mandate__in=found)}
    return [(one, versions[one.pk, one.version]) for one in found]


@transaction.atomic
def create(*, party: Party, by: User, terms: Mapping[str, Any], now: datetime) -> Mandate:
    """A new mandate at the end of the party's order. It does nothing until it is started. Raises UnableToMandate (too_many, not_an_investor)."""
    same_hand = Party.objects.select_for_update().filter(pk__in=parties.sharing_persons(party).values("pk")).order_by("pk")
    locked = next(one for one in same_hand if one.pk == party.pk)
    if not locked.invests or locked.verified_at is None:
        raise UnableToMandate("not_an_investor", _("Confirm your identity as an investor first."))
    if Mandate.objects.filter(party__in=[one.pk for one in same_hand]).exclude(state="ended").count() >= MANDATES_MAX:
        words = _("You have %(most)s mandates, which is as many as one investor may have. Change one of them, or delete one first.")
        raise UnableToMandate("too_many", words % {"most": MANDATES_MAX})
    restriction.refuse(locked.subject_id)
    last = Mandate.objects.filter(party=locked).aggregate(last=Max("rank"))["last"] or 0
    mandate = Mandate.objects.create(party=locked, rank=last + 1, created_at=now)
    _keep(mandate, number=1, by=by, terms=terms, now=now)
    return mandate


@transaction.atomic
def change(mandate: Mandate, *, by: User, terms: Mapping[str, Any], now: datetime) -> int:
    """New terms as the next version; the run under way keeps the one it has. Returns the version's number. Terms that are the same change nothing.

    Raises UnableToMandate: ended, confirm_amount when a running one would lend more in one loan than its investor may without being asked.
    """
    locked = _locked(mandate)
    standing = terms_of(locked)
    if all(getattr(standing, name) == terms.get(name, getattr(standing, name)) for name in FIELDS):
        return locked.version
    number = locked.version + 1
    _keep(locked, number=number, by=by, terms=terms, now=now)
    Mandate.objects.filter(pk=locked.pk).update(version=number)
    locked.version = number
    if locked.state == "running":
        _asks_nothing(locked, now=now)
    mandate.version = number
    return number


def _locked(mandate: Mandate) -> Mandate:
    """Raises UnableToMandate when it was deleted."""
    locked = Mandate.objects.select_for_update().get(pk=mandate.pk)
    if locked.state == "ended":
        raise UnableToMandate("ended", _("This mandate was deleted. Make a new one."))
    return locked


def _keep(mandate: Mandate, *, number: int, by: User, terms: Mapping[str, Any], now: datetime) -> MandateTerms:
    given = {name: terms[name] for name in FIELDS if name in terms}
    return MandateTerms.objects.create(mandate=mandate, number=number, made_by=by, made_at=now, risk_acknowledged_at=now, **given)


@transaction.atomic
def start(mandate: Mandate, *, by: User, now: datetime) -> None:
    """From the next run on it places money. A running one is left as it is.

    Raises UnableToMandate: ended, or what stands against the investor putting in as much as the terms allow for one loan.
    """
    locked = _locked(mandate)
    restriction.refuse(locked.party.subject_id)
    if locked.state == "stopped":
        _suits(locked, now=now)
        states.move(locked, "running", now=now, by=by.pk, why="by_investor", running_since=now)
    mandate.state, mandate.running_since = locked.state, locked.running_since


def _suits(mandate: Mandate, *, now: datetime) -> None:
    """How much is bounded at each run; whether at all, and by how much in one loan, here."""
    against = _against(mandate, now=now)
    if against is not None and against.code != "over_limit":
        raise UnableToMandate(against.code, against.message)


def _asks_nothing(mandate: Mandate, *, now: datetime) -> None:
    """Whoever may not invest any more may still change their terms: nothing is placed until they may again."""
    against = _against(mandate, now=now)
    if against is not None and against.code == "confirm_amount":
        raise UnableToMandate(against.code, against.message)


def _against(mandate: Mandate, *, now: datetime) -> suitability.Refused | None:
    """What stands against the investor putting the most of one loan in at once, where nobody is there to confirm it."""
    found = suitability.gate(mandate.party, amount=terms_of(mandate).per_loan, currency=settings.DEFAULT_CURRENCY, now=now)
    if found is not None and found.code == "confirm_amount":
        return replace(found, message=_("For one loan this mandate may lend more than you could confirm without being asked. Lower its most per loan."))
    return found


@transaction.atomic
def stop(mandate: Mandate, *, by: User, now: datetime) -> None:
    """From now on it places nothing; what it placed stays."""
    locked = _locked(mandate)
    if locked.state == "running":
        states.move(locked, "stopped", now=now, by=by.pk, why="by_investor", running_since=None)
    mandate.state, mandate.running_since = locked.state, locked.running_since


@transaction.atomic
def end(mandate: Mandate, *, by: User, now: datetime) -> None:
    """Deleted: it places nothing and is no longer listed; what it placed stays, and so do its terms in the runs it was part of."""
    locked = Mandate.objects.select_for_update().get(pk=mandate.pk)
    if locked.state != "ended":
        states.move(locked, "ended", now=now, by=by.pk, why="by_investor", running_since=None, ended_at=now)
    mandate.state, mandate.running_since = locked.state, locked.running_since


@transaction.atomic
def move_up(mandate: Mandate) -> None:
    """Change places with the one before it. The first stays first."""
    Party.objects.select_for_update().get(pk=mandate.party_id)
    standing = list(of(mandate.party))
    place = next((k for k, one in enumerate(standing) if one.pk == mandate.pk), 0)
    if place == 0:
        return
    before, mine = standing[place - 1], standing[place]
    Mandate.objects.filter(pk=before.pk).update(rank=mine.rank)
    Mandate.objects.filter(pk=mine.pk).update(rank=before.rank)


ACTS: dict[str, Callable[..., None]] = {"start": start, "stop": stop, "delete": end}
