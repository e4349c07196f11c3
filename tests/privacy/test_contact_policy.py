"""The contact decision: every case of the table, and what holds for all inputs."""

import json
import subprocess
import sys
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.engines import contact as engine
from config.recompute import recompute
from privacy.contact_policy import REASONS, UNTOLD, Attempts, Request, decide
from privacy.rulebook import operator, rules
from tests.counts import cases
from tests.privacy.contact_table import rows

ROOT = Path(__file__).resolve().parents[2]
BOOK = operator.in_force(sandbox=True)
TABLE = list(rows())
ALLOWED = [engine.read(row.asked, table=True) for row in TABLE if row.decision == "allow"]
ALL = [engine.read(row.asked, table=True) for row in TABLE]
CASES = cases(150, soak=2_000)
FORBIDDEN = ("collect_payment", "disclose_debt", "marketing", "scoring", "credit_scoring_of_contact")


def verdict(request, floor=BOOK.floor):
    return decide(request, BOOK.packs, floor)


def recomputed(asked, **flags):
    return recompute("contact", json.dumps(asked), **flags)[0]


counter = st.one_of(st.none(), st.integers(-1, 8))
attempts = st.builds(Attempts, **{name.name: counter for name in fields(Attempts)})


def _words(known):
    return st.one_of(st.none(), st.sampled_from(known), st.sampled_from(known), st.just("unheard_of"))


anything = st.fixed_dictionaries(
    {},
    optional={
        "jurisdictions": st.lists(st.sampled_from([*BOOK.packs, "BR"]), max_size=3).map(tuple),
        "role": _words(rules.ROLES),
        "relationship": _words(("self", "friend", "parent")),
        "purpose": _words((*rules.PURPOSES, "scoring")),
        "channel": _words(rules.CHANNELS),
        "actor": _words(rules.ACTORS),
        "borrower_consent": _words(rules.CONSENTS),
        "contact_state": _words(rules.STATES),
        "local_time": st.one_of(st.none(), st.integers(0, 1439).map(lambda at: f"{at // 60:02}:{at % 60:02}"), st.sampled_from(["24:00", "9:00", "noon"])),
        "dpd": st.one_of(st.none(), st.integers(-3, 40)),
        **{name: st.one_of(st.none(), st.booleans()) for name in engine.SWITCHES},
        "reveals": st.one_of(st.none(), st.sampled_from([(), ("debt",), ("name",)])),
        "flags": st.one_of(st.none(), st.lists(st.sampled_from([*rules.FLAGS, "vip"]), max_size=2).map(tuple)),
        "attempts": attempts,
    },
)
# A case of the table, somewhat changed: near enough to the border for a wrong step to show.
requests = st.builds(lambda request, changes: replace(request, **changes), st.sampled_from(ALL), anything)


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row.what)
def test_each_case_of_the_table(row):
    answer = recomputed(row.asked, table=True)
    assert (answer["decision"], answer["reason"]) == (row.decision, row.reason), answer
    assert not row.basis or answer["basis"] == row.basis, answer
    assert row.decision == "allow" or answer["citation"]


@pytest.mark.parametrize("row", [row for row in TABLE if row.decision == "allow" and row.reason != "A_RIGHTS_REPLY"], ids=lambda row: row.what)
def test_what_a_row_does_not_list_is_the_tables_default_and_what_it_nulls_is_unknown(row):
    usual = {"channel": "voice", "actor": "servicing_agent"}
    short = {name: value for name, value in row.asked.items() if usual.get(name) != value}
    assert recomputed(short, table=True)["reason"] == row.reason
    for name in (*usual, "attempts", "relationship"):
        assert recomputed(row.asked | {name: None}, table=True)["decision"] == "deny", name
    assert recomputed(row.asked | {"relationship": ""}, table=True)["reason"] == "D_SOURCE_FORBIDDEN"
    assert recomputed(row.asked | {"local_time": "1०:30"}, table=True)["reason"] == "D_LOCAL_TIME_UNKNOWN"


def test_invariant_29_every_reason_is_exercised_and_every_no_says_on_what_ground():
    answers = [recomputed(row.asked, table=True) for row in TABLE]
    assert {answer["reason"] for answer in answers} == set(REASONS)
    for answer in answers:
        own = answer["basis"] == "product_floor"
        assert answer["citation"].startswith("house rule") if own else answer["citation"], answer


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(requests)
def test_invariant_4_the_decision_is_total_and_deterministic(request):
    first = verdict(request)
    assert first == verdict(request)
    assert first.reason in REASONS
    assert first.allowed == (first.reason[0] == "A")
    assert first.allowed or first.ground.citation()
    assert first.reason not in first.secondary


