"""One embedded PostgreSQL cluster: made once, started as our direct child on a private socket, with a password."""

import os
import signal
import subprocess
import time
from pathlib import Path

import psycopg
from psycopg import sql

from core.embedded.addresses import DATABASE, database_settings
from core.embedded.binaries import POSTGRES_MAJOR, postgres_bin
from core.embedded.places import Places, UnableToStart, account
from core.embedded.process import command_line, end, spawn

READY_SECONDS_MAX = 60  # recovery after a crash on a slow disk may take this long
MAX_CONNECTIONS = 120
UNSAFE_BUT_FAST = {"fsync": "off", "jit": "off", "autovacuum": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Postgres:
    def __init__(self, places: Places, *, log: Path, durable: bool) -> None:
        self.data = places.postgres / "data"
        self.sockets = places.sockets
        self.log = log
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Begin starting; `wait` says when it answers. Data of another major version is refused, never touched."""
        programs = postgres_bin()
        if not (self.data / "PG_VERSION").exists():
            self._create(programs)
        made_by = (self.data / "PG_VERSION").read_text().strip()
        if made_by != POSTGRES_MAJOR:
            raise UnableToStart(
                f"{self.data} was made by PostgreSQL {made_by}, this checkout brings {POSTGRES_MAJOR}: dump it with the version that made it, or `make reset`."
            )
        self._end_orphan()
        self.process = spawn([programs / "postgres", "-D", self.data, *self._options()], as_account=account(), death=signal.SIGINT, log=self.log)

    def _create(self, programs: Path) -> None:
        """Random password, checksums, and one sort order everywhere whatever the machine's locale. A half-made cluster is thrown away."""
        draft = self.data.with_name("data.draft")
        password = self.data.with_name("password.draft")
        subprocess.run(["/bin/rm", "-rf", "--", str(draft)], check=True)  # noqa: S603
        password.unlink(missing_ok=True)
        with open(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(database_settings()["PASSWORD"])
        os.chown(password, account().uid, account().gid)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "-E", "UTF8"]
        safety = ["-A", "scram-sha-256", f"--pwfile={password}", "--data-checksums"] + ([] if self.durable else ["--no-sync"])
        made = subprocess.run(  # noqa: S603
            [str(programs / "initdb"), "-D", str(draft), "-U", DATABASE, *locale, *safety],
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
            env={"PATH": "/usr/bin:/bin", "LC_ALL": "C"},
            **account().arguments,
        )
        password.unlink()
        if made.returncode:
            raise UnableToStart(f"PostgreSQL could not make its data folder: {made.stderr.strip().splitlines()[-1:]}")
        draft.rename(self.data)

    def _options(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets),
            "unix_socket_permissions": "0700",
            "max_connections": str(MAX_CONNECTIONS),
            "timezone": "UTC",
            "log_timezone": "UTC",
            "log_statement": "none",
            # Neither failing statements nor their values may reach the log: they can hold personal data.
            "log_min_error_statement": "panic",
            "log_parameter_max_length_on_error": "0",
            "log_error_verbosity": "terse",
        }
        if not self.durable:
            options |= UNSAFE_BUT_FAST
        return [part for name, value in options.items() for part in ("-c", f"{name}={value}")]

    def _end_orphan(self) -> None:
        """A server of ours that is still closing after its parent was killed: wait for it, then insist. We hold the claim, so it is nobody's."""
        try:
            pid = int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except (OSError, ValueError):
            return
        for number, seconds in ((signal.SIGINT, 10), (signal.SIGQUIT, 5)):
            if str(self.data) not in command_line(pid):
                return
            os.kill(pid, number)
            deadline = time.monotonic() + seconds
            while str(self.data) in command_line(pid) and time.monotonic() < deadline:
                time.sleep(0.05)

    def wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS_MAX
        while not self._connect("postgres"):
            if self.process is None or self.process.poll() is not None:
                raise UnableToStart(f"PostgreSQL ended while starting; the reason is in {self.log}.")
            if time.monotonic() > deadline:
                raise UnableToStart(f"PostgreSQL did not answer within {READY_SECONDS_MAX} seconds; see {self.log}.")
            time.sleep(0.02)

    def _connect(self, database: str) -> bool:
        settings = database_settings()
        try:
            with psycopg.connect(
                host=settings["HOST"], port=settings["PORT"], user=settings["USER"], password=settings["PASSWORD"], dbname=database, autocommit=True
            ) as connection:
                if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone():
                    connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
                return True
        except psycopg.OperationalError as error:
            if "password authentication failed" in str(error):
                raise UnableToStart(
                    f"The password in the run folder is not that of {self.data}; restore the file secret.postgres_password or `make reset`."
                ) from error
            return False

    def stop(self) -> None:
        """Fast shutdown; immediate if that takes too long (the log replays at the next start, nothing committed is lost)."""
        if self.process is not None:
            end(self.process, signal.SIGINT, signal.SIGQUIT, patience=1.5)
            self.process = None
