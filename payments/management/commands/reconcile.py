"""manage.py reconcile [--rail sandbox]: our payments against the bank's lines. Ends with 1 when they disagree."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from payments import rails
from payments.reconciliation import reconcile


class Command(BaseCommand):
    help = "Compares payments with the lines of the bank behind a rail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--rail", default=rails.DEFAULT)

    def handle(self, *args: Any, **options: Any) -> None:
        report = reconcile(rail=options["rail"], now=timezone.now())
        self.stdout.write(f"{report.rail}: {report.matched} matched, {report.waiting} without an outcome yet")
        for name in ("missing_here", "missing_there", "differing"):
            for difference in getattr(report, name):
                ours, theirs = difference.shown
                self.stdout.write(f"  {name} ({difference.what}) {difference.reference}: ours {ours}, theirs {theirs}")
        if not report.is_clean:
            raise SystemExit(1)
