"""JSON for `marketplace.matching`."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.reading import InvalidInput, Record, listed, number, one_of, read_json, text, translated, whole
from marketplace.matching import certificate, checking
from marketplace.matching.fair_flow import RULE
from marketplace.matching.match import Compared, Matched, match
from marketplace.matching.policies import POLICIES
from marketplace.matching.terms import OWN_ATTRIBUTES, Limit, Listing, Mandate, Run, UnableToMatch, decimal_text, input_sha256

JSON = dict[str, Any]


def run(data: JSON, *, certificates: bool = False, check: str = "") -> JSON:
    """The run's output; with `check`, whether the certificate or output in that file is true of this input."""
    given, policy, names = read(data)
    with translated(UnableToMatch):
        if not check:
            return written(match(given, policy=policy), names, certificates=certificates)
        return checked(given, policy, names, _document(check))


def stored(reference: str) -> JSON:
    """The output again, from the kept input of a run, under the names it had there."""
    from django.core.exceptions import ObjectDoesNotExist

    from config.recompute import UnableToRecompute
    from marketplace import run_store  # needs Django, which recomputing a file does not
    from marketplace.models import MatchRun

    try:
        kept = MatchRun.objects.get(reference=reference, state__in=["solved", "booked"])
    except ObjectDoesNotExist:
        raise UnableToRecompute(f"no run {reference}") from None
    return run({**run_store.open_input(kept), "seed": kept.seed})


# Reading


def read(data: JSON) -> tuple[Run, str, dict[str, Any]]:
    """(run, policy, ids as they were given: a number stays a number in `fills`)."""
    record = Record(data)
    names: dict[str, Any] = {}
    listings = record.take("listings", listed(lambda value, name: _listing(value, name, names)))
    mandates = record.take("mandates", listed(lambda value, name: _mandate(value, name, names)))
    seed = record.take("seed", _name)
    policy = record.take("policy", one_of(RULE, *POLICIES), RULE)
    record.done()
    return Run(listings, mandates, seed), policy, names


def _listing(value: Any, path: str, names: dict[str, Any]) -> Listing:
    record = Record(value, path)
    listing = Listing(
        id=record.take("id", _name),
        amount=record.take("amount_minor", whole),
        unit=record.take("unit_minor", whole),
        grade=record.take("grade", _name),
        term_months=record.take("term_months", whole),
        annual_rate=record.take("annual_rate", number),
        purpose=record.take("purpose", _name),
        borrower=record.take("borrower", _name),
        closes_at=_maybe(record, "closes_at", _moment),
        attributes=_maybe(record, "attributes", _attributes) or {},
    )
    record.done()
    names[f"listing {listing.id}"] = value["id"]
    return listing


def _mandate(value: Any, path: str, names: dict[str, Any]) -> Mandate:
    record = Record(value, path)
    grades, terms, purposes = (_maybe(record, name, listed(read)) for name, read in (("grades", _name), ("terms", whole), ("purposes", _name)))
    mandate = Mandate(
        id=record.take("id", _name),
        investor=record.take("investor", _name),
        cash=record.take("cash_minor", whole),
        per_loan=record.take("per_loan_minor", whole),
        rank=_maybe(record, "rank", whole) or 0,
        keep_cash=_maybe(record, "keep_cash_minor", whole) or 0,
        per_borrower=_maybe(record, "per_borrower_minor", whole),
        min_rate=_maybe(record, "min_rate", number),
        grades=None if grades is None else frozenset(grades),
        terms=None if terms is None else frozenset(terms),
        purposes=None if purposes is None else frozenset(purposes),
        attributes=_maybe(record, "attributes", _wanted) or {},
        max_share_of_loan=_maybe(record, "max_share_of_loan", number),
        limits=tuple(_maybe(record, "limits", listed(_limit)) or ()),
        held=_maybe(record, "held", _held) or {},
        since=_maybe(record, "since", _moment),
    )
    record.done()
    names[f"mandate {mandate.id}"] = value["id"]
    return mandate


def _maybe(record: Record, field: str, read: Any) -> Any:
    """A field that may be absent or null."""
    return record.take(field, lambda value, name: None if value is None else read(value, name), None)


def _limit(value: Any, path: str) -> Limit:
    record = Record(value, path)
    limit = Limit(record.take("attribute", text), record.take("value", _plain), record.take("share", number))
    record.done()
    return limit


def _name(value: Any, name: str) -> str:
    """An id or a category: a text or a whole number, compared as text."""
    return str(whole(value, name)) if isinstance(value, int) and not isinstance(value, bool) else text(value, name)


