"""The end of day is killed with -9 at random statements and started again; or done by a crowd. What it has written is the same to the byte."""

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection, connections

from tests.counts import cases
from tests.forks import Fork
from tests.loans import night

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]
LOANS, POINTS, SEEDS, WORKERS = cases(40, soak=2000), cases(3, soak=20), cases(1, soak=5), cases(2, soak=8)


class Server:
    """Databases beside the test's own, copied from one another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base = f"{connection.settings_dict['NAME']}_night"
        self.made: list[str] = []
        self.serial = itertools.count()

    def copy(self, source: str, target: str) -> str:
        """A copy is made of a database that nobody is connected to: what an earlier test left open is closed first."""
        connections.close_all()
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source])
            cursor.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        self.made.append(target)
        return target

    def night(self, database: str, work: Callable[..., None], *arguments: int) -> Fork:
        """A process that works on that database."""
        return Fork(work, *arguments, database=database, log=self.folder / f"{next(self.serial)}.log")

    def closed(self, database: str) -> tuple[int, str]:
        """How many statements the nights took, and what they left."""
        statements, _, found = answer(self.night(database, night.close)).partition(" ")
        return int(statements), found

    def shown(self, database: str) -> str:
        return answer(self.night(database, night.show))

    def drop(self) -> None:
        connection.close()
        with connection._nodb_cursor() as cursor:
            for name in dict.fromkeys(self.made):
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def answer(process: Fork) -> str:
    assert process.wait() == 0, process.said()[-3000:]
    return process.said()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    made = Server(tmp_path)
    made.copy(connection.settings_dict["NAME"], made.base)
    yield made
    made.drop()


def test_killed_anywhere_and_by_any_number_of_workers_the_outcome_is_the_same(server: Server) -> None:
    answer(server.night(server.base, night.fill, LOANS))
    clean = server.copy(server.base, f"{server.base}_clean")
    statements, wanted = server.closed(clean)
    assert server.closed(clean)[1] == wanted  # once more, and nothing is written
    assert server.shown(server.base) != wanted
    for seed in range(SEEDS):
        draw = random.Random(seed)
        for point in range(POINTS):
            killed = server.copy(server.base, f"{server.base}_killed")
            assert server.night(killed, night.close, draw.randint(1, statements)).wait() == -9, (seed, point)
            assert server.closed(killed)[1] == wanted, (seed, point)
    crowd = server.copy(server.base, f"{server.base}_crowd")
    for worker in [server.night(crowd, night.work) for _worker in range(WORKERS)]:
        answer(worker)
    assert server.shown(crowd) == wanted
