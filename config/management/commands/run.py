"""`manage.py run`: the whole site on this machine, as one process tree that ends with its root."""

import contextlib
import http.client
import os
import sys
import time
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError
from django.utils import timezone

from config import preparation
from config.logs import redact
from config.supervisor import Stopped, Supervisor, UnableToServe, free_port, stop_on_signals
from core.embedded import Claim, Services, UnableToStart
from core.embedded.process import age, die_with_parent

HOST = "127.0.0.1"
ANSWER_SECONDS_MAX = 60


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65535:
        raise ValueError(text)
    return port


class Command(BaseCommand):
    help = "Run the whole site: embedded services when none are configured, web, worker and timetable. Ctrl-C ends all of it."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=_port, default=_port(os.environ.get("PORT") or "8000"), help="0 takes any free one")

    def handle(self, *args: Any, **options: Any) -> None:
        self.claim = Claim()
        self.services = Services(postgres=settings.EMBEDDED_POSTGRES, valkey=settings.EMBEDDED_VALKEY)
        self.supervisor: Supervisor | None = None
        self.parent = os.getppid()
        stop_on_signals()
        if os.environ.get("MAKELEVEL"):
            die_with_parent(15, parent=self.parent)
        try:
            self._run(options["port"])
        except Stopped:
            self._say("\nStopping …")
        except (UnableToStart, UnableToServe) as error:
            raise CommandError(str(error)) from error
        except OperationalError as error:
            raise CommandError(f"The database does not answer: {redact(str(error)).strip()}") from error
        finally:
            self._end()
        self._say("Stopped.")

    def _say(self, text: str) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone
            self.stdout.write(text)
            self.stdout.flush()

    def _run(self, wanted: int) -> None:
        self.claim.take(started=timezone.now().isoformat(timespec="seconds"))
        port = self._free_port(wanted)
        self.claim.note(port=port)
        settings.SITE_URL = os.environ.get("SITE_URL") or f"http://{HOST}:{port}"
        self._say("Starting …")
        preparation.compile_catalogs()
        preparation.collect_files()
        self.services.start()
        preparation.prepare_database()
        sign_ins = preparation.prepare_sample_market()
        self._start_children(port)
        self._wait_for_answer(port)
        self._say(self._banner(port, sign_ins, age()))
        assert self.supervisor is not None
        self.supervisor.watch(still_wanted=self._still_wanted)

    def _free_port(self, wanted: int) -> int:
        try:
            return free_port(HOST, wanted)
        except OSError as error:
            raise UnableToServe(f"Port {wanted} on {HOST} cannot be used ({error.strerror}). Another one: `make run PORT={(wanted or 8000) + 1}`.") from error

    def _start_children(self, port: int) -> None:
        from config import processes

        def serve() -> None:
            processes.serve(HOST, port)

        self._warm()
        self.supervisor = Supervisor({"web": serve, "worker": processes.work, "beat": processes.keep_time}, after_fork=self._after_fork)
        self.supervisor.start()

    @staticmethod
    def _warm() -> None:
        """Import what every child needs once, before they are forked."""
        from importlib import import_module

        import_module("config.wsgi")
        import_module(settings.ROOT_URLCONF)
        from config.celery import app

        app.loader.import_default_modules()

    def _after_fork(self) -> None:
        self.claim.drop()
        self.services.forget()

    def _wait_for_answer(self, port: int) -> None:
        assert self.supervisor is not None
        deadline = time.monotonic() + ANSWER_SECONDS_MAX
        while not _answers(port):
            self.supervisor.tend()
            if time.monotonic() > deadline:
                raise UnableToServe(f"The site did not answer within {ANSWER_SECONDS_MAX} seconds; the logs are in the run folder.")
            time.sleep(0.05)

    def _still_wanted(self) -> None:
        if os.environ.get("MAKELEVEL") and os.getppid() != self.parent:
            raise Stopped("parent gone")
        if ended := self.services.ended():
            raise UnableToServe(f"The embedded {ended} ended by itself; its log is in the run folder.")

    def _banner(self, port: int, sign_ins: list[tuple[str, str]], seconds: float) -> str:
        line = "─" * 72
        body = [line, f"  Xinqiao 信桥   http://{HOST}:{port}/   (ready in {seconds:.1f} s)", ""]
        if sign_ins:
            width = max(len(who) for who, _how in sign_ins) + 2
            body += ["  Sample sign-ins"] + [f"    {who:<{width}}{how}" for who, how in sign_ins] + [""]
        if settings.EMBEDDED_POSTGRES or settings.EMBEDDED_VALKEY:
            body += ["  Embedded services keep their data in .run/ (DATABASE_URL and REDIS_URL name your own)."]
        if settings.EMAIL_BACKEND.endswith("filebased.EmailBackend"):
            body += ["  E-mails (codes of new accounts too) are written to .run/mail/."]
        return "\n".join([*body, "  Stop: Ctrl-C here, or `make stop` in another terminal.", line])

    def _end(self) -> None:
        """Children first, then the servers they use."""
        if self.supervisor:
            self.supervisor.stop()
        self.services.stop()
        self.claim.drop()
        sys.stdout.flush()


def _answers(port: int) -> bool:
    """Whether anything at all comes back: where pages are only served over HTTPS, that is a redirect."""
    asked = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        asked.request("GET", "/healthz")
        return bool(asked.getresponse().status)
    except (OSError, http.client.HTTPException):
        return False
    finally:
        asked.close()
