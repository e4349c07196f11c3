"""Gathers what goes into a run: everything open, every running mandate as it stands now, the cash and the holdings behind them.

People appear under names drawn for this run only. What limits count of earlier holdings is folded into their shares here, in exact decimals, because the
market of a run knows open listings only.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import ROUND_CEILING, Decimal
from typing import Any

from django.db.models import F, Q, QuerySet, Sum

from accounts.models import Membership
from core.references import ALPHABET
from ledger import queries
from ledger.chart import AccountCode
from loans.models import Obligor, Participation, Share
from marketplace import consent
from marketplace.mandate_preview import COLUMNS, offered_of, wish_of
from marketplace.matching.terms import Limit
from marketplace.matching.terms import Listing as Offered
from marketplace.matching.terms import Mandate as Wish
from marketplace.models import Listing, Mandate, MandateTerms, Pledge
from marketplace.portfolio import LIVING
from marketplace.suitability import check as suitability
from payments.models import Payment

Amounts = dict[Any, int]
NOT_PAID = ("refused", "returned", "cancelled")
FINE = Decimal(1).scaleb(-18)
UNBOUNDED = suitability.Bounds()
LIMITED = {"grade": "grade", "purpose": "purpose", "term_months": "term_months"}


@dataclass(frozen=True)
class Name:
    """A party in a run, and its mandates: run name → (mandate, version)."""

    party: int
    pseudonym: str
    mandates: dict[str, tuple[int, int]]


@dataclass(frozen=True)
class Gathered:
    listings: list[Offered]
    wishes: list[Wish]
    names: list[Name]


@dataclass
class Holdings:
    """What parties hold by now, in minor units: in all; by (party, attribute, value); by (party, borrower); by (party, listing reference)."""

    total: Amounts = field(default_factory=lambda: defaultdict(int))
    in_set: Amounts = field(default_factory=lambda: defaultdict(int))
    of_borrower: Amounts = field(default_factory=lambda: defaultdict(int))
    of_listing: Amounts = field(default_factory=lambda: defaultdict(int))


def gather(*, currency: str, unit: int, now: datetime) -> Gathered:
    """Everything, read in a handful of queries."""
    standing = list(running(currency=currency))
    rows = [row for row in rows_of(open_listings(currency=currency, unit=unit, now=now)) if row["funded"] < row["target"]]
    bounds = _bounds(standing, rows, currency=currency, now=now)
    standing = [terms for terms in standing if not bounds.get(terms.mandate.party_id, UNBOUNDED).barred]
    parties = sorted({terms.mandate.party_id for terms in standing})
    movable = provisional([row["id"] for row in rows], parties)
    borrowers = {party: _drawn("B") for party in sorted({row["loan__party_id"] for row in rows})}
    freed = _sums(movable, "listing_id")
    room = room_for_mandates([row["id"] for row in rows], now=now, freed=freed)
    listings = [offered_of(row, amount=room[row["id"]], borrower=borrowers[row["loan__party_id"]]) for row in rows]
    people = _People(parties, rows, borrowers, movable, currency=currency)
    people.bounds = bounds
    wishes, names = people.wishes(standing)
    return Gathered(listings, wishes, names)


def _bounds(standing: list[MandateTerms], rows: list[dict[str, Any]], *, currency: str, now: datetime) -> dict[int, suitability.Bounds]:
    """What suits each investor, with what this run may move given back first. Who may not invest now takes no part: their pledges stay where they are."""
    parties = {terms.mandate.party_id for terms in standing}
    freed = _sums(provisional([row["id"] for row in rows], parties), "party_id")
    return suitability.bounds(parties, currency=currency, now=now, freed=freed)


def running(*, currency: str) -> QuerySet[MandateTerms]:
    """The standing terms of every mandate that takes part."""
    mine = Q(mandate__state="running", number=F("mandate__version"), mandate__party__invests=True, mandate__party__verified_at__isnull=False)
    mine &= Q(mandate__party__subject__restricted_at=None)
    return MandateTerms.objects.filter(mine).select_related("mandate").order_by("mandate__party_id", "mandate__rank", "mandate_id")


def open_listings(*, currency: str, unit: int, now: datetime) -> QuerySet[Listing]:
    rows = Listing.objects.filter(state="open", opens_at__lte=now, closes_at__gt=now, currency=currency, unit=unit)
    return consent.shown(rows, now=now).order_by("pk")


def rows_of(listings: QuerySet[Listing]) -> QuerySet[Listing, dict[str, Any]]:
    return listings.values("id", *COLUMNS, "loan__agreement__offer__application_id")


def provisional(listings: list[int], parties: Iterable[int]) -> QuerySet[Pledge]:
    """Fills of earlier runs that this one may move: in loans that are not full, of mandates that still run."""
    return Pledge.objects.filter(listing_id__in=listings, party_id__in=list(parties), run__isnull=False, state="reserved", mandate__state="running")


def room_for_mandates(listings: list[int], *, now: datetime, freed: Mapping[int, int] | None = None) -> dict[int, int]:
    """What mandates may still place in each listing: what is open; while the shares hold, no more than is left of theirs. `freed` comes back first."""
    rows = Listing.objects.filter(pk__in=listings).values_list("pk", "target", "funded", "mandate_most", "shared_until")
    placed = _sums(Pledge.objects.filter(listing_id__in=listings, run__isnull=False, state="reserved"), "listing_id")
    found = {}
    for pk, target, funded, most, until in rows:
        back = (freed or {}).get(pk, 0)
        left = target - funded + back
        if most is not None and until is not None and now < until:
            left = min(left, most - placed.get(pk, 0) + back)
        found[pk] = max(left, 0)
    return found


def _sums(rows: QuerySet[Any], by: str, amount: str = "amount") -> Amounts:
    return dict(rows.order_by().values_list(by).annotate(total=Sum(amount)).values_list(by, "total"))


def _drawn(prefix: str) -> str:
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(10))}"


class _People:
    """Cash, holdings and exclusions of the parties of a run."""

    def __init__(self, parties: list[int], rows: list[dict[str, Any]], borrowers: Mapping[int, str], movable: QuerySet[Pledge], *, currency: str) -> None:
        self.rows, self.borrowers = rows, borrowers
        self.freed = _sums(movable, "party_id")
        owners = [f"party:{party}" for party in parties]
        self.cash = {owner: one.available for owner, one in queries.balances(code=AccountCode.CLIENT_CASH, owners=owners, currency=currency).items()}
        self.held = holdings(parties, rows, movable, currency=currency)
        self.own = own_loans(parties, rows)
        self.declined = declined(parties, rows)
        self.bounds: Mapping[int, suitability.Bounds] = {}

    def wishes(self, standing: list[MandateTerms]) -> tuple[list[Wish], list[Name]]:
        aside = set_aside([terms.mandate for terms in standing if not terms.reinvest])
        of_party: dict[int, list[MandateTerms]] = {}
        for terms in standing:
            of_party.setdefault(terms.mandate.party_id, []).append(terms)
        found, names = [], []
        for party, own in of_party.items():
            pseudonym, mandates = _drawn("I"), {}
            for terms in own:
                mandates[name := _drawn("M")] = (terms.mandate_id, terms.number)
                found.append(self._wish(terms, party, name, pseudonym, aside.get(terms.mandate_id, 0)))
            names.append(Name(party, pseudonym, mandates))
        return found, names

    def _wish(self, terms: MandateTerms, party: int, name: str, pseudonym: str, aside: int) -> Wish:
        cash = max(self.cash[f"party:{party}"] + self.freed.get(party, 0), 0)
        wish = wish_of(terms, id=name, investor=pseudonym, cash=cash, rank=terms.mandate.rank, held=self._held(party), since=terms.mandate.created_at)
        wish = replace(wish, keep_cash=wish.keep_cash + aside)
        wish = self._bounded(wish, self.bounds.get(party, UNBOUNDED))
        return replace(wish, limits=(*self._limits(wish, party), *self._excluded(party)))

    def _bounded(self, wish: Wish, bounds: suitability.Bounds) -> Wish:
        """Whatever is above what suits the investor stays in the wallet; no loan gets more than could be placed without a question."""
        keep = wish.keep_cash if bounds.room is None else max(wish.keep_cash, wish.cash - bounds.room)
        most = wish.per_loan if bounds.line is None else min(wish.per_loan, bounds.line)
        return replace(wish, keep_cash=keep, per_loan=most)

    def _held(self, party: int) -> dict[str, int]:
        """Under names of this run: open listings, borrowers with an open one, and the rest in one sum."""
        held = {row["reference"]: amount for row in self.rows if (amount := self.held.of_listing.get((party, row["id"]), 0))}
        held |= {name: amount for borrower, name in self.borrowers.items() if (amount := self.held.of_borrower.get((party, borrower), 0))}
        rest = self.held.total.get(party, 0) - sum(held.values())
        return held | ({"elsewhere": rest} if rest else {})

    def _limits(self, wish: Wish, party: int) -> Iterable[Limit]:
        """A limit counts what is held in loans that are no longer open: its share is lowered by that much. Rounded up at the 18th digit, which is exact
        in units, because a share of an amount has at most four more digits than the amount."""
        base = wish.idle + sum(wish.held.values())
        for limit in wish.limits:
            closed = self.held.in_set.get((party, limit.attribute, limit.value), 0)
            share = limit.share - (Decimal(closed) / base if base else Decimal(0))
            yield replace(limit, share=max(share.quantize(FINE, rounding=ROUND_CEILING), Decimal(0)))

    def _excluded(self, party: int) -> Iterable[Limit]:
        yield from (Limit("listing", reference, Decimal(0)) for reference in sorted(self.own.get(party, set()) | self.declined.get(party, set())))


def holdings(parties: list[int], rows: list[dict[str, Any]], movable: QuerySet[Pledge], *, currency: str) -> Holdings:
    """Principal still owed and money reserved, without what this run may move."""
    found = Holdings()
    left = F("amount") - F("received_principal")
    owned = Participation.objects.filter(party_id__in=parties, ended_at=None, loan__state__in=LIVING, loan__currency=currency).annotate(left=left)
    reserved = Pledge.objects.filter(party_id__in=parties, state="reserved").exclude(pk__in=movable.values("pk"))
    open_ones, borrowers = {row["id"] for row in rows}, {row["loan__party_id"] for row in rows}
    for (party, listing), amount in _grouped(reserved, "amount", "party_id", "listing_id"):
        found.total[party] += amount
        if listing in open_ones:
            found.of_listing[party, listing] += amount
    for (party,), amount in _grouped(owned, "left", "party_id"):
        found.total[party] += amount
    for (party, borrower), amount in _grouped(owned.filter(loan__party_id__in=borrowers), "left", "party_id", "loan__party_id"):
        found.of_borrower[party, borrower] += amount
    elsewhere = reserved.exclude(listing_id__in=open_ones)
    for attribute, column in LIMITED.items():
        for (party, value), amount in _grouped(owned, "left", "party_id", f"loan__listing__{column}"):
            found.in_set[party, attribute, str(value)] += amount
        for (party, value), amount in _grouped(elsewhere, "amount", "party_id", f"listing__{column}"):
            found.in_set[party, attribute, str(value)] += amount
    return found


def _grouped(rows: QuerySet[Any], amount: str, *by: str) -> Iterable[tuple[tuple[Any, ...], int]]:
    for *group, total in rows.order_by().values_list(*by).annotate(sum_=Sum(amount)).values_list(*by, "sum_"):
        yield tuple(group), int(total)


def own_loans(parties: list[int], rows: list[dict[str, Any]]) -> dict[int, set[str]]:
    """Listings a party must not fund: of its own, or of a party with a person in common."""
    bound = Obligor.objects.filter(application_id__in=[row["loan__agreement__offer__application_id"] for row in rows]).exclude(party=None)
    of_application: dict[int, set[int]] = {}
    for application, party in bound.values_list("application_id", "party_id"):
        of_application.setdefault(application, set()).add(party)
    persons = _members(Membership.objects.filter(party_id__in={party for found in of_application.values() for party in found}), "party_id", "user_id")
    acting = _members(
        Membership.objects.filter(user_id__in={user for users in persons.values() for user in users}, party_id__in=parties), "user_id", "party_id"
    )
    found: dict[int, set[str]] = {}
    for row in rows:
        for borrower in of_application.get(row["loan__agreement__offer__application_id"], ()):
            for user in persons.get(borrower, ()):
                for party in acting.get(user, ()):
                    found.setdefault(party, set()).add(row["reference"])
    return found


def _members(rows: QuerySet[Membership], key: str, value: str) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for one, other in rows.filter(ended_at=None).values_list(key, value):
        found.setdefault(one, set()).add(other)
    return found


def declined(parties: list[int], rows: list[dict[str, Any]]) -> dict[int, set[str]]:
    """Listings a party took its money back from: a mandate does not go there again."""
    reference = {row["id"]: row["reference"] for row in rows}
    taken = Pledge.objects.filter(party_id__in=parties, listing_id__in=list(reference), state="cancelled").values_list("party_id", "listing_id")
    found: dict[int, set[str]] = {}
    for party, listing in taken:
        found.setdefault(party, set()).add(reference[listing])
    return found


def set_aside(mandates: list[Mandate]) -> dict[int, int]:
    """For mandates that do not lend again: what came back from loans since they were made and is still there, withdrawals and own pledges taken off first."""
    found = {}
    for mandate in mandates:
        since = mandate.created_at
        back = Share.objects.filter(participation__party_id=mandate.party_id, repayment__paid_on__gte=since.date())
        out = Payment.objects.filter(party_id=mandate.party_id, kind="withdrawal", created_at__gte=since).exclude(
            state__in=["refused", "returned", "cancelled"]
        )
        own = Pledge.objects.filter(party_id=mandate.party_id, run=None, pledged_at__gte=since, state__in=["reserved", "settled"])
        total = back.aggregate(total=Sum("net"))["total"] or 0
        spent = sum(rows.aggregate(total=Sum("amount"))["total"] or 0 for rows in (out, own))
        found[mandate.pk] = max(int(total) - int(spent), 0)
    return found
