"""Every address × everybody × looking and changing, against the table in tests/config/matrix/table.py.

Each knock happens in a savepoint of its own, so that the next one finds the same world.
"""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib import admin
from django.db import transaction
from django.template.backends.django import Template
from django.test import override_settings
from django.urls import reverse

from tests.config.matrix import table
from tests.config.matrix.knocking import NOTHING, address, changing, send
from tests.config.matrix.people import EVERYBODY, STAFF, Thing, World
from tests.config.matrix.reading import Row, body_of, entries, expected, may_at_desk, outcome, rows

pytestmark = pytest.mark.django_db
PAGES, API, DESK = rows(table.PAGES + table.SIGN_IN), rows(table.API), rows(table.DESK)
MODELS = {label: letters for label, *letters in (line.split() for line in table.MODELS.strip().splitlines())}
AT_DESK = ("anonymous", "alice", *STAFF)  # the admin itself knows no other differences
STANDARD = ("changelist", "add", "history", "delete", "change")


def test_every_address_is_in_the_table() -> None:
    """A page without a line here is a page nobody decided about."""
    listed = {row.name for row in [*PAGES, *API, *DESK]}
    for label in MODELS:
        app, model = label.split(".")
        listed |= {f"admin:{app}_{model}_{what}" for what in STANDARD} | {f"admin/{app}/{model}/<path:object_id>/"}
    found = {name for name, _route in entries()} - {"admin/(?P<url>.*)$"}
    assert found - listed == set(), "add a line to tests/config/matrix/table.py"
    assert listed - found == set(), "lines for addresses that are gone"
    assert set(MODELS) == {model._meta.label_lower for model in admin.site._registry}


def test_the_table_can_be_wrong() -> None:
    """A reader that lets everything pass would be worth nothing."""
    assert expected("alice/borrow", "grace") == {"none"}
    assert expected("alice/borrow", "bob") == {"start"}
    assert expected("alice", "anonymous") == {"login"}
    assert "in" not in expected("-", "alice")
    assert may_at_desk("r", "fay") == {"no", "none", "method"}
    assert "in" not in may_at_desk("rasu", "alice")


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all doors, taken back at the end."""
    configured.SANDBOX_BANK_ALIAS = "default"
    with django_db_blocker.unblock(), override_settings(MEDIA_ROOT=tmp_path_factory.mktemp("media")), transaction.atomic():
        yield World()
        transaction.set_rollback(True)


@pytest.fixture
def door(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    """Who gets in is decided before the page is drawn, so pages are drawn only where they are compared. Nobody is told to wait."""
    real, made = Template.render, Door(world)

    def render(self: Template, context: Any = None, request: Any = None) -> str:
        return real(self, context, request) if made.drawing else ""

    monkeypatch.setattr(Template, "render", render)
    settings.API_PACES = dict.fromkeys(settings.API_PACES, (10**9, 10**6))
    settings.ACCOUNT_RATE_LIMITS = False
    logging.disable(logging.CRITICAL)
    yield made
    logging.disable(logging.NOTSET)


class Door:
    """Knocks in everybody's name and remembers what went otherwise than the table says."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.wrong: list[str] = []
        self.cells = 0
        self.drawing = False

    def knock(self, who: str, method: str, where: str, data: dict[str, Any]) -> Any:
        client = self.world.browsers[who]
        cookies = copy.deepcopy(client.cookies)
        mark = transaction.savepoint()
        try:
            return send(client, method, where, data)
        finally:
            transaction.savepoint_rollback(mark)
            client.cookies = cookies

    def try_all(self, row: Row, allowed: Callable[[str, str], set[str]]) -> None:
        thing = self.world.things[row.thing] if row.thing != "-" else NOTHING
        for method, policy in (("GET", row.get), (changing(row, thing), row.change)):
            strangers = []
            for who in EVERYBODY:
                self.cells += 1
                answer = self.knock(who, method, address(row, thing.args), thing.data)
                self._judge(row, method, who, policy, allowed(policy, who), outcome(answer))
                strangers += [who] if outcome(answer) == "none" else []
            if strangers and thing is not NOTHING:
                self._compare(row, method, strangers[0], thing)

    def _judge(self, row: Row, method: str, who: str, policy: str, allowed: set[str], found: str) -> None:
        if found not in allowed:
            self.wrong.append(f"{method} {row.name} {row.thing} as {who}: {found}, the table says {policy}")

    def _compare(self, row: Row, method: str, who: str, thing: Thing) -> None:
        """Somebody else's thing answers like one that does not exist."""
        self.drawing = True
        pairs = ((thing.args, thing.data), (thing.missing, thing.missing_data))
        hidden, missing = (body_of(self.knock(who, method, address(row, args), data)) for args, data in pairs)
        self.drawing = False
        if hidden != missing:
            self.wrong.append(f"{method} {row.name} as {who}: what is somebody else's differs from what does not exist")


@pytest.mark.parametrize(("text", "allowed"), [(PAGES, expected), (API, expected), (DESK, may_at_desk)], ids=["pages", "api", "desk"])
def test_everybody_gets_in_where_the_table_says_and_nowhere_else(
    text: list[Row], allowed: Callable[[str, str], set[str]], door: Door, record_property: Callable[..., None]
) -> None:
    for row in text:
        door.try_all(row, allowed)
    record_property("cells of the permission matrix", door.cells)
    assert not door.wrong, "\n" + "\n".join(door.wrong)


def test_staff_look_at_and_change_in_the_admin_what_their_role_may(door: Door, record_property: Callable[..., None]) -> None:
    for label, (look, add, change, delete) in MODELS.items():
        app, model = label.split(".")
        row = door.world.models[label]
        letters = {"changelist": (look, look), "add": (add, add), "change": (look, change), "delete": (delete, delete), "history": (look, look)}
        for what, policies in letters.items():
            if what in ("changelist", "add") or row is not None:
                args = [] if what in ("changelist", "add") else [row.pk]
                _knock_at_model(door, f"admin:{app}_{model}_{what}", args, policies)
    record_property("cells of the permission matrix", door.cells)
    assert not door.wrong, "\n" + "\n".join(door.wrong)


def _knock_at_model(door: Door, name: str, args: list[Any], policies: tuple[str, str]) -> None:
    for method, letters in zip(("GET", "POST"), policies, strict=True):
        for who in AT_DESK:
            door.cells += 1
            found = outcome(door.knock(who, method, reverse(name, args=args), {"post": "yes"} if method == "POST" else {}))
            if found not in may_at_desk(letters, who):
                door.wrong.append(f"{method} {name} as {who}: {found}, the table says {letters}")


def test_the_admin_tells_nobody_what_is_not_there(door: Door) -> None:
    """Its catch-all: staff get 404, everybody else is asked to sign in, whatever the address."""
    for who in EVERYBODY:
        assert outcome(door.knock(who, "GET", "/admin/nothing/at/all/", {})) in may_at_desk("-", who)
