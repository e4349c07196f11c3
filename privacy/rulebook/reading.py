"""Reading rule packs strictly: a file with a hole, an unknown word or a rule without its citation is refused whole."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from privacy.rulebook.rules import (
    ACTORS,
    BASES,
    PACK_PURPOSES,
    ROLES,
    ContactCaps,
    Floor,
    Ground,
    Hours,
    Lifetime,
    MessageCaps,
    Pack,
    PurposeRule,
    SignOff,
    VoiceCaps,
    Window,
    Words,
)

FILES = Path(__file__).parent
GROUNDS = ("contact_opt_in", "borrower_consent", "source", "do_not_contact", "unreachable", "guarantee", "rights")
BLOCKS = ("attorney", "cease", "complaint", "holiday")
CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)|24:00", re.ASCII)
DAY_MINUTES = 24 * 60
Reader = Callable[[Any, str], Any]


class BrokenPack(Exception):
    """The file does not say everything it must, or says something it must not. Nothing of it is used."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where = where
        self.what = what


@cache
def editions() -> tuple[tuple[Pack, ...], tuple[Floor, ...]]:
    """Every shipped edition, oldest first. Raises BrokenPack."""
    raw = [(path, json.loads(path.read_text(encoding="utf-8"))) for path in sorted(FILES.glob("*@*.json"))]
    packs = [pack(data, path.stem) for path, data in raw if not path.stem.startswith("FLOOR@")]
    floors = [floor(data, path.stem) for path, data in raw if path.stem.startswith("FLOOR@")]
    return tuple(sorted(packs, key=_age)), tuple(sorted(floors, key=_age))


def _age(edition: Pack | Floor) -> date:
    return edition.effective_from


def pack(data: Any, where: str) -> Pack:
    """One pack from its JSON. Raises BrokenPack."""
    read = record(
        data,
        where,
        id=text,
        version=text,
        effective_from=day,
        name=words,
        summary=words,
        sign_offs=listed(sign_off),
        purposes=exactly(PACK_PURPOSES, _purpose),
        grounds=exactly(GROUNDS, ground),
        hours=_hours,
        frequency=_frequency,
        blocks=exactly(BLOCKS, optional(ground)),
        sources=listed(exactly(("name", "seen", "note"), plain)),
    )
    voice, lifetime = read.pop("frequency")
    found = Pack(**read, borrower_voice=voice, contact_lifetime=lifetime)
    if found.edition != where:
        raise BrokenPack(where, f"says it is {found.edition}")
    return found


def floor(data: Any, where: str) -> Floor:
    """The product floor from its JSON. Raises BrokenPack."""
    read = record(
        data,
        where,
        id=text,
        version=text,
        effective_from=day,
        actors_never_allowed=_never_allowed,
        hours=exactly(("borrower", "contact"), window),
        hours_when_law_silent=exactly(("borrower", "contact"), window),
        borrower_voice=lambda value, at: VoiceCaps(**record(value, at, connected_per_day=count, attempts_per_day=count, attempts_per_7d=count)),
        borrower_message=lambda value, at: MessageCaps(**record(value, at, per_day=count, per_7d=count)),
        contact_any=lambda value, at: ContactCaps(**record(value, at, attempts_per_7d=count, conversations_per_episode=count)),
        locate_min_days_past_due=count,
        holiday_blocks=_roles,
        minor_age=count,
        forbidden_towards_contact=lambda value, at: frozenset(listed(text)(value, at)),
    )
    return Floor(**read)


def record(data: Any, where: str, **shape: Reader) -> dict[str, Any]:
    """An object with exactly these fields."""
    if not isinstance(data, dict):
        raise BrokenPack(where, "must be an object")
    for field in shape:
        if field not in data:
            raise BrokenPack(f"{where}.{field}", "is missing")
    for field in data:
        if field not in shape:
            raise BrokenPack(f"{where}.{field}", "is not a field of a pack")
    return {field: read(data[field], f"{where}.{field}") for field, read in shape.items()}


def exactly(names: tuple[str, ...], read: Reader) -> Reader:
    return lambda value, where: record(value, where, **dict.fromkeys(names, read))


def optional(read: Reader) -> Reader:
    return lambda value, where: None if value is None else read(value, where)


