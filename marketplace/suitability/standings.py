"""What the rules read of investors, for one or for thousands: the last check, what is at work, what was put in. As many statements either way."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, Min, QuerySet, Sum

from accounts.models import Party
from loans.models import Participation
from marketplace.models import Pledge, Purchase, SuitabilityCheck
from marketplace.suitability import questions, rules
from marketplace.suitability.pack import Pack
from marketplace.suitability.rules import Standing
from privacy import vault

ENGINE = "marketplace.suitability"
AT_WORK = ("funded", "active", "late", "defaulted")
YEAR = timedelta(days=365)
Sums = dict[int, int]


def latest(party: Party) -> SuitabilityCheck | None:
    return SuitabilityCheck.objects.filter(party=party).order_by("-checked_at", "-pk").first()


def finances(check: SuitabilityCheck, *, now: datetime) -> dict[str, Any]:
    """What was answered and the figures given. The look is logged."""
    opened = vault.open_sealed(check, ("answers",), engine=ENGINE, purpose="suitability", now=now)
    return dict(opened["answers"] or {})


def worth(figures: Mapping[str, Any]) -> int:
    return rules.net_worth(**{name: int(figures.get(name, 0)) for name in ("income", "assets", "commitments")})


def standings(parties: Collection[int], pack: Pack, *, now: datetime) -> dict[int, Standing]:
    """By party; figures are opened only where the pack counts with them."""
    rows = SuitabilityCheck.objects.filter(party__in=parties)
    last = list(rows.select_related("party").order_by("party", "-checked_at", "-pk").distinct("party"))
    first = dict(rows.order_by().values_list("party").annotate(Min("checked_at")))
    counted = pack.caps or pack.warn_share is not None
    opened = vault.open_sealed(last, ("answers",), engine=ENGINE, purpose="suitability", now=now) if counted else {}
    found = {check.party_id: _standing(check, first[check.party_id], opened.get(check.pk)) for check in last}
    return {party: found.get(party, Standing()) for party in parties}


def _standing(last: SuitabilityCheck, first_checked_at: datetime, opened: Mapping[str, Any] | None) -> Standing:
    return Standing(
        checked_at=last.checked_at,
        first_checked_at=first_checked_at,
        right_share=questions.right_share(last.right) if last.asked else questions.right_share(0),
        passed=last.passed,
        acknowledged=last.acknowledged_at is not None,
        net_worth=worth((opened or {}).get("answers") or {}),
    )


def at_work(parties: Collection[int], currency: str) -> Sums:
    """Pledged and lent, not yet back."""
    held = Participation.objects.filter(party__in=parties, loan__currency=currency, loan__state__in=AT_WORK, ended_at=None)
    waiting = Pledge.objects.filter(party__in=parties, listing__currency=currency, state="reserved")
    return _added(parties, _by_party(held, F("amount") - F("received_principal")), _by_party(waiting, F("amount")))


def put_in(parties: Collection[int], currency: str, *, now: datetime) -> Sums:
    """Pledged, funded and bought in the twelve months before."""
    placed = Pledge.objects.filter(party__in=parties, listing__currency=currency, state__in=["reserved", "settled"], pledged_at__gt=now - YEAR)
    placed = placed.exclude(listing__loan__state="cancelled")  # given back before it was paid out
    bought = Purchase.objects.filter(party__in=parties, sale__participation__loan__currency=currency, bought_at__gt=now - YEAR)
    return _added(parties, _by_party(placed, F("amount")), _by_party(bought, F("price")))


def _by_party(rows: QuerySet[Any], amount: Any) -> Sums:
    return dict(rows.order_by().values_list("party").annotate(sum=Sum(amount)))


def _added(parties: Collection[int], *sums: Sums) -> Sums:
    return {party: int(sum(one.get(party, 0) for one in sums)) for party in parties}
