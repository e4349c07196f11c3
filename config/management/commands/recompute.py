"""`manage.py recompute ENGINE FILE|-`: rerun a decision from its input. Without --stored, manage.py runs it before settings load."""

import sys
from argparse import REMAINDER
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError

from config.recompute import run_command


class Command(BaseCommand):
    help = "Recompute a schedule, rate, allocation, price or score from its JSON input, or from a stored decision."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs=REMAINDER, metavar="ENGINE FILE|- | ENGINE --stored ID")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code = run_command(options["words"], stdin=sys.stdin, stdout=self.stdout._out, stderr=self.stderr._out)  # type: ignore[arg-type]
        except OperationalError:
            raise CommandError("recompute: a stored decision needs the database, and it does not answer", returncode=2) from None
        if code:
            sys.exit(code)
