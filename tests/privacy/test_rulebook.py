"""Rule packs as data: complete or refused, tightened or refused."""

import copy
import json

import pytest

from privacy.contact_policy import decide
from privacy.rulebook import operator, reading
from privacy.rulebook.operator import UnableToLoosen
from privacy.rulebook.reading import FILES, BrokenPack
from tests.privacy.contact_table import rows

CODES = ["CN", "EU", "ID", "IN", "KE", "PH", "UK", "US"]


def raw(name):
    return json.loads((FILES / f"{name}.json").read_text())


def paths(data, prefix=()):
    """Every place in a file, as the keys that lead to it."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield (*prefix, key)
        yield from paths(value, (*prefix, key))


def without(data, path):
    holed = copy.deepcopy(data)
    place = holed
    for key in path[:-1]:
        place = place[key]
    del place[path[-1]]
    return holed


def test_eight_packs_and_a_floor_are_shipped():
    packs, floors = reading.editions()
    assert sorted(pack.id for pack in packs) == CODES
    assert [floor.id for floor in floors] == ["FLOOR"]
    assert all(len(pack.sources) and not pack.sign_offs for pack in packs)


@pytest.mark.parametrize("code", CODES)
def test_a_pack_with_a_hole_is_refused(code):
    name = f"{code}@2026-11"
    whole = raw(name)
    assert reading.pack(whole, name).edition == name
    holes = [path for path in paths(whole) if not isinstance(path[-1], int)]
    assert len(holes) > 60
    for path in holes:
        with pytest.raises(BrokenPack):
            reading.pack(without(whole, path), name)


def test_a_floor_with_a_hole_is_refused():
    whole = raw("FLOOR@2026-11")
    optional = {("actors_never_allowed", "investor"), ("actors_never_allowed", "external_agency")}
    for path in paths(whole):
        if not isinstance(path[-1], int) and path not in optional:
            with pytest.raises(BrokenPack):
                reading.floor(without(whole, path), "FLOOR@2026-11")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("hours", "borrower"), ["22:00", "08:00"]),
        (("hours", "borrower"), ["8:00", "22:00"]),
        (("hours", "basis"), "custom"),
        (("purposes", "marketing", "allowed"), "no"),
        (("purposes", "marketing", "cite"), {"en": "", "zh": ""}),
        (("purposes", "relay_message", "note"), "a word nobody asked for"),
        (("frequency", "borrower_voice", "attempts_per_day"), -1),
        (("frequency", "borrower_voice", "attempts_per_day"), True),
        (("effective_from",), "soon"),
        (("id",), "XX"),
        (("name", "zh"), " "),
    ],
)
def test_what_a_pack_may_not_say(path, value):
    broken = raw("CN@2026-11")
    place = broken
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(BrokenPack):
        reading.pack(broken, "CN@2026-11")


LOOSER = [
    {"hours": {"contact": ["08:00", "19:00"]}},
    {"hours": {"borrower": ["08:00", "21:01"]}},
    {"hours_when_law_silent": {"borrower": ["08:00", "21:00"]}},
    {"borrower_voice": {"attempts_per_day": 4}},
    {"borrower_message": {"per_7d": 4}},
    {"contact_any": {"conversations_per_episode": 2}},
    {"locate_min_days_past_due": 14},
    {"minor_age": 17},
    {"holiday_blocks": []},
    {"forbidden_towards_contact": ["marketing"]},
    {"actors_never_allowed": {"external_agency": ["unlisted"]}},
]


@pytest.mark.parametrize("change", LOOSER)
def test_an_operator_cannot_loosen_the_floor(change, tmp_path):
    with pytest.raises(UnableToLoosen):
        operator.in_force(sandbox=True, own={"floor": change})
    (tmp_path / "own.json").write_text(json.dumps({"floor": change}))
    with pytest.raises(UnableToLoosen):
        operator.from_file(str(tmp_path / "own.json"))


@pytest.mark.parametrize(
    "own",
    [
        {"packs": {"CN": {"purposes": {"relay_message": {"allowed": True}}}}},
        {"floor": {"version": "2030-01"}},
        {"floor": {"address_book": "yes"}},
        {"floor": {"hours": {"contact": "all day"}}},
        {"floor": []},
        {"bans": {"CN": ["everything"]}},
        {"sign_offs": {"CN@2026-11": [{"name": "Counsel Wei"}]}},
        [],
    ],
)
def test_an_operator_may_say_nothing_else(own):
    with pytest.raises(BrokenPack):
        operator.in_force(sandbox=True, own=own)


def test_an_operator_may_tighten():
    own = {
        "floor": {"hours": {"contact": ["10:00", "18:00"]}, "borrower_voice": {"cooldown_days": 2}, "holiday_blocks": ["contact", "borrower"]},
        "bans": {"CN": ["relay_message"]},
    }
    book = operator.in_force(sandbox=True, own=own)
    assert book.floor.hours == {"borrower": (480, 1260), "contact": (600, 1080)}
    assert answers(book, "the last minute of a contact's day") == ("D_QUIET_HOURS", "product_floor")
    assert answers(book, "asking to pass a message on") == ("D_JURISDICTION_BAN", "product_floor")
    assert answers(book, "a holiday does not stop a reminder here") == ("D_HOLIDAY", "product_floor")
    assert answers(book, "passing a neutral message") == ("A_RELAY_OPTED_IN", "strict_reading")


def answers(book, what):
    from config.engines import contact

    row = next(row for row in rows() if row.what == what)
    found = decide(contact.read(row.asked, table=True), book.packs, book.floor)
    return found.reason, found.ground.basis


def test_a_file_that_cannot_be_read_is_refused(tmp_path):
    for content in (None, "{", "[]"):
        path = tmp_path / "own.json"
        if content is not None:
            path.write_text(content)
        with pytest.raises(BrokenPack):
            operator.from_file(str(path))
    assert operator.from_file("") == {}