def _without(request):
    """The request with each input taken away, one at a time; a conversation that never was is not an absence."""
    for name in (field.name for field in fields(Request) if field.name not in ("attempts", "jurisdictions")):
        yield name, replace(request, **{name: None})
    yield "jurisdictions", replace(request, jurisdictions=())
    for name in (field.name for field in fields(Attempts)):
        absent = UNTOLD if name == "days_since_conversation" else None
        yield name, replace(request, attempts=replace(request.attempts, **{name: absent}))


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(requests)
def test_invariant_4_taking_an_input_away_never_allows(request):
    if not verdict(request).allowed:
        assert not [name for name, less in _without(request) if verdict(less).allowed]


@pytest.mark.parametrize("request_", [request for request in ALLOWED if request.purpose not in ("rights_reply", "breach_notice")], ids=lambda r: str(r.purpose))
def test_whatever_is_missing_is_a_no(request_):
    assert not [name for name, less in _without(request_) if verdict(less).allowed]


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(requests, st.sampled_from([*BOOK.packs, "BR"]))
def test_invariant_4_another_jurisdiction_never_allows(request, another):
    if not verdict(request).allowed:
        assert not verdict(replace(request, jurisdictions=(*request.jurisdictions, another))).allowed or not request.jurisdictions


def _tightened(draw):
    def earlier(window):
        start, end = window
        shorter = draw(st.integers(0, end - start - 1))
        return (start + draw(st.integers(0, shorter)), end - shorter) if shorter else window

    floor = BOOK.floor
    less = {name: draw(st.integers(0, cap)) for name, cap in (("connected_per_day", 1), ("attempts_per_day", 3), ("attempts_per_7d", 7))}
    return replace(
        floor,
        hours={role: earlier(window) for role, window in floor.hours.items()},
        borrower_voice=replace(floor.borrower_voice, **less, cooldown_days=draw(st.one_of(st.none(), st.integers(0, 9)))),
        borrower_message=rules.MessageCaps(draw(st.integers(0, 1)), draw(st.integers(0, 3))),
        contact_any=rules.ContactCaps(draw(st.integers(0, 2)), draw(st.integers(0, 1))),
        locate_min_days_past_due=draw(st.integers(15, 40)),
        holiday_blocks=floor.holiday_blocks | draw(st.frozensets(st.sampled_from(rules.ROLES))),
        forbidden_towards_contact=floor.forbidden_towards_contact | draw(st.frozensets(st.sampled_from(rules.PURPOSES[1:5]))),
    )


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(requests, st.data())
def test_invariant_5_a_tighter_floor_never_allows(request, data):
    if not verdict(request).allowed:
        assert not verdict(request, _tightened(data.draw)).allowed


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(requests, st.sampled_from(FORBIDDEN))
@example(ALLOWED[0], "collect_payment")
def test_invariant_6_nobody_collects_from_tells_sells_to_or_scores_a_contact(request, purpose):
    for role in rules.THIRD_PARTIES:
        assert not verdict(replace(request, role=role, purpose=purpose)).allowed


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(requests, st.sampled_from(["opted_out", "erased", "do_not_contact"]))
def test_invariant_7_after_a_no_only_what_is_owed_to_the_person(request, state):
    found = verdict(replace(request, contact_state=state))
    assert not found.allowed or found.reason == "A_RIGHTS_REPLY"


