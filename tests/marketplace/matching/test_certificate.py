"""Certificates: true ones hold for everybody and for each alone, false ones are found."""

import copy
import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from marketplace.matching import certificate, checking
from marketplace.matching.match import match
from marketplace.matching.proving import read_claim, rows
from marketplace.matching.terms import Run
from tests.counts import cases
from tests.marketplace.matching.markets import UNIT, crossing_runs, runs

pytestmark = pytest.mark.soak
CASES = cases(25, soak=2_000)
JSON = dict[str, Any]


def certified(run: Run) -> JSON:
    matched = match(run)
    crossing = matched.outer_bound is not None
    document = {"run": certificate.public(run, matched.found, crossing=crossing), "investors": certificate.own(matched.found)}
    return json.loads(json.dumps(document))


@given(st.one_of(runs(limits="crossing"), runs(), crossing_runs()))
@settings(max_examples=CASES, deadline=None)
def test_every_row_holds_for_everybody_and_for_each_alone(run: Run) -> None:
    document = certified(run)
    assert checking.check(run, document) == ("everybody", [])
    for name, own in document["investors"].items():
        alone = replace(run, mandates=[row for row in run.mandates if row.investor == name])
        assert checking.check(alone, {"run": document["run"], "investors": {name: own}})[1] == []


@given(runs(), st.integers(0, 10**9))
@settings(max_examples=CASES, deadline=None)
def test_whatever_is_changed_is_found(run: Run, number: int) -> None:
    document = certified(run)
    false = tampered(document, random.Random(number))
    assume(false != document)
    scope, failures = checking.check(run, false)
    another_input = scope == "own" and false["run"]["input_sha256"] != document["run"]["input_sha256"]
    assert failures or another_input  # one investor's mandates under another hash are read as their part of a larger run, and it says so


def tampered(document: JSON, chance: random.Random) -> JSON:
    """One value somewhere in the certificate, changed."""
    false = copy.deepcopy(document)
    at: Any = false
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return false
        key = chance.choice(keys)
        if not isinstance(at[key], dict | list):
            at[key] = at[key] + chance.choice([1, -1, 2]) if isinstance(at[key], int) else f"{at[key]}1"
            return false
        at = at[key]


@given(runs(alone=True, held=False, top=8), st.integers(0, 10**9))
@settings(max_examples=CASES, deadline=None)
def test_a_unit_moved_inside_a_loan_is_found_by_the_rows_alone(run: Run, number: int) -> None:
    """Without running anything again: totals leave the exact amount, or the lottery."""
    document = certified(run)
    chance = random.Random(number)
    fills = [(name, fill) for name, part in document["investors"].items() for fill in part["fills"]]
    pairs = [(a, b) for a in fills for b in fills if a[0] != b[0] and a[1][1] == b[1][1] and a[1][2] > 1]
    assume(pairs)
    (poorer, taken), (richer, given_) = chance.choice(pairs)
    for name, fill, units in ((poorer, taken, -1), (richer, given_, 1)):
        fill[2] += units
        document["investors"][name]["units"] += units
    claim = read_claim(run, document["run"], document["investors"])
    assert list(rows(claim, run.seed, own=False))


def test_it_says_whose_row_fails() -> None:
    run = _two_investors()
    document = certified(run)
    document["investors"]["Bob"]["level"] = "1/1"
    scope, failures = checking.check(run, document)
    assert scope == "everybody"
    assert {(failure.row, failure.investor) for failure in failures} >= {(2, "Bob"), (4, "Bob")}


def test_one_investor_alone_checks_own_rows_and_not_the_hash_of_an_input_they_never_see() -> None:
    run = _two_investors()
    document = certified(run)
    mine = {"run": document["run"], "investors": {"Bob": document["investors"]["Bob"]}}
    alone = replace(run, mandates=[row for row in run.mandates if row.investor == "Bob"])
    assert checking.check(alone, mine) == ("own", [])
    mine["investors"]["Bob"]["units"] += 1
    assert checking.check(alone, mine)[1]


@pytest.mark.parametrize("document", [{}, [], None, {"run": 1, "investors": {}}, {"run": {}, "investors": []}])
def test_what_is_no_certificate_is_said_to_be_none(document: Any) -> None:
    _, failures = checking.check(_two_investors(), document)
    assert failures[0].row == 0


def _two_investors() -> Run:
    from decimal import Decimal

    from marketplace.matching.terms import Listing, Mandate

    listing = Listing(id="L", amount=9 * UNIT, unit=UNIT, grade="A", term_months=12, annual_rate=Decimal("0.08"), purpose="car", borrower="Alice")
    mandates = [Mandate(id=f"of {name}", investor=name, cash=cash * UNIT, per_loan=cash * UNIT) for name, cash in (("Bob", 10), ("Carol", 20))]
    return Run([listing], mandates, "seed")