def listed(read: Reader) -> Callable[[Any, str], tuple[Any, ...]]:
    def read_all(value: Any, where: str) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise BrokenPack(where, "must be a list")
        return tuple(read(item, f"{where}[{index}]") for index, item in enumerate(value))

    return read_all


def plain(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise BrokenPack(where, "must be a text")
    return value


def text(value: Any, where: str) -> str:
    if not plain(value, where).strip():
        raise BrokenPack(where, "is empty")
    return str(value)


def count(value: Any, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BrokenPack(where, "must be a whole number, not negative")
    return value


def day(value: Any, where: str) -> date:
    try:
        return date.fromisoformat(text(value, where))
    except ValueError:
        raise BrokenPack(where, "must be a date such as 2026-11-23") from None


def minutes(clock: str) -> int | None:
    """Minutes since midnight of "HH:MM"; None for anything else."""
    if not CLOCK.fullmatch(clock):
        return None
    return int(clock[:2]) * 60 + int(clock[3:])


def window(value: Any, where: str) -> Window:
    times = [minutes(text(item, where)) for item in value] if isinstance(value, list) else []
    if len(times) != 2 or times[0] is None or times[1] is None or times[0] >= times[1]:
        raise BrokenPack(where, 'must be a window such as ["08:00", "21:00"]')
    return times[0], times[1]


def words(value: Any, where: str) -> Words:
    return Words(**record(value, where, en=text, zh=text))


def ground(value: Any, where: str) -> Ground:
    return _ground(record(value, where, basis=text, cite=exactly(("en", "zh"), plain)), where)


def _ground(read: Mapping[str, Any], where: str) -> Ground:
    if read["basis"] not in BASES:
        raise BrokenPack(f"{where}.basis", f"must be one of {', '.join(BASES)}")
    if read["basis"] != "product_floor" and not all(read["cite"].values()):
        raise BrokenPack(f"{where}.cite", "is empty: only the house's own rules go without a citation")
    return Ground(read["basis"], Words(**read["cite"]))


_GROUND = {"basis": text, "cite": exactly(("en", "zh"), plain)}


def _purpose(value: Any, where: str) -> PurposeRule:
    read = record(value, where, allowed=truth, **_GROUND)
    return PurposeRule(read["allowed"], _ground(read, where))


def truth(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        raise BrokenPack(where, "must be true or false")
    return value


def sign_off(value: Any, where: str) -> SignOff:
    return SignOff(**record(value, where, name=text, on=day))


def _hours(value: Any, where: str) -> Hours:
    read = record(value, where, borrower=optional(window), contact=optional(window), lifted_when_dpd_over=optional(count), **_GROUND)
    return Hours(read["borrower"], read["contact"], read["lifted_when_dpd_over"], _ground(read, where))


_VOICE = dict.fromkeys(("connected_per_day", "attempts_per_day", "attempts_per_7d", "cooldown_days"), optional(count))


def _frequency(value: Any, where: str) -> tuple[VoiceCaps, Lifetime]:
    read = record(value, where, borrower_voice=_voice, contact_lifetime=_lifetime)
    return read["borrower_voice"], read["contact_lifetime"]


def _voice(value: Any, where: str) -> VoiceCaps:
    read = record(value, where, **_VOICE, **_GROUND)
    caps = {name: read[name] for name in _VOICE}
    return VoiceCaps(**caps, ground=_ground(read, where))


def _lifetime(value: Any, where: str) -> Lifetime:
    read = record(value, where, conversations=optional(count), **_GROUND)
    return Lifetime(read["conversations"], _ground(read, where))


def _roles(value: Any, where: str) -> frozenset[str]:
    found = frozenset(listed(text)(value, where))
    if not found <= set(ROLES):
        raise BrokenPack(where, f"must be among {', '.join(ROLES)}")
    return found


def _never_allowed(value: Any, where: str) -> dict[str, frozenset[str]]:
    if not isinstance(value, dict) or not value.keys() <= set(ACTORS):
        raise BrokenPack(where, f"must be by {', '.join(ACTORS)}")
    return {actor: _roles(roles, f"{where}.{actor}") for actor, roles in value.items()}
