"""Before a mandate is kept: which loans fit it now, how many would have in 90 days, what they may bring, how much it could place today.

The engine that runs the market answers, so the preview and the run cannot disagree about what fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from accounts.models import Party
from ledger import queries
from ledger.chart import AccountCode
from loans import product
from marketplace import attributes, consent
from marketplace.matching import eligibility
from marketplace.matching.market import read
from marketplace.matching.nesting import nest
from marketplace.matching.terms import Limit, Run
from marketplace.matching.terms import Listing as Offered
from marketplace.matching.terms import Mandate as Wish
from marketplace.models import Listing, MandateTerms

DAYS = 90
COLUMNS = ("reference", "loan__party_id", "grade", "annual_rate", "term_months", "purpose", "attributes", "unit", "target", "funded", "closes_at")
BY_ATTRIBUTE = {"regions": "region", "amounts": "amount", "verifications": "verification", "methods": "method"}


@dataclass(frozen=True)
class Preview:
    """Loans that fit: `live` open now with `open_amount` still to fund, `past` of `listed` published in 90 days, expecting `low` to `high` a year after fee
    and expected loss. `could_place` is the most it could place today if nobody else were there, of `idle` above the floor."""

    live: int
    open_amount: int
    past: int
    listed: int
    low: Decimal | None
    high: Decimal | None
    could_place: int
    idle: int


def wish_of(terms: MandateTerms, *, id: str, investor: str, cash: int, rank: int = 0, **more: Any) -> Wish:
    """One version of a mandate as the engine reads it. An empty list takes any value."""
    wanted = {attribute: frozenset(values) for name, attribute in BY_ATTRIBUTE.items() if (values := getattr(terms, name))}
    if terms.industries:
        wanted["industry"] = frozenset(attributes.industries_wanted(terms.industries))
    return Wish(
        id=id,
        investor=investor,
        cash=cash,
        rank=rank,
        keep_cash=terms.keep_cash,
        per_loan=terms.per_loan,
        per_borrower=terms.per_borrower,
        min_rate=terms.min_rate,
        grades=frozenset(terms.grades) or None,
        terms=frozenset(terms.terms) or None,
        purposes=frozenset(terms.purposes) or None,
        attributes=wanted,
        max_share_of_loan=terms.share_of_loan,
        limits=tuple(Limit(attribute, str(value), Decimal(share)) for attribute, value, share in terms.limits),
        **more,
    )


def offered_of(row: Mapping[str, Any], *, amount: int, borrower: str) -> Offered:
    """A listing's row (COLUMNS) as the engine reads it, with what is to be had of it."""
    return Offered(
        id=row["reference"],
        amount=amount,
        unit=row["unit"],
        grade=row["grade"],
        term_months=row["term_months"],
        annual_rate=row["annual_rate"],
        purpose=row["purpose"],
        borrower=borrower,
        closes_at=row["closes_at"],
        attributes={**row["attributes"], "listing": row["reference"]},
    )


def preview(terms: MandateTerms, *, party: Party, now: datetime) -> Preview:
    """What these terms would find, for this party. Nothing is kept."""
    rows = list(Listing.objects.filter(opens_at__gt=now - timedelta(days=DAYS), opens_at__lte=now).values(*COLUMNS, "expected_net"))
    open_rows = list(consent.shown(Listing.objects.filter(state="open", opens_at__lte=now, closes_at__gt=now), now=now).values(*COLUMNS, "expected_net"))
    cash = queries.balance(code=AccountCode.CLIENT_CASH, owner=party.ledger_owner, currency=product.STANDARD.currency).available
    wish = wish_of(terms, id="preview", investor=_who(party.pk), cash=max(cash, 0))
    live, past = _fitting(wish, open_rows), _fitting(wish, rows)
    low, high = _range([row["expected_net"] for row in past or live if row["expected_net"] is not None])
    return Preview(
        live=len(live),
        open_amount=sum(row["target"] - row["funded"] for row in live),
        past=len(past),
        listed=len(rows),
        low=low,
        high=high,
        could_place=_alone(wish, open_rows),
        idle=wish.idle,
    )


def _who(party: int) -> str:
    return f"party {party}"


def _offers(rows: Iterable[Mapping[str, Any]]) -> list[Offered]:
    return [offered_of(row, amount=row["target"] - row["funded"], borrower=_who(row["loan__party_id"])) for row in rows]


def _fitting(wish: Wish, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    if not rows:
        return []
    fits = eligibility.read([wish]).grid(_offers(rows)).rows(0, 1)[0]
    return [row for row, one in zip(rows, fits, strict=True) if one]


def _range(rates: list[Decimal]) -> tuple[Decimal | None, Decimal | None]:
    """From the tenth to the ninetieth percentile."""
    if not rates:
        return None, None
    ordered = sorted(rates)
    last = len(ordered) - 1
    return ordered[last // 10], ordered[last - last // 10]


def _alone(wish: Wish, rows: Sequence[Mapping[str, Any]]) -> int:
    """The most it could place today, its own limits and the party's earlier mandates left aside."""
    found = nest(read(Run(_offers(rows), [wish], seed="preview"))).market
    return int(found.alone()[: len(found.investors)].sum()) * found.unit if found.investors else 0
