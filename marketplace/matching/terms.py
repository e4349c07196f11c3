"""What a run is given: listings, mandates, a seed; and what it refuses."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from math import isqrt
from typing import Any

UNITS_MAX = isqrt(2**63 - 1)  # caps are scaled by a level's denominator: total units squared must stay below 2^63
MANDATES_PER_INVESTOR_MAX = 100
OWN_ATTRIBUTES = ("grade", "purpose", "term_months", "borrower")


class UnableToMatch(Exception):
    """An impossible input. `.field` names it, `.message` says why (English, no personal data)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """`amount` is what is still open, in minor units; `closes_at` without a time zone never gets here."""

    id: str
    amount: int
    unit: int
    grade: str
    term_months: int
    annual_rate: Decimal
    purpose: str
    borrower: str
    closes_at: datetime | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def value(self, attribute: str) -> str | None:
        """The listing's value of anything a limit can name."""
        if attribute in OWN_ATTRIBUTES:
            return str(getattr(self, attribute))
        return self.attributes.get(attribute)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `share` of (idle cash + held) in listings whose `attribute` is `value`."""

    attribute: str
    value: str
    share: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """One strategy of an investor. Cash is the investor's: several mandates of one investor share it. None: no criterion, no limit.

    `attributes` are criteria on a listing's other attributes: the values that fit; a listing that does not have one does not fit.
    """

    id: str
    investor: str
    cash: int
    per_loan: int
    rank: int = 0
    keep_cash: int = 0
    per_borrower: int | None = None
    min_rate: Decimal | None = None
    grades: frozenset[str] | None = None
    terms: frozenset[int] | None = None
    purposes: frozenset[str] | None = None
    attributes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    max_share_of_loan: Decimal | None = None
    limits: tuple[Limit, ...] = ()
    held: Mapping[str, int] = field(default_factory=dict)
    since: datetime | None = None

    @property
    def idle(self) -> int:
        """Idle cash in minor units: what the floor leaves, never negative."""
        return max(self.cash - self.keep_cash, 0)


@dataclass(frozen=True, slots=True)
class Run:
    """Everything a run depends on. `seed` is hashed as its text."""

    listings: Sequence[Listing]
    mandates: Sequence[Mandate]
    seed: str

    @property
    def unit(self) -> int:
        return self.listings[0].unit if self.listings else 1


def check(run: Run) -> None:
    """Refuses what cannot be matched exactly. Raises UnableToMatch."""
    _check_distinct("listings", [listing.id for listing in run.listings])
    _check_distinct("mandates", [mandate.id for mandate in run.mandates])
    for index, listing in enumerate(run.listings):
        _check_listing(f"listings[{index}]", listing, run.unit)
    for index, mandate in enumerate(run.mandates):
        _check_mandate(f"mandates[{index}]", mandate)
    _check_size(run)


def _check_distinct(field: str, ids: list[str]) -> None:
    seen: set[str] = set()
    for index, name in enumerate(ids):
        if name in seen:
            raise UnableToMatch(f"{field}[{index}].id", "is given twice")
        seen.add(name)


def _check_listing(path: str, listing: Listing, unit: int) -> None:
    if listing.unit < 1:
        raise UnableToMatch(f"{path}.unit_minor", "must be above 0")
    if listing.unit != unit:
        raise UnableToMatch(f"{path}.unit_minor", f"must be {unit} as in the other listings: one unit per currency and run")
    if listing.amount < 0:
        raise UnableToMatch(f"{path}.amount_minor", "must not be negative")
    if listing.term_months < 1:
        raise UnableToMatch(f"{path}.term_months", "must be at least 1")
    if listing.annual_rate < 0:
        raise UnableToMatch(f"{path}.annual_rate", "must not be negative")


def _check_mandate(path: str, mandate: Mandate) -> None:
    for name in ("cash", "keep_cash", "per_loan", "per_borrower"):
        if (getattr(mandate, name) or 0) < 0:
            raise UnableToMatch(f"{path}.{name}_minor", "must not be negative")
    if mandate.max_share_of_loan is not None and not 0 <= mandate.max_share_of_loan <= 1:
        raise UnableToMatch(f"{path}.max_share_of_loan", "must be from 0 to 1")
    for index, limit in enumerate(mandate.limits):
        if not 0 <= limit.share <= 1:
            raise UnableToMatch(f"{path}.limits[{index}].share", "must be from 0 to 1")
    for name, amount in mandate.held.items():
        if amount < 0:
            raise UnableToMatch(f"{path}.held.{name}", "must not be negative")


def _check_size(run: Run) -> None:
    counts: dict[str, int] = {}
    cash: dict[str, int] = {}
    for mandate in run.mandates:
        counts[mandate.investor] = counts.get(mandate.investor, 0) + 1
        cash[mandate.investor] = max(cash.get(mandate.investor, 0), mandate.idle // run.unit)
    if max(counts.values(), default=0) > MANDATES_PER_INVESTOR_MAX:
        raise UnableToMatch("mandates", f"one investor may have at most {MANDATES_PER_INVESTOR_MAX} mandates")
    too_many = f"hold more than {UNITS_MAX} units in all, too many to compute exactly: choose a larger unit"
    if sum(cash.values()) > UNITS_MAX:
        raise UnableToMatch("mandates", too_many)
    if sum(listing.amount // run.unit for listing in run.listings) > UNITS_MAX:
        raise UnableToMatch("listings", too_many)


def draw(seed: str, *words: object) -> bytes:
    """The hash every lot, order and tie comes from: sha256(seed|word|word…)."""
    return hashlib.sha256(encoded("|".join((seed, *map(str, words))))).digest()


def encoded(text: str) -> bytes:
    """UTF-8; JSON may hold half of a surrogate pair, which is no reason to refuse a market."""
    return text.encode("utf-8", "surrogatepass")


def canonical(value: Any) -> str:
    """The one text of a JSON value: sorted keys, no spaces."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def sha256(value: Any) -> str:
    return hashlib.sha256(encoded(canonical(value))).hexdigest()


def input_sha256(run: Run, *, policy: str) -> str:
    """The hash of the input itself, whatever order it came in."""
    listings = [_plain(listing) for listing in sorted(run.listings, key=lambda row: row.id)]
    mandates = [_plain(mandate, without=() if mandate.attributes else ("attributes",)) for mandate in sorted(run.mandates, key=lambda row: row.id)]
    return sha256({"listings": listings, "mandates": mandates, "seed": run.seed, "policy": policy})


def decimal_text(value: Decimal) -> str:
    """The shortest plain text of a decimal, every digit kept: 0.120 is 0.12."""
    text = format(value, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def _plain(row: Listing | Mandate, *, without: Sequence[str] = ()) -> dict[str, Any]:
    return {name: _value(getattr(row, name)) for name in row.__slots__ if name not in without}


def _value(value: Any) -> Any:
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return sorted([limit.attribute, limit.value, _value(limit.share)] for limit in value)
    return {name: _value(one) for name, one in value.items()} if isinstance(value, Mapping) else value
