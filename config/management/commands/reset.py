"""`manage.py reset`: throw away this folder's embedded data and start over at the next `run`."""

import shutil
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from core.embedded import Claim, UnableToStart, home
from core.embedded.services import erase

OURS = ("media", "keys", "mail", "logs")


class Command(BaseCommand):
    help = "Erase the embedded database, broker, uploads and mail of this folder. Asks first. Never touches DATABASE_URL."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--yes", action="store_true", help="do not ask")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.EMBEDDED_POSTGRES:
            raise CommandError("DATABASE_URL is set: that database is yours to empty, not mine.")
        claim = Claim()
        try:
            claim.take()
        except UnableToStart as error:
            raise CommandError(str(error)) from error
        try:
            if options["yes"] or self._agreed():
                self._erase()
        finally:
            claim.drop()

    def _agreed(self) -> bool:
        self.stdout.write(f"This erases every loan, person and document kept in {home()}. It cannot be undone.")
        try:
            agreed = input("Type `yes` to go on: ").strip().lower() == "yes"
        except EOFError:
            agreed = False
        if not agreed:
            self.stdout.write("Nothing was erased.")
        return agreed

    def _erase(self) -> None:
        erase()
        for name in OURS:
            shutil.rmtree(home() / name, ignore_errors=True)
        for path in home().glob("timetable*"):
            path.unlink()
        self.stdout.write("Erased. `make run` starts over.")
