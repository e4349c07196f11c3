"""`manage.py circle_evidence`: measure again, on every set, what the people around a borrower would have told us."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError


class Command(BaseCommand):
    help = "Regenerate the table of what circle information adds (files in the folder CREDIT_DATA; writes credit/evidence.json)."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            from credit.training import evidence, reading
        except ImportError as error:
            raise CommandError(f"the study needs the developers' packages (requirements/develop.txt): {error}") from None
        try:
            found = evidence.regenerate()
        except reading.UnableToTrain as error:
            raise CommandError(str(error)) from None
        for row in found["sets"]:
            for measured in row["measured"]:
                gain = measured["set_aside"]
                low, high = gain["interval"]
                self.stdout.write(f"{row['name']:28} {measured['kind']:9} {gain['delta_auc']:+.4f} [{low:+.4f}, {high:+.4f}]")
