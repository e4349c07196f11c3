"""The end of day is killed with -9 at random statements and started again; or done by a crowd. What it has written is the same to the byte."""

import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection, connections

from tests.counts import cases

pytestmark = [pytest.mark.soak, pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]
ROOT = Path(__file__).resolve().parents[2]
LOANS, POINTS, SEEDS, WORKERS = cases(40, soak=2000), cases(3, soak=20), cases(1, soak=5), cases(2, soak=8)


class Server:
    """Databases beside the test's own, copied from one another."""

    def __init__(self) -> None:
        self.base = f"{connection.settings_dict['NAME']}_night"
        self.made: list[str] = []

    def copy(self, source: str, target: str) -> str:
        """A copy is made of a database that nobody is connected to: what an earlier test left open is closed first."""
        connections.close_all()
        with connection._nodb_cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source])
            cursor.execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
            cursor.execute(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        self.made.append(target)
        return target

    def drop(self) -> None:
        connection.close()
        with connection._nodb_cursor() as cursor:
            for name in dict.fromkeys(self.made):
                cursor.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def night(database: str, *words: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.loans.night", database, *map(str, words)]
    return subprocess.Popen(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def answer(database: str, *words: object) -> str:
    process = night(database, *words)
    out, err = process.communicate()
    assert process.returncode == 0, err[-3000:]
    return out.strip()


def closed(database: str) -> tuple[int, str]:
    """How many statements the nights took, and what they left."""
    statements, _, found = answer(database, "close").partition(" ")
    return int(statements), found


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    made.copy(connection.settings_dict["NAME"], made.base)
    yield made
    made.drop()


def test_killed_anywhere_and_by_any_number_of_workers_the_outcome_is_the_same(server: Server) -> None:
    answer(server.base, "fill", LOANS)
    clean = server.copy(server.base, f"{server.base}_clean")
    statements, wanted = closed(clean)
    assert closed(clean)[1] == wanted  # once more, and nothing is written
    assert answer(server.base, "hash") != wanted
    for seed in range(SEEDS):
        draw = random.Random(seed)
        for point in range(POINTS):
            killed = server.copy(server.base, f"{server.base}_killed")
            process = night(killed, "close", draw.randint(1, statements))
            process.communicate()
            assert process.returncode == -9, (seed, point)
            assert closed(killed)[1] == wanted, (seed, point)
    crowd = server.copy(server.base, f"{server.base}_crowd")
    workers = [night(crowd, "work") for _worker in range(WORKERS)]
    for worker in workers:
        _out, err = worker.communicate()
        assert worker.returncode == 0, err[-3000:]
    assert answer(crowd, "hash") == wanted
