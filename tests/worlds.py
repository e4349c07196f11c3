"""Worlds that many tests begin with, each built once: a loan two investors hold need not come about anew for every question about it.

`@world` in the place of `@pytest.fixture`. A world may ask for other worlds by name and for nothing else. It is built inside a transaction that
stays open; every test upon it runs inside a savepoint, is undone as ever, and is handed a copy of its own. Files outside the database are not undone:
where somebody's key is destroyed, or a file removed, every test builds alone. So does, by itself, a test that needs its rows committed.
"""

import copy
import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import Error, connection, transaction

COMMITTED = {"transactional_db", "live_server"}


@dataclass(frozen=True)
class World:
    """One fixture, and the names of the worlds it stands upon."""

    name: str
    build: Callable[..., Any]
    needs: tuple[str, ...]


def world(build: Callable[..., Any]) -> Any:
    """A fixture whose world is shared by the tests of a file."""
    needs = tuple(inspect.signature(build).parameters)
    made = World(build.__name__, build, needs)

    def fixture(**given: Any) -> Any:
        return GROUND.handed[made.name] if GROUND.has(made) else build(**{name: given[name] for name in needs})

    asked = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY) for name in ("db", *needs)]
    fixture.__signature__ = inspect.Signature(asked)  # type: ignore[attr-defined]
    fixture.__name__, fixture.__doc__, fixture.__module__ = build.__name__, build.__doc__, build.__module__
    fixture.world = made  # type: ignore[attr-defined]
    return pytest.fixture(fixture)


def under(item: pytest.Item) -> list[World]:
    """What has to stand before that test begins, lowest first."""
    info: Any = getattr(item, "_fixtureinfo", None)
    marker = item.get_closest_marker("django_db")
    if info is None or COMMITTED & set(info.names_closure) or (marker and marker.kwargs.get("transaction")):
        return []
    found = {name: getattr(known[-1].func, "world", None) for name, known in info.name2fixturedefs.items()}
    lowest_first: list[World] = []

    def add(one: World) -> None:
        for name in one.needs:
            below = found[name]
            assert below is not None, f"the world {one.name} asks for {name}, which is no world"
            add(below)
        if one not in lowest_first:
            lowest_first.append(one)

    for one in sorted(filter(None, found.values()), key=lambda one: one.build.__code__.co_firstlineno):
        add(one)
    return lowest_first


@dataclass
class Standing:
    """A world in its transaction or savepoint, and what all worlds up to it returned."""

    world: World
    atomic: transaction.Atomic
    values: dict[str, Any]


class Ground:
    """The worlds that stand now in this process, lowest first. `handed` is the running test's own copy of them."""

    def __init__(self) -> None:
        self._standing: list[Standing] = []
        self.handed: dict[str, Any] = {}

    @property
    def is_built_on(self) -> bool:
        return bool(self._standing)

    def has(self, asked: World) -> bool:
        return any(one.world is asked for one in self._standing)

    def stand(self, wanted: list[World]) -> None:
        """Undo what is not wanted, build what is missing."""
        while self._standing and not self._is_right(wanted):
            self._undo()
        for one in wanted[len(self._standing) :]:
            self._add(one)
        self.handed = self._copy()

    def _copy(self) -> dict[str, Any]:
        return copy.deepcopy(self._standing[-1].values) if self._standing else {}

    def _is_right(self, wanted: list[World]) -> bool:
        broken = connection.needs_rollback or connection.closed_in_transaction or not connection.in_atomic_block
        stand = [one.world for one in self._standing]
        return not broken and wanted[: len(stand)] == stand

    def _add(self, one: World) -> None:
        values, atomic = self._copy(), transaction.atomic()
        atomic._from_testcase = True  # type: ignore[attr-defined]  # as the transaction around each test: a durable block may be inside
        atomic.__enter__()
        self._standing.append(Standing(one, atomic, values))
        try:
            values[one.name] = one.build(**{name: values[name] for name in one.needs})
            connection.check_constraints()
        except BaseException:
            self._undo()
            raise

    def _undo(self) -> None:
        one = self._standing.pop()
        with suppress(Error):
            transaction.set_rollback(True)
            one.atomic.__exit__(None, None, None)


GROUND = Ground()
