"""The site on servers somebody else runs, named by the two variables: PostgreSQL and Redis as Debian ships them."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from core.embedded.places import account
from core.embedded.process import end, spawn
from tests.config.site import CHECKOUT, Desk, Site, own_checkout, running, until

POSTGRES = max(Path("/usr/lib/postgresql").glob("*/bin/initdb"), default=None)
REDIS = shutil.which("redis-server") or shutil.which("valkey-server")


@pytest.fixture
def servers() -> Iterator[dict[str, str]]:
    """Debian's own programs on free sockets of a folder their account may enter; nothing listens on a fixed port."""
    if POSTGRES is None or REDIS is None:
        pytest.skip("no PostgreSQL or Redis of the distribution on this machine")
    who = account()
    folder = Path(f"/var/tmp/xinqiao-servers-{os.getpid()}-{time.monotonic_ns()}")
    folder.mkdir(mode=0o700)
    os.chown(folder, who.uid, who.gid)
    log = Path(f"{folder}.log")
    make = [POSTGRES, "-D", folder / "data", "-U", "app", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run(make, check=True, cwd="/", stdout=subprocess.DEVNULL, **who.arguments)
    options = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={folder}", "-c", "fsync=off"]
    database = spawn([POSTGRES.with_name("postgres"), "-D", folder / "data", *options], as_account=who, death=signal.SIGINT, log=log)
    cache = spawn([REDIS, "--port", "0", "--unixsocket", folder / "redis.sock", "--dir", folder, "--save", ""], as_account=who, death=signal.SIGTERM, log=log)
    until(lambda: _answers(folder) and (folder / "redis.sock").exists(), "the servers answer")
    try:
        yield {"DATABASE_URL": f"postgres://app@{str(folder).replace('/', '%2F')}/postgres", "REDIS_URL": f"unix://{folder}/redis.sock?db=0"}
    finally:
        end(database, signal.SIGINT, patience=5)
        end(cache, signal.SIGTERM, patience=5)
        shutil.rmtree(folder)
        log.unlink()


def _answers(folder: Path) -> bool:
    try:
        psycopg.connect(host=str(folder), user="app", dbname="postgres").close()
    except psycopg.OperationalError:
        return False
    return True


def test_the_site_runs_on_servers_named_by_the_two_variables(servers: dict[str, str], tmp_path: Path) -> None:
    with own_checkout(tmp_path) as checkout, running(checkout, SAMPLE_MARKET="0", **servers) as site:
        desk = Desk(site)
        assert site.status("/readyz") == 200
        assert "DATABASE_URL" in desk("status")
        assert not list((checkout / ".run").glob("pg*")), "no embedded server was made"
        version = desk("shell", "-c", "from django.db import connection as c; c.ensure_connection(); print('major', c.pg_version // 10000)")
        assert f"major {POSTGRES.parent.parent.name}" in version
        desk.close()
        assert "that database is yours" in Site(checkout, **servers).manage("reset", "--yes").stderr


def test_the_way_to_run_all_tests_on_such_servers_is_written_down() -> None:
    assert "make test-servers DATABASE_URL=" in (CHECKOUT / "docs" / "operating.md").read_text()
