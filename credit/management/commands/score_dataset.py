"""`manage.py score_dataset --model SET IN.parquet OUT.parquet`. manage.py runs it before settings load, as it needs none."""

import sys
from argparse import REMAINDER
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from credit.score_dataset import run_command


class Command(BaseCommand):
    help = "Score every row of a Parquet file with the model trained on its set: (row_id, pd)."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("words", nargs=REMAINDER, metavar="--model SET IN.parquet OUT.parquet")

    def handle(self, *args: Any, **options: Any) -> None:
        code = run_command(options["words"], stdout=self.stdout._out, stderr=self.stderr._out)  # type: ignore[arg-type]
        if code:
            sys.exit(code)