def _plain(value: Any, name: str) -> str:
    """The value of an attribute, compared as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return decimal_text(number(value, name)) if isinstance(value, int | Decimal) else text(value, name)


def _attributes(value: Any, path: str) -> dict[str, str]:
    record = Record(value, path)
    for name in record.data:
        if name in OWN_ATTRIBUTES:
            raise InvalidInput(record.name(name), "is a field of the listing itself")
    return {name: record.take(name, _plain) for name in record.data}


def _wanted(value: Any, path: str) -> dict[str, frozenset[str]]:
    record = Record(value, path)
    return {name: frozenset(record.take(name, listed(_plain))) for name in record.data}


def _held(value: Any, path: str) -> dict[str, int]:
    record = Record(value, path)
    return {name: record.take(name, whole) for name in record.data}


def _moment(value: Any, name: str) -> datetime:
    """A date or a time; without a zone it is UTC."""
    try:
        found = datetime.fromisoformat(text(value, name))
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(name, "must be a date or a time such as 2026-11-23T18:00:00+08:00") from None


# Writing


def written(matched: Matched, names: dict[str, Any], *, certificates: bool = False) -> JSON:
    market, fair = matched.market, matched.policy == RULE
    fills = certificate.fills(market, matched.flow)
    output: JSON = {
        "fills": [
            {"mandate": names[f"mandate {mandate}"], "listing": names[f"listing {listing}"], "amount_minor": units * market.unit}
            for mandate, listing, units in fills
        ],
        "unfilled": _unfilled(matched.run, fills),
        "levels": _levels(matched),
        "proof": _proof(matched),
    }
    if market.weightless:
        output["less_than_one_unit"] = market.weightless
    if matched.outer_bound is not None:
        output["outer_bound"] = _against(int(matched.flow.sum()), matched.outer_bound, market.unit)
    if matched.compared is not None:
        output["distance"] = _distance(matched, matched.compared)
    if certificates and fair:
        crossing = matched.outer_bound is not None
        output["certificates"] = {"run": certificate.public(matched.run, matched.found, crossing=crossing), "investors": certificate.own(matched.found)}
    return output


def _unfilled(run: Run, fills: list[tuple[str, str, int]]) -> dict[str, int]:
    left = {listing.id: listing.amount for listing in sorted(run.listings, key=lambda row: row.id)}
    for _, listing, units in fills:
        left[listing] -= units * run.unit
    return left


def _levels(matched: Matched) -> dict[str, str]:
    """Exact under the fair rule, what was placed under another; the same investors, sorted."""
    market = matched.market
    levels = matched.found.level if matched.policy == RULE else certificate.placed(market, matched.flow)
    return {investor: certificate.text(level) for investor, level in sorted(zip(market.investors, levels, strict=True))}


def _proof(matched: Matched) -> JSON:
    if matched.policy == RULE:
        return certificate.proof(matched.run, matched.found, crossing=matched.outer_bound is not None)
    return {
        "rule": matched.policy,
        "input_sha256": input_sha256(matched.run, policy=matched.policy),
        "seed": matched.run.seed,
        "engine": certificate.engine(crossing=matched.outer_bound is not None),
        "levels": [],
        "labels_sha256": None,
    }


def _against(placed: int, most: int, unit: int) -> JSON:
    return {"placed_minor": placed * unit, "minor": most * unit, "share": f"{placed / most:.6f}" if most else "1.000000"}


def _distance(matched: Matched, compared: Compared) -> JSON:
    """How far from the optimum: volume, and how even it is, beside the fair rule on the same market."""
    mine, fair = compared.evenness, compared.fair
    return {
        "volume": _against(int(matched.flow.sum()), compared.optimum, matched.market.unit),
        "lowest_level": {"policy": certificate.text(mine.lowest), "fair": certificate.text(fair.lowest)},
        "tenth_percentile": {"policy": certificate.text(mine.tenth), "fair": certificate.text(fair.tenth)},
        "gini": {"policy": f"{mine.gini:.6f}", "fair": f"{fair.gini:.6f}"},
    }


# Checking


def _document(path: str) -> Any:
    try:
        return read_json(Path(path).read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InvalidInput("check", f"cannot read {path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InvalidInput("check", f"{path} is not UTF-8 text") from None


def checked(given: Run, policy: str, names: dict[str, Any], document: Any) -> JSON:
    """`valid`, and what is not: the rows of a certificate (alone or in an output), and an output against running it again."""
    if not isinstance(document, dict):
        raise InvalidInput("check", "must be an object: an output, or its certificates")
    bare = "investors" in document and "run" in document
    certificates = document if bare else document.get("certificates")
    scope, failures = "everybody", list[JSON]()
    if certificates is not None:
        scope, found = checking.check(given, certificates)
        failures = [{"row": failure.row, "investor": failure.investor, "listing": failure.listing, "message": failure.message} for failure in found]
    if not bare:
        again = written(match(given, policy=policy), names, certificates=certificates is not None)
        failures += [
            {"row": 0, "investor": "", "listing": "", "message": f"{part} is not what running it again gives"}
            for part in sorted({*again, *document})
            if again.get(part) != document.get(part)
        ]
    return {"valid": not failures, "scope": scope, "failures": failures}
