"""Random small markets, and the rule read naively: every limit as a sentence over pairs, with no tree, no order and no flow."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor

from hypothesis import strategies as st

from marketplace.matching.terms import Limit, Listing, Mandate, Run

UNIT = 25
GRADES, REGIONS, BORROWERS = "ABC", ("north", "south"), ("Alice", "Grace", "Heidi", "Ivan")
SHARES = [Decimal(share) for share in ("0", "0.1", "0.25", "0.3", "0.5", "0.75", "1")]
CLOSINGS = [None, *(datetime(2026, 3, day, tzinfo=UTC) for day in (1, 2, 3))]
Pair = tuple[str, str]  # mandate, listing


def money(top: int) -> st.SearchStrategy[int]:
    """Amounts around whole units, and some that are not."""
    return st.builds(lambda units, rest: units * UNIT + rest, st.integers(0, top), st.sampled_from([0, 0, 0, 1, 24]))


@st.composite
def a_listing(draw: st.DrawFn, number: int) -> Listing:
    return Listing(
        id=f"L{number}",
        amount=draw(money(9)),
        unit=UNIT,
        grade=draw(st.sampled_from(GRADES)),
        term_months=draw(st.sampled_from([12, 24])),
        annual_rate=draw(st.sampled_from([Decimal("0.05"), Decimal("0.08"), Decimal("0.081")])),
        purpose=draw(st.sampled_from(["car", "home"])),
        borrower=draw(st.sampled_from(BORROWERS)),
        closes_at=draw(st.sampled_from(CLOSINGS)),
        attributes={"region": draw(st.sampled_from(REGIONS))},
    )


def maybe(strategy: st.SearchStrategy, weight: int = 3) -> st.SearchStrategy:
    return st.one_of(*[st.none()] * weight, strategy)


@st.composite
def a_mandate(draw: st.DrawFn, number: int, listings: list[Listing], *, investors: int, limits: str, held: bool) -> Mandate:
    attributes = {"none": [], "nested": ["grade"], "crossing": ["grade", "region", "purpose"]}[limits]
    chosen = [
        Limit(name, draw(st.sampled_from({"grade": GRADES, "region": REGIONS, "purpose": ("car", "home")}[name])), draw(st.sampled_from(SHARES)))
        for name in draw(st.lists(st.sampled_from(attributes), max_size=3) if attributes else st.just([]))
    ]
    names = [listing.id for listing in listings] + list(BORROWERS) + ["elsewhere"]
    return Mandate(
        id=f"M{number}",
        investor=f"investor-{draw(st.integers(0, investors))}" if draw(st.integers(0, 9)) else "Alice",
        cash=draw(money(20)),
        keep_cash=draw(st.sampled_from([0, 0, 0, 30, 200, 10_000])),
        per_loan=draw(money(6)),
        rank=draw(st.integers(0, 1)),
        per_borrower=draw(maybe(money(8))) if limits == "crossing" else None,
        min_rate=draw(maybe(st.sampled_from([Decimal("0.06"), Decimal("0.08")]))),
        grades=draw(maybe(st.frozensets(st.sampled_from(GRADES)))),
        terms=draw(maybe(st.frozensets(st.sampled_from([12, 24]), min_size=1))),
        purposes=draw(maybe(st.frozensets(st.sampled_from(["car", "home"]), min_size=1))),
        attributes={"region": regions} if (regions := draw(maybe(st.frozensets(st.sampled_from([*REGIONS, "elsewhere"]), min_size=1)))) else {},
        max_share_of_loan=draw(maybe(st.sampled_from(SHARES))),
        limits=tuple(chosen),
        held=draw(st.dictionaries(st.sampled_from(names), money(4), max_size=3)) if held else {},
    )


@st.composite
def runs(draw: st.DrawFn, *, limits: str = "nested", held: bool = True, alone: bool = False, top: int = 6) -> Run:
    """A market of a few investors and listings. `alone`: one mandate each. `limits`: none, nested (a flow) or crossing (not a flow)."""
    listings = [draw(a_listing(number)) for number in range(draw(st.integers(1, top)))]
    count = draw(st.integers(1, top + 1))
    mandates = [draw(a_mandate(number, listings, investors=top, limits=limits, held=held)) for number in range(count)]
    if alone:
        mandates = [replace(mandate, investor=f"investor-{number}") for number, mandate in enumerate(mandates)]
    return Run(listings, mandates, str(draw(st.integers(0, 10**6))))


@st.composite
def crossing_runs(draw: st.DrawFn) -> Run:
    """Grades, regions and borrowers across each other, with caps that bind."""
    listings = [replace(draw(a_listing(number)), amount=draw(st.integers(1, 9)) * UNIT) for number in range(draw(st.integers(4, 9)))]
    mandates = []
    for number in range(draw(st.integers(1, 5))):
        cash = draw(st.integers(4, 30)) * UNIT
        limits = [Limit("grade", grade, draw(st.sampled_from(SHARES[2:5]))) for grade in GRADES]
        limits += [Limit("region", region, draw(st.sampled_from(SHARES[2:6]))) for region in REGIONS]
        per_loan, per_borrower = draw(st.integers(2, 6)) * UNIT, draw(maybe(st.integers(2, 5).map(lambda units: units * UNIT), 1))
        mandates.append(Mandate(id=f"M{number}", investor=f"investor-{number}", cash=cash, per_loan=per_loan, per_borrower=per_borrower, limits=tuple(limits)))
    return Run(listings, mandates, str(draw(st.integers(0, 10**6))))


def as_json(run: Run, **more: object) -> dict[str, object]:
    """The run as `recompute match` takes it."""
    return {"listings": [_listing_json(row) for row in run.listings], "mandates": [_mandate_json(row) for row in run.mandates], "seed": run.seed, **more}


def _listing_json(row: Listing) -> dict[str, object]:
    plain = {name: getattr(row, name) for name in ("id", "grade", "term_months", "purpose", "borrower")}
    closing = {"closes_at": row.closes_at.isoformat()} if row.closes_at else {}
    rest = {"amount_minor": row.amount, "unit_minor": row.unit, "annual_rate": str(row.annual_rate), "attributes": dict(row.attributes)}
    return plain | closing | rest


def _mandate_json(row: Mandate) -> dict[str, object]:
    found: dict[str, object] = {
        "id": row.id,
        "investor": row.investor,
        "rank": row.rank,
        "cash_minor": row.cash,
        "keep_cash_minor": row.keep_cash,
        "per_loan_minor": row.per_loan,
        "limits": [{"attribute": limit.attribute, "value": limit.value, "share": str(limit.share)} for limit in row.limits],
        "held": dict(row.held),
    }
    texts = {"min_rate": row.min_rate, "max_share_of_loan": row.max_share_of_loan}
    sets = {"grades": row.grades, "terms": row.terms, "purposes": row.purposes}
    found |= {name: str(value) for name, value in texts.items() if value is not None}
    found |= {name: sorted(value) for name, value in sets.items() if value is not None}
    found |= {"attributes": {name: sorted(values) for name, values in row.attributes.items()}} if row.attributes else {}
    return found if row.per_borrower is None else found | {"per_borrower_minor": row.per_borrower}


@dataclass
class Plain:
    """The same market as sentences: `room` of each pair; `limits` are (pairs, cap); `weight` of each investor; `size` of each listing, in units."""

    room: dict[Pair, int]
    investor: dict[str, str]
    weight: dict[str, int]
    size: dict[str, int]
    limits: list[tuple[list[Pair], int]] = field(default_factory=list)

    def broken(self, filled: dict[Pair, int]) -> Iterator[str]:
        """Every sentence the fills contradict."""
        for pair, units in filled.items():
            if not 0 < units <= self.room.get(pair, 0):
                yield f"{pair} carries {units} of {self.room.get(pair, 0)}"
        for listing, size in self.size.items():
            if (total := sum(units for (_, name), units in filled.items() if name == listing)) > size:
                yield f"{listing} over-funded: {total} of {size}"
        for pairs, cap in self.limits:
            if (total := sum(filled.get(pair, 0) for pair in pairs)) > cap:
                yield f"limit broken: {total} of {cap} in {pairs}"


def plainly(run: Run) -> Plain:
    """The contract, word by word."""
    listings = {listing.id: listing for listing in run.listings}
    plain = Plain({}, {row.id: row.investor for row in run.mandates}, {}, {name: row.amount // run.unit for name, row in listings.items()})
    for mandate in run.mandates:
        plain.weight[mandate.investor] = max(plain.weight.get(mandate.investor, 0), max(mandate.cash - mandate.keep_cash, 0) // run.unit)
    taken: set[tuple[str, str]] = set()
    for mandate in sorted(run.mandates, key=lambda row: (row.rank, row.id)):
        mine = [listing for listing in run.listings if fits(mandate, listing) and (mandate.investor, listing.id) not in taken]
        taken |= {(mandate.investor, listing.id) for listing in mine}
        for listing in mine:
            plain.room[mandate.id, listing.id] = room(mandate, listing, run.unit)
        plain.limits += list(limits(mandate, mine, listings, run.unit))
    for investor, weight in plain.weight.items():
        floors = {max(row.cash - row.keep_cash, 0) // run.unit for row in run.mandates if row.investor == investor}
        for left in floors | {weight}:
            bound = [row.id for row in run.mandates if row.investor == investor and max(row.cash - row.keep_cash, 0) // run.unit <= left]
            plain.limits.append(([pair for pair in plain.room if pair[0] in bound], left))
    return plain


def fits(mandate: Mandate, listing: Listing) -> bool:
    return (
        listing.borrower != mandate.investor
        and (mandate.grades is None or listing.grade in mandate.grades)
        and (mandate.terms is None or listing.term_months in mandate.terms)
        and (mandate.purposes is None or listing.purpose in mandate.purposes)
        and (mandate.min_rate is None or listing.annual_rate >= mandate.min_rate)
        and all(listing.attributes.get(name) in values for name, values in mandate.attributes.items())
    )


def room(mandate: Mandate, listing: Listing, unit: int) -> int:
    held = mandate.held.get(listing.id, 0)
    left = [listing.amount, mandate.per_loan - held, max(mandate.cash - mandate.keep_cash, 0)]
    if mandate.max_share_of_loan is not None:
        left.append(Fraction(mandate.max_share_of_loan) * listing.amount - held)
    return max(min(floor(Fraction(amount) / unit) for amount in left), 0)


def limits(mandate: Mandate, mine: list[Listing], listings: dict[str, Listing], unit: int) -> Iterator[tuple[list[Pair], int]]:
    base = max(mandate.cash - mandate.keep_cash, 0) + sum(mandate.held.values())
    for limit in mandate.limits:
        pairs = [(mandate.id, listing.id) for listing in mine if listing.value(limit.attribute) == limit.value]
        held = sum(amount for name, amount in mandate.held.items() if name in listings and listings[name].value(limit.attribute) == limit.value)
        yield pairs, max(floor((Fraction(limit.share) * base - held) / unit), 0)
    if mandate.per_borrower is not None:
        for borrower in BORROWERS:
            pairs = [(mandate.id, listing.id) for listing in mine if listing.borrower == borrower]
            held = sum(amount for name, amount in mandate.held.items() if name == borrower or (name in listings and listings[name].borrower == borrower))
            yield pairs, max(floor(Fraction(mandate.per_borrower - held) / unit), 0)
