"""Which edition is in force, whose sign-off counts, and how an operator tightens the floor: by intersection and the smaller number, never the other way.

The operator's file (CONTACT_RULES names it) looks like
{"sign_offs": {"CN@2026-11": [{"name": …, "on": …}, …]}, "floor": {"hours": {"contact": ["10:00", "18:00"]}, …}, "bans": {"CN": ["relay_message"]}}.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from privacy.rulebook import reading
from privacy.rulebook.reading import BrokenPack
from privacy.rulebook.rules import HOUSE, PACK_PURPOSES, Floor, Pack, PurposeRule, Rulebook, SignOff

SIGN_OFFS_NEEDED = 2
FIXED = ("id", "version", "effective_from")
ONLY_UPWARDS = ("locate_min_days_past_due", "minor_age")


class UnableToLoosen(BrokenPack):
    """The operator's file asks for less protection than the house gives."""


def in_force(*, on: date | None = None, sandbox: bool = False, own: Mapping[str, Any] | None = None) -> Rulebook:
    """The packs that count on that day (None: the newest editions) and the floor, as this operator has tightened it. Raises BrokenPack."""
    packs, floors = reading.editions()
    asked = _own({} if own is None else own)
    newest = {pack.id: pack for pack in packs if on is None or pack.effective_from <= on}
    counted = {code: _banned(pack, asked["bans"].get(code, ())) for code, pack in newest.items() if sandbox or _signed(pack, asked["sign_offs"])}
    floor = next(each for each in reversed(floors) if on is None or each.effective_from <= on)
    return Rulebook(counted, tighten(floor, asked["floor"]))


def of_editions(names: Collection[str], *, floor: str, own: Mapping[str, Any]) -> Rulebook:
    """Exactly these editions, whatever came later: what a kept decision was made by. Raises BrokenPack."""
    packs, floors = reading.editions()
    asked = _own(own)
    chosen = {pack.id: _banned(pack, asked["bans"].get(pack.id, ())) for pack in packs if pack.edition in names}
    base = next((each for each in floors if each.edition == floor), None)
    if base is None or len(chosen) != len(names):
        raise BrokenPack("editions", "an edition that was used is not shipped any more")
    return Rulebook(chosen, tighten(base, asked["floor"]))


def from_file(path: str) -> dict[str, Any]:
    """The operator's file; no path means nothing of their own. Raises BrokenPack."""
    if not path:
        return {}
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BrokenPack("operator", f"the file CONTACT_RULES names cannot be read: {type(error).__name__}") from None
    _own(found)
    tighten(reading.editions()[1][-1], found.get("floor", {}))
    return dict(found)


def _own(data: Any) -> dict[str, Any]:
    if not isinstance(data, Mapping) or not data.keys() <= {"sign_offs", "floor", "bans"}:
        raise BrokenPack("operator", 'may say "sign_offs", "floor" and "bans", nothing else')
    sign_offs = {edition: reading.listed(reading.sign_off)(rows, f"operator.sign_offs.{edition}") for edition, rows in data.get("sign_offs", {}).items()}
    return {"sign_offs": sign_offs, "floor": data.get("floor", {}), "bans": {code: _purposes(codes, code) for code, codes in data.get("bans", {}).items()}}


def _purposes(value: Any, code: str) -> tuple[str, ...]:
    found = reading.listed(reading.text)(value, f"operator.bans.{code}")
    if not set(found) <= set(PACK_PURPOSES):
        raise BrokenPack(f"operator.bans.{code}", f"must be among {', '.join(PACK_PURPOSES)}")
    return found


def _signed(pack: Pack, added: Mapping[str, tuple[SignOff, ...]]) -> bool:
    """Two people, each in their own name."""
    rows = (*pack.sign_offs, *added.get(pack.edition, ()))
    return len({row.name.strip().casefold() for row in rows}) >= SIGN_OFFS_NEEDED


def _banned(pack: Pack, codes: tuple[str, ...]) -> Pack:
    newly = {code: PurposeRule(False, HOUSE) for code in codes if pack.purposes[code].allowed}
    return replace(pack, purposes={**pack.purposes, **newly}) if newly else pack


def tighten(floor: Floor, changes: Any, where: str = "operator.floor") -> Floor:
    """The floor with the operator's changes, each at least as strict as before. Raises UnableToLoosen, BrokenPack."""
    if not isinstance(changes, Mapping):
        raise BrokenPack(where, "must be an object")
    known = {field.name for field in fields(floor)} - set(FIXED)
    for name in changes:
        if name not in known:
            raise BrokenPack(f"{where}.{name}", "is not a rule of the floor")
    return replace(floor, **{name: _tighter(getattr(floor, name), asked, f"{where}.{name}", name) for name, asked in changes.items()})


def _tighter(rule: Any, asked: Any, where: str, name: str) -> Any:
    if isinstance(rule, Mapping):
        return {**rule, **_each(rule, asked, where)}
    if is_dataclass(rule):
        return replace(rule, **_each({field.name: getattr(rule, field.name) for field in fields(rule) if field.name != "ground"}, asked, where))  # type: ignore[type-var]
    if isinstance(rule, tuple):
        return _at_least(rule, reading.window(asked, where), lambda mine, theirs: mine[0] >= theirs[0] and mine[1] <= theirs[1], where)
    if isinstance(rule, frozenset):
        return _at_least(rule, frozenset(reading.listed(reading.text)(asked, where)), lambda mine, theirs: mine >= theirs, where)
    upwards = name in ONLY_UPWARDS
    return _at_least(rule, reading.count(asked, where), lambda mine, theirs: theirs is None or (mine >= theirs if upwards else mine <= theirs), where)


def _each(rules: Mapping[str, Any], asked: Any, where: str) -> dict[str, Any]:
    if not isinstance(asked, Mapping):
        raise BrokenPack(where, "must be an object")
    for name in asked:
        if name not in rules:
            raise BrokenPack(f"{where}.{name}", "is not a rule of the floor")
    return {name: _tighter(rules[name], value, f"{where}.{name}", name) for name, value in asked.items()}


def _at_least(rule: Any, asked: Any, strict_enough: Callable[[Any, Any], bool], where: str) -> Any:
    if not strict_enough(asked, rule):
        raise UnableToLoosen(where, "may be made stricter, not looser")
    return asked
