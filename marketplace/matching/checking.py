"""Checking a certificate: its form here, its rows in `proving`, and at last by running the rule again (which alone tells two valid splits apart)."""

from collections.abc import Iterator
from typing import Any

from marketplace.matching import certificate
from marketplace.matching.fair_flow import RULE, fair_flow
from marketplace.matching.market import read
from marketplace.matching.nesting import nest
from marketplace.matching.proving import Failure, Mistake, read_claim, rows, sums_up
from marketplace.matching.terms import Run, input_sha256, sha256

JSON = Any
FAILURES_MAX = 100
UNREADABLE = (KeyError, TypeError, ValueError, IndexError, ZeroDivisionError, AttributeError, OverflowError)


def check(run: Run, document: JSON) -> tuple[str, list[Failure]]:
    """("everybody" or "own", what is wrong). The input may be the whole market, or one investor's mandates with the public listings."""
    own = len({mandate.investor for mandate in run.mandates}) == 1
    try:
        public, investors = document["run"], document["investors"]
        own = own and public["input_sha256"] != input_sha256(run, policy=RULE)
        failures = list(_form(run, public, own=own))
        if not failures:
            claim = read_claim(run, public, investors)
            failures = list(rows(claim, run.seed, own=own))
            if not own:
                failures += sums_up(claim, public)
        if not failures and not own:
            failures = list(_again(run, public, investors))
    except Mistake as mistake:
        failures = [mistake.failure]
    except UNREADABLE as error:
        failures = [Failure(0, "", "", f"is not a certificate: {type(error).__name__}")]
    return "own" if own else "everybody", failures[:FAILURES_MAX]


def _form(run: Run, public: JSON, *, own: bool) -> Iterator[Failure]:
    """What ties a certificate to its input."""
    if public["rule"] != RULE or str(public["engine"]).split(" ")[0] != certificate.ENGINE:
        yield Failure(0, "", "", f"rule or engine is not {RULE}, {certificate.ENGINE}")
    if public["seed"] != run.seed or public["unit_minor"] != run.unit:
        yield Failure(0, "", "", "the seed or the unit is another")
    if not own and public["input_sha256"] != input_sha256(run, policy=RULE):
        yield Failure(0, "", "", "input_sha256 is not the hash of this input")
    units = {listing.id: listing.amount // run.unit for listing in run.listings}
    if units != {name: row[0] for name, row in public["listings"].items()}:
        yield Failure(0, "", "", "the listings or their units are not those of this input")


def _again(run: Run, public: JSON, investors: JSON) -> Iterator[Failure]:
    """Only rerunning tells one valid split from another."""
    nested = nest(read(run))
    found = certificate.findings(fair_flow(nested.market, seed=run.seed))
    crossing = nested.outer_bound is not None
    if public["engine"] != certificate.engine(crossing=crossing):
        return
    if sha256(certificate.public(run, found, crossing=crossing)) != sha256(public) or sha256(certificate.own(found)) != sha256(investors):
        yield Failure(0, "", "", "running the rule again gives another result")
