"""`recompute match`: the contract in docs/formulas.md, and every input that is wrong named at its field."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from config.recompute import answer, printed, run_command

UNIT = 2500
LISTING = {
    "id": "XQ-1",
    "amount_minor": 10 * UNIT,
    "unit_minor": UNIT,
    "grade": "B",
    "term_months": 12,
    "annual_rate": "0.08",
    "purpose": "car",
    "borrower": "Alice",
}
BOB = {"id": "M-1", "investor": "Bob", "cash_minor": 8 * UNIT, "per_loan_minor": 8 * UNIT}
CAROL = {"id": "M-2", "investor": "Carol", "cash_minor": 12 * UNIT, "per_loan_minor": 12 * UNIT}
MARKET = {"listings": [LISTING], "mandates": [BOB, CAROL], "seed": 7}


def market(listing: dict[str, Any] | None = None, bob: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return MARKET | {"listings": [LISTING | (listing or {})], "mandates": [BOB | (bob or {}), CAROL]} | more


def test_the_output_is_the_contract() -> None:
    output = answer("match", MARKET)
    assert set(output) == {"fills", "unfilled", "levels", "proof"}
    assert output["fills"] == [
        {"mandate": "M-1", "listing": "XQ-1", "amount_minor": 4 * UNIT},
        {"mandate": "M-2", "listing": "XQ-1", "amount_minor": 6 * UNIT},
    ]
    assert output["unfilled"] == {"XQ-1": 0}
    assert output["levels"] == {"Bob": "1/2", "Carol": "1/2"}
    assert set(output["proof"]) == {"rule", "input_sha256", "seed", "engine", "levels", "labels_sha256"}
    assert (output["proof"]["rule"], output["proof"]["seed"], output["proof"]["levels"]) == ("fair-flow/1", "7", [[1, 2]])


def test_a_seed_is_hashed_as_its_text_and_moves_only_the_rounding() -> None:
    odd = market(listing={"amount_minor": 9 * UNIT})
    assert answer("match", odd | {"seed": "7"}) == answer("match", odd | {"seed": 7})
    seen = {json.dumps(answer("match", odd | {"seed": seed})["fills"]) for seed in range(20)}
    assert len(seen) == 2
    assert {json.dumps(answer("match", odd | {"seed": seed})["levels"]) for seed in range(20)} == {'{"Bob": "9/20", "Carol": "9/20"}'}


def test_ids_may_be_numbers_and_stay_numbers() -> None:
    output = answer("match", MARKET | {"listings": [LISTING | {"id": 1, "borrower": 3}], "mandates": [BOB | {"id": 5, "investor": 9}]})
    assert output["fills"] == [{"mandate": 5, "listing": 1, "amount_minor": 8 * UNIT}]
    assert output["levels"] == {"9": "1/1"}


@pytest.mark.parametrize(
    ("bob", "level"),
    [
        ({"keep_cash_minor": 8 * UNIT}, None),  # nothing above the floor
        ({"keep_cash_minor": 99 * UNIT}, None),
        ({"cash_minor": 0}, None),
        ({"cash_minor": UNIT - 1}, None),  # less than a unit is not a level of zero
        ({"per_loan_minor": UNIT - 1}, "0/1"),  # a unit larger than the cap
        ({"investor": "Alice"}, None),  # own loan; the level is Alice's, below
        ({"min_rate": "0.081"}, "0/1"),
        ({"grades": []}, "0/1"),
        ({"grades": ["A"], "terms": [24]}, "0/1"),  # criteria that contradict
        ({"attributes": {"region": ["north"]}}, "0/1"),  # the listing does not say where it is
        ({"attributes": {"grade": ["A"], "term_months": [12]}}, "0/1"),
        ({"attributes": {"grade": ["B"], "term_months": [12]}}, "1/2"),
        ({"limits": [{"attribute": "grade", "value": "B", "share": 0}]}, "0/1"),
        ({"limits": [{"attribute": "grade", "value": "B", "share": "0.25"}]}, "1/4"),
        ({"max_share_of_loan": "0.19"}, "1/8"),
        ({"held": {"Alice": 6 * UNIT}, "per_borrower_minor": 8 * UNIT}, "1/4"),
        ({"held": {"XQ-1": 7 * UNIT}}, "1/8"),
    ],
)
def test_what_places_little_or_nothing_is_no_error(bob: dict[str, Any], level: str | None) -> None:
    output = answer("match", market(bob=bob))
    assert output["levels"].get("Bob") == level
    if level in (None, "0/1"):
        assert all(fill["mandate"] != "M-1" for fill in output["fills"])
    if level is None and "investor" not in bob:
        assert output["less_than_one_unit"] == ["Bob"]


def test_several_mandates_share_cash_and_the_first_in_rank_takes_what_fits_both() -> None:
    """Rank, not order: the second in the list comes first."""
    second = BOB | {"id": "M-0", "rank": 1}
    first = BOB | {"id": "M-9", "rank": 0, "per_loan_minor": 3 * UNIT}
    output = answer("match", MARKET | {"mandates": [second, first]})
    assert output["fills"] == [{"mandate": "M-9", "listing": "XQ-1", "amount_minor": 3 * UNIT}]
    assert output["levels"] == {"Bob": "3/8"}


def test_a_mandate_that_keeps_more_cash_places_less() -> None:
    other = LISTING | {"id": "XQ-2", "grade": "A", "amount_minor": 20 * UNIT}
    mandates = [BOB | {"id": "careful", "grades": ["A"], "keep_cash_minor": 6 * UNIT}, BOB | {"id": "bold", "grades": ["B"], "per_loan_minor": 3 * UNIT}]
    output = answer("match", MARKET | {"listings": [LISTING, other], "mandates": mandates})
    assert {fill["mandate"]: fill["amount_minor"] // UNIT for fill in output["fills"]} == {"careful": 2, "bold": 3}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        (market(listing={"unit_minor": 0}), "listings[0].unit_minor"),
        (market(listing={"amount_minor": -1}), "listings[0].amount_minor"),
        (market(listing={"term_months": 0}), "listings[0].term_months"),
        (market(listing={"closes_at": "soon"}), "listings[0].closes_at"),
        (market(listing={"attributes": {"grade": "A"}}), "listings[0].attributes.grade"),
        (market(listing={"rating": 1}), "listings[0].rating"),
        (market(listings=[LISTING, LISTING]), "listings[1].id"),
        (market(listings=[LISTING, LISTING | {"id": "XQ-2", "unit_minor": 5000}]), "listings[1].unit_minor"),
        (market(bob={"cash_minor": -1}), "mandates[0].cash_minor"),
        (market(bob={"cash_minor": "8"}), "mandates[0].cash_minor"),
        (market(bob={"keep_cash_minor": -1}), "mandates[0].keep_cash_minor"),
        (market(bob={"max_share_of_loan": "1.01"}), "mandates[0].max_share_of_loan"),
        (market(bob={"limits": [{"attribute": "grade", "value": "B", "share": -1}]}), "mandates[0].limits[0].share"),
        (market(bob={"limits": [{"attribute": "grade", "share": 1}]}), "mandates[0].limits[0].value"),
        (market(bob={"held": {"XQ-1": -5}}), "mandates[0].held.XQ-1"),
        (market(bob={"grades": "B"}), "mandates[0].grades"),
        (market(mandates=[BOB, BOB]), "mandates[1].id"),
        (market(bob={"cash_minor": 10**29}), "mandates"),
        (market(policy="fastest finger"), "policy"),
        ({"listings": [], "mandates": []}, "seed"),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], field: str) -> None:
    assert answer("match", data)["error"]["field"] == field


def test_ten_thousand_mandates_of_one_investor_are_too_many() -> None:
    error = answer("match", MARKET | {"mandates": [BOB | {"id": number} for number in range(10_000)]})["error"]
    assert error == {"field": "mandates", "message": "one investor may have at most 100 mandates"}


@pytest.mark.parametrize("data", [MARKET | {"listings": []}, MARKET | {"mandates": []}, MARKET | {"listings": [], "mandates": []}])
def test_an_empty_market_places_nothing(data: dict[str, Any]) -> None:
    assert answer("match", data)["fills"] == []


def command(*arguments: str) -> tuple[int, Any]:
    out = io.StringIO()
    code = run_command(["match", *arguments], stdin=io.StringIO(), stdout=out, stderr=io.StringIO())
    return code, json.loads(out.getvalue())


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, Path]:
    (tmp_path / "market.json").write_text(json.dumps(MARKET))
    return str(tmp_path / "market.json"), tmp_path / "output.json"


def test_an_output_is_checked_from_the_command_line(files: tuple[str, Path]) -> None:
    source, kept = files
    for switches in ([], ["--certificates"]):
        _, output = command(source, *switches)
        kept.write_text(json.dumps(output))
        assert command(source, "--check", str(kept)) == (0, {"valid": True, "scope": "everybody", "failures": []})
        output["fills"][0]["amount_minor"] += UNIT
        kept.write_text(json.dumps(output))
        code, checked = command(source, f"--check={kept}")
        assert (code, checked["valid"]) == (2, False)


def test_certificates_alone_are_checked_too(files: tuple[str, Path]) -> None:
    source, kept = files
    certificates = command(source, "--certificates")[1]["certificates"]
    kept.write_text(json.dumps(certificates))
    assert command(source, "--check", str(kept))[1]["valid"]
    certificates["investors"]["Bob"]["level"] = "2/3"
    kept.write_text(json.dumps(certificates))
    code, checked = command(source, "--check", str(kept))
    assert code == 2
    assert {"row": 4, "investor": "Bob"}.items() <= checked["failures"][-1].items() or any(row["investor"] == "Bob" for row in checked["failures"])


@pytest.mark.parametrize("seed", range(8))
def test_limits_in_another_order_change_no_byte(seed: int) -> None:
    """Numbered as they came, they decided who was asked first for what the rounding left over."""
    sizes = enumerate([("E", 4), ("E", 2), ("A", 5), ("A", 4), ("D", 6), ("D", 3)])
    listings = [LISTING | {"id": f"L{k}", "borrower": f"B{k}", "unit_minor": 1, "grade": grade, "amount_minor": units} for k, (grade, units) in sizes]

    def printed_with(grades: str) -> str:
        limits = [{"attribute": "grade", "value": grade, "share": "0.3"} for grade in grades]
        wallets = enumerate([(9, 3), (13, 5), (11, 4)])
        mandates = [{"id": f"M{k}", "investor": f"I{k}", "cash_minor": cash, "per_loan_minor": most, "limits": limits} for k, (cash, most) in wallets]
        return printed(answer("match", {"listings": listings, "mandates": mandates, "seed": seed}, certificates=True))

    assert printed_with("EDA") == printed_with("ADE") == printed_with("DEA")


@pytest.mark.parametrize("level", ["1e999999999", "0.5", "1/0", "-1/2", "½", 1, None])
def test_a_level_that_is_no_fraction_of_whole_numbers_is_not_worked_out(files: tuple[str, Path], level: Any) -> None:
    source, kept = files
    certificates = command(source, "--certificates")[1]["certificates"]
    certificates["investors"]["Bob"]["level"] = level
    kept.write_text(json.dumps(certificates))
    code, checked = command(source, "--check", str(kept))
    assert (code, checked["valid"]) == (2, False)


def test_half_a_surrogate_pair_is_an_id_like_any_other() -> None:
    output = answer("match", market(listing={"id": "\ud800"}))
    assert {fill["listing"] for fill in output["fills"]} == {"\ud800"}


def test_a_file_that_cannot_be_read_is_an_error_at_check(files: tuple[str, Path]) -> None:
    source, kept = files
    assert command(source, "--check", str(kept))[1]["error"]["field"] == "check"