@pytest.mark.soak
@settings(max_examples=CASES, deadline=None)
@given(requests, st.integers(0, 1439))
def test_invariant_9_no_contact_in_the_night(request, minute):
    """Between 21:00 and 08:00 nobody is contacted under any law, and no contact between 19:00 and 09:00."""
    found = verdict(replace(request, local_time=f"{minute // 60:02}:{minute % 60:02}"))
    if found.allowed and found.reason != "A_RIGHTS_REPLY":
        assert 8 * 60 <= minute < 21 * 60
        assert request.role != "contact" or 9 * 60 <= minute < 19 * 60


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        ("actor", "D_ACTOR_FORBIDDEN"),
        ("jurisdictions", "D_UNKNOWN_PACK"),
        ("minor", "D_MINOR"),
        ("role", "D_PURPOSE_FORBIDDEN"),
        ("purpose", "D_PURPOSE_FORBIDDEN"),
        ("reveals", "D_REVEALS_DEBT"),
        ("relationship", "D_SOURCE_FORBIDDEN"),
        ("contact_state", "D_DO_NOT_CONTACT"),
        ("guarantee_signed", "D_NOT_A_GUARANTOR"),
        ("flags", "D_ATTORNEY"),
        ("borrower_consent", "D_NO_BORROWER_CONSENT"),
        ("dpd", "D_TOO_EARLY"),
        ("necessity_recorded", "D_NECESSITY_MISSING"),
        ("borrower_unreachable", "D_BORROWER_REACHABLE"),
        ("local_time", "D_LOCAL_TIME_UNKNOWN"),
        ("holiday", "D_HOLIDAY"),
        ("channel", "D_FREQUENCY_CAP"),
        ("attempts", "D_FREQUENCY_CAP"),
        ("attempts.messages_7d", "D_FREQUENCY_CAP"),
        ("attempts.days_since_conversation", "D_COOLDOWN"),
    ],
)
@pytest.mark.parametrize("null", [True, False])
def test_an_absent_input_fails_its_own_step_on_the_house_ground(field, reason, null):
    asked = whole_request()
    holder, _, name = field.rpartition(".")
    place = asked[holder] if holder else asked
    if null and name != "days_since_conversation":
        place[name] = None
    else:
        del place[name]
    answer = recomputed(asked)
    assert (answer["reason"], answer["basis"], answer["citation"]) == (reason, "product_floor", "house rule")


def whole_request():
    """An allowed request with every input said: what the engine needs without --table."""
    row = next(row for row in TABLE if row.reason == "A_LOCATE_OPTED_IN")
    counters = dict.fromkeys(engine.COUNTERS, 0) | {"days_since_conversation": None}
    return row.asked | {"minor": False, "holiday": False, "guarantee_signed": False, "reveals": [], "flags": [], "attempts": counters}


def test_with_every_input_said_no_table_is_needed():
    assert recomputed(whole_request())["decision"] == "allow"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"favor": True}, "favor"),
        ({"role": 7}, "role"),
        ({"jurisdictions": "CN"}, "jurisdictions"),
        ({"jurisdictions": ["CN", 7]}, "jurisdictions[1]"),
        ({"minor": 0}, "minor"),
        ({"dpd": "20"}, "dpd"),
        ({"dpd": True}, "dpd"),
        ({"reveals": "debt"}, "reveals"),
        ({"flags": [None]}, "flags[0]"),
        ({"attempts": []}, "attempts"),
        ({"attempts": {"attempts_7d": 1.5}}, "attempts.attempts_7d"),
        ({"attempts": {"tries": 1}}, "attempts.tries"),
    ],
)
def test_only_unknown_names_and_wrong_types_are_errors(change, field):
    assert recomputed(whole_request() | change)["error"]["field"] == field


def test_unsigned_packs_do_not_count_outside_the_sandbox(tmp_path):
    """Nor does one signature, nor the same person's twice; two people's do."""
    asked = whole_request()
    assert run_outside(tmp_path, asked, {})["reason"] == "D_UNKNOWN_PACK"
    once = [{"name": "Counsel Wei", "on": "2026-11-20"}]
    assert run_outside(tmp_path, asked, {"sign_offs": {"CN@2026-11": once * 2}})["reason"] == "D_UNKNOWN_PACK"
    twice = [*once, {"name": "Counsel Lin", "on": "2026-11-21"}]
    assert run_outside(tmp_path, asked, {"sign_offs": {"CN@2026-11": twice}})["reason"] == "A_LOCATE_OPTED_IN"
    assert run_outside(tmp_path, asked, {}, "--table")["reason"] == "A_LOCATE_OPTED_IN"


def run_outside(folder, asked, own, *flags):
    (folder / "asked.json").write_text(json.dumps(asked))
    (folder / "own.json").write_text(json.dumps(own))
    environment = {"PATH": "/usr/bin:/bin", "SANDBOX": "0", "CONTACT_RULES": str(folder / "own.json"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, ROOT / "manage.py", "recompute", "contact", folder / "asked.json", *flags]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_a_decision_uses_the_edition_of_its_day():
    assert "EU" not in operator.in_force(sandbox=True, on=date(2026, 11, 19)).packs
    assert operator.in_force(sandbox=True, on=date(2026, 11, 20)).packs["EU"].edition == "EU@2026-11"
