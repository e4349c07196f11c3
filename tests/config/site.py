"""The whole site as people run it: a checkout of its own, a clean environment, real processes."""

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

CHECKOUT = Path(__file__).resolve().parent.parent.parent
NOT_COPIED = (".git", ".venv", ".run", ".*_cache", ".hypothesis", "artifacts", "collected")
DEADLINE = 90.0


def until(condition: Callable[[], object], what: str, *, seconds: float = DEADLINE) -> None:
    """Poll; the deadline only bounds how long a broken build hangs."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def copy_checkout(target: Path) -> Path:
    """A checkout beside this one, with the same installed packages reached through a virtual environment of its own name."""
    shutil.copytree(CHECKOUT, target, ignore=shutil.ignore_patterns(*NOT_COPIED))
    environment = target / ".venv"
    environment.mkdir()
    for part in Path(sys.prefix).iterdir():
        (environment / part.name).symlink_to(part)
    checksum = subprocess.run(["cksum"], stdin=(target / "requirements" / "develop.txt").open(), capture_output=True, text=True, check=True).stdout
    (environment / f"installed-{checksum.strip().replace(' ', '')}").touch()
    return target


def clean_environment(**added: str) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), "LANG": "C.UTF-8"} | added


def alive(pid: int) -> bool:
    """Running, and not merely waiting to be reaped by whoever adopted it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def descendants(pid: int) -> set[int]:
    """Every process below this one, now."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    found: set[int] = set()
    newest = {pid}
    while newest:
        newest = {child for child, parent in parents.items() if parent in newest} - found
        found |= newest
    return found


class Site:
    """`with Site(checkout) as site`: running and answering inside, gone after."""

    def __init__(self, checkout: Path, *, by_make: bool = False, **environment: str) -> None:
        self.checkout = checkout
        self.by_make = by_make
        self.environment = clean_environment(**environment)
        self.url = ""
        self.output = checkout / "run.out"
        self.process: subprocess.Popen | None = None

    def start(self) -> Self:
        command = ["make", "run", "PORT=0"] if self.by_make else [str(self.checkout / ".venv/bin/python"), "manage.py", "run", "--port", "0"]
        with self.output.open("w") as output:
            quiet = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": output}
            self.process = subprocess.Popen(command, cwd=self.checkout, env=self.environment, start_new_session=True, **quiet)
        until(lambda: self.banner() or self.process.poll() is not None, "the banner")
        assert self.process.poll() is None, self.output.read_text()
        self.url = self.banner()
        return self

    def banner(self) -> str:
        found = re.search(r"信桥\s+(http://127\.0\.0\.1:\d+)/", self.output.read_text())
        return found[1] if found else ""

    @property
    def pid(self) -> int:
        return self.process.pid

    def tree(self) -> set[int]:
        return {self.pid} | descendants(self.pid)

    def status(self, path: str = "/healthz") -> int:
        """The status of a page; 0 when nobody listens."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=30) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def manage(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [str(self.checkout / ".venv/bin/python"), "manage.py", *arguments]
        return subprocess.run(command, cwd=self.checkout, env=self.environment, capture_output=True, text=True, timeout=120, check=False)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


class Desk:
    """Commands of `manage.py` beside a running site, one after the other in one process: loading the program is not what a story waits for."""

    PROGRAM = """
import io, json, sys
import django
django.setup()
from django.core.management import call_command
for line in sys.stdin:
    said = io.StringIO()
    sys.stdout, out = said, sys.stdout
    try:
        call_command(*json.loads(line))
        answer = {"said": said.getvalue(), "code": 0}
    except SystemExit as end:
        answer = {"said": said.getvalue(), "code": end.code}
    except BaseException as error:
        answer = {"failed": f"{type(error).__name__}: {error}", "said": said.getvalue()}
    sys.stdout = out
    print(json.dumps(answer), flush=True)
"""

    def __init__(self, site: Site) -> None:
        self.site, self.code = site, 0
        self.process: subprocess.Popen[str] | None = None

    def _start(self) -> subprocess.Popen[str]:
        """Not before the first question: a site that starts for the first time finds nobody there."""
        site = self.site
        command = [str(site.checkout / ".venv/bin/python"), "-c", self.PROGRAM]
        environment = site.environment | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONPATH": str(site.checkout)}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        return subprocess.Popen(command, cwd=site.checkout, env=environment, **pipes)

    def __call__(self, *words: str) -> str:
        self.process = self.process or self._start()
        print(json.dumps(words), file=self.process.stdin, flush=True)
        answer = json.loads(self.process.stdout.readline())
        assert "failed" not in answer, answer
        self.code = answer["code"]
        return answer["said"]

    def close(self) -> None:
        if self.process:
            self.process.stdin.close()
            self.process.wait(20)


@contextlib.contextmanager
def running(checkout: Path, **arguments: object) -> Iterator[Site]:
    """A site that is surely gone afterwards, whatever the test did to it."""
    site = Site(checkout, **arguments)
    try:
        yield site.start()
    finally:
        site.stop()


@contextlib.contextmanager
def own_checkout(folder: Path) -> Iterator[Path]:
    """A checkout whose data, wherever it had to be kept, is erased at the end."""
    checkout = copy_checkout(folder / "xinqiao")
    try:
        yield checkout
    finally:
        Site(checkout).manage("reset", "--yes")
