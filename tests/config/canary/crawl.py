"""Goes everywhere as anybody, and keeps what got out."""

from __future__ import annotations

import copy
import logging
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.db import connection, transaction
from django.urls import reverse

from config.logs import LOGGING, RedactingFormatter
from tests.config.canary import marks, outside
from tests.config.canary.allowed import may_see
from tests.config.canary.marks import Canary, Net
from tests.config.canary.people import DESK_ONLY, Marked
from tests.config.matrix import table
from tests.config.matrix.knocking import NOTHING, address, changing, send
from tests.config.matrix.people import EVERYBODY, STAFF, Thing
from tests.config.matrix.reading import Row, body_of, rows
from tests.counts import SOAK

PAGES, API, DESK = rows(table.PAGES + table.SIGN_IN), rows(table.API), rows(table.DESK)
# Things that only the marked world has.
MORE = rows("loans:application referred alice -\nprivacy:request answered_request alice -")
MORE_DESK = rows("admin:loans_laddercase_desk ladder_case r -\nadmin:privacy_complaint_desk complaint r -")
# Everyday those who see most of others, in a soak everybody, looking and changing.
AT_DESK = (*STAFF, *DESK_ONLY) if SOAK else ("root",)
AT_MODELS = AT_DESK if SOAK else ("root",)
OF_PEOPLE = ("marketplace:", "api:", "loans:", "privacy:", "notifications:", "pages:", *(("accounts:", "payments:", "circle:", "credit:") if SOAK else ()))
# Instants in answers, and the minute in which a page says that it was read: neither is news.
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(Z|\+[\d:]+)|(As of|Counted at) \d+ \w+ \d{4}, \d\d:\d\d")
SEALED = re.compile(r"/admin/loans/.*/(file/$|document/|evidence/)")
MODELS = [line.split()[0] for line in table.MODELS.strip().splitlines()]


def readers(page: str) -> tuple[str, ...]:
    """Who goes there today."""
    if SOAK:
        return EVERYBODY
    return ("grace", "bob", *(("hana",) if page.startswith("circle:") else ()), *(("carol",) if "listing" in page else ()))


class Lines(logging.Handler):
    """Every log line as it is written."""

    def __init__(self) -> None:
        super().__init__(logging.INFO)
        self.setFormatter(RedactingFormatter(LOGGING["formatters"]["line"]["format"], style="{"))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


class Crawl:
    """One world, its canaries, and what was found where it may not be."""

    def __init__(self, world: Marked) -> None:
        self.world, self.canaries = world, marks.collect()
        self.net, self.answers = Net(self.canaries), 0
        self.leaks: list[str] = []
        self.outside: set[str] = set()
        self.own = {name: self._own(name) for name in (*EVERYBODY, *DESK_ONLY)}

    def _own(self, name: str) -> set[Any]:
        """The persons whose data are that one's own."""
        if name in self.world.members:
            user = self.world.members[name].user
            return {user.subject_id, *user.parties.values_list("subject_id", flat=True)}
        return {owner for canary in self.canaries if name == "hana" and canary.text == "+8613812345678" for owner in canary.owners}

    def knock(self, who: str, method: str, where: str, data: dict[str, Any]) -> Any:
        """In a savepoint, so that the next one finds the same world."""
        client = self.world.browsers[who]
        cookies, mark = copy.deepcopy(client.cookies), transaction.savepoint()
        try:
            if method == "GET" and SEALED.search(where):  # staff say why first
                client.post(where, {"why": "deciding"})
            return send(client, method, where, data)
        finally:
            transaction.savepoint_rollback(mark)
            client.cookies = cookies

    def visit(self, row: Row, people: tuple[str, ...] = ()) -> None:
        thing = self._thing(row)
        for method in ("GET", changing(row, thing)) if SOAK else ("GET",):
            for who in people or readers(row.name):
                self.look(who, row.name, method, address(row, thing.args), thing)

    def look(self, who: str, page: str, method: str, where: str, thing: Thing = NOTHING) -> list[str]:
        """One answer searched. Returns what it lets out, and keeps it."""
        answer = self.knock(who, method, where, thing.data)
        self.answers += 1
        self.outside |= {f"{page} as {who}: {each}" for each in outside.of(answer)}
        text = marks.text_of(answer)
        for asked in (quote(where, safe=""), quote(where), escape(where), where):  # what was asked with is no news to who asked
            text = text.replace(asked, "…")
        caught = [canary for canary in self.net.catch(text) if not canary.owners & self.own[who] and not may_see(who, page, canary, self.world)]
        found = [f"{method} {page} as {who}: {answer.status_code} {named(canary)}" for canary in caught]
        self.leaks += found
        return found

    def desk_of(self, label: str) -> None:
        """The admin's own pages of a model."""
        app, model = label.split(".")
        row = self.world.models[label]
        for what in ("changelist", "history", "change") if SOAK else ("changelist", "change"):
            if what == "changelist" or row is not None:
                name = f"admin:{app}_{model}_{what}"
                for who in AT_MODELS:
                    self.look(who, name, "GET", reverse(name, args=[] if what == "changelist" else [row.pk]))

    def pages_of(self, who: str, apps: tuple[str, ...] = OF_PEOPLE) -> dict[str, str]:
        """Every page and answer that one gets there, as it reads."""
        found = {}
        for row in (row for row in (*PAGES, *API) if row.name.startswith(apps)):
            thing = self._thing(row)
            found[f"{row.name} {row.thing}"] = MOMENT.sub("…", body_of(self.knock(who, "GET", address(row, thing.args), thing.data)))
        return found

    def _thing(self, row: Row) -> Thing:
        return self.world.things[row.thing] if row.thing != "-" else NOTHING

    def strangers_in(self, letter: Any) -> list[str]:
        """Who else than its reader a letter tells of."""
        (reader,) = letter.to
        own = next((self.own[name] for name, member in self.world.members.items() if member.email == reader), set())
        caught = self.net.catch(f"{letter.message().as_string()}\n{letter.subject}\n{letter.body}")
        return [named(canary) for canary in caught if not canary.owners & own and canary.text != reader]

    def caught(self, text: str) -> list[str]:
        """Any canary at all, except what a contact has to be known by somewhere."""
        return [named(canary) for canary in self.net.catch(text) if not is_code(canary)]

    def in_the_dump(self) -> set[str]:
        """Canaries in any row of any table, as text or as bytes."""
        declared = [canary for canary in self.canaries if not canary.labels & DECLARED and not is_code(canary)]
        net = Net([*declared, *(Canary(canary.text.encode().hex(), canary.kind, canary.labels, canary.owners) for canary in declared)])
        return {named(canary) for row in dump() for canary in net.catch(row)}


DECLARED = {"accounts.user.email"}  # in the clear in the database, and nothing else of anybody


def named(canary: Canary) -> str:
    return f"{'/'.join(sorted(canary.labels))} {canary.text[:24]!r}"


def is_code(canary: Canary) -> bool:
    """Reference, pseudonym, index or ciphertext of a contact: for nobody else's eyes, and stored nevertheless."""
    return any(label.startswith("known-as") or label == "privacy.contact" for label in canary.labels)


def dump() -> Iterator[str]:
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT row_to_json(t)::text FROM "{name}" t')
            yield from (row[0] for row in cursor.fetchall())


def files_on_disk() -> list[Path]:
    return [file for root in (settings.MEDIA_ROOT, settings.KEY_ROOT) for file in Path(root).rglob("*") if file.is_file()]
