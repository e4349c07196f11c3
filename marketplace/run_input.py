"""What goes into a run, as JSON: the contract of `recompute match`, so that the kept input is the file anybody can run again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from marketplace.matching.terms import Limit, Listing, Mandate, Run, decimal_text

JSON = dict[str, Any]


def listing_json(row: Listing) -> JSON:
    found: JSON = {
        "id": row.id,
        "amount_minor": row.amount,
        "unit_minor": row.unit,
        "grade": row.grade,
        "term_months": row.term_months,
        "annual_rate": decimal_text(row.annual_rate),
        "purpose": row.purpose,
        "borrower": row.borrower,
        "attributes": dict(row.attributes),
    }
    return found | ({"closes_at": row.closes_at.isoformat()} if row.closes_at else {})


def mandate_json(row: Mandate) -> JSON:
    """Without what is not asked for."""
    shares = {"min_rate": row.min_rate, "max_share_of_loan": row.max_share_of_loan}
    sets: dict[str, Any] = {"grades": row.grades, "terms": row.terms, "purposes": row.purposes}
    found: JSON = {"id": row.id, "investor": row.investor, "rank": row.rank, "cash_minor": row.cash, "per_loan_minor": row.per_loan}
    found |= {name: decimal_text(value) for name, value in shares.items() if value is not None}
    found |= {name: sorted(values) for name, values in sets.items() if values is not None}
    found |= {"per_borrower_minor": row.per_borrower} if row.per_borrower is not None else {}
    found |= {"keep_cash_minor": row.keep_cash} if row.keep_cash else {}
    found |= {"attributes": {name: sorted(values) for name, values in row.attributes.items()}} if row.attributes else {}
    found |= {"limits": [{"attribute": one.attribute, "value": one.value, "share": decimal_text(one.share)} for one in row.limits]} if row.limits else {}
    found |= {"held": dict(row.held)} if row.held else {}
    return found | ({"since": row.since.isoformat()} if row.since else {})


def as_json(listings: list[Listing], mandates: list[Mandate]) -> JSON:
    return {"listings": [listing_json(row) for row in listings], "mandates": [mandate_json(row) for row in mandates]}


def read(document: Mapping[str, Any], *, seed: str) -> Run:
    """The run of a kept input. It was written by `as_json`, so it is not judged again."""
    return Run([_listing(row) for row in document["listings"]], [_mandate(row) for row in document["mandates"]], seed)


def _listing(row: Mapping[str, Any]) -> Listing:
    return Listing(
        id=row["id"],
        amount=row["amount_minor"],
        unit=row["unit_minor"],
        grade=row["grade"],
        term_months=row["term_months"],
        annual_rate=Decimal(row["annual_rate"]),
        purpose=row["purpose"],
        borrower=row["borrower"],
        closes_at=_moment(row.get("closes_at")),
        attributes=row["attributes"],
    )


def _mandate(row: Mapping[str, Any]) -> Mandate:
    return Mandate(
        id=row["id"],
        investor=row["investor"],
        cash=row["cash_minor"],
        per_loan=row["per_loan_minor"],
        rank=row["rank"],
        keep_cash=row.get("keep_cash_minor", 0),
        per_borrower=row.get("per_borrower_minor"),
        min_rate=_decimal(row.get("min_rate")),
        grades=_set(row.get("grades")),
        terms=_set(row.get("terms")),
        purposes=_set(row.get("purposes")),
        attributes={name: frozenset(values) for name, values in row.get("attributes", {}).items()},
        max_share_of_loan=_decimal(row.get("max_share_of_loan")),
        limits=tuple(Limit(one["attribute"], one["value"], Decimal(one["share"])) for one in row.get("limits", ())),
        held=row.get("held", {}),
        since=_moment(row.get("since")),
    )


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


def _set(values: list[Any] | None) -> frozenset[Any] | None:
    return None if values is None else frozenset(values)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text).astimezone(UTC)
