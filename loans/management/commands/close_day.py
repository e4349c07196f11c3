"""manage.py close_day [--to DATE]: the end-of-day run by hand. In the sandbox any later date, so that months pass in a minute."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from core import business_day
from loans import delinquency

YEARS_MAX = 5


class Command(BaseCommand):
    help = "Closes the business day and every day up to --to: arrears are aged, penalties charged, states changed. Without --to, one day."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=date.fromisoformat, help="the new business day, as 2026-12-31; beyond today only in the sandbox")

    def handle(self, *args: Any, **options: Any) -> None:
        today = business_day.current()
        to = options["to"] or today + timedelta(days=1)
        if to <= today:
            raise CommandError(f"The business day is {today} already, and only goes forward.")
        if to > timezone.localdate() and not settings.SIGNED_PACKS_SANDBOX:
            raise CommandError(f"{to} has not come yet. Only a sandbox may run ahead of the calendar.")
        if to > today.replace(year=today.year + YEARS_MAX, day=min(today.day, 28)):
            raise CommandError(f"That is more than {YEARS_MAX} years of days. Go there in steps.")
        delinquency.close_day(to=to, now=timezone.now())
        self.stdout.write(f"The business day is {to}.")
