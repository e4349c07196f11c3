"""The sample market from the command line."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from config.sample import market, progress
from core import outbox


class Command(BaseCommand):
    help = "Make the sample cast and have the sample market built by jobs (--wait: build it here and now)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cast", action="store_true", help="the cast now, the rest by the workers")
        parser.add_argument("--wait", action="store_true", help="run the jobs in this process until all is built")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.SAMPLE_MARKET:
            raise CommandError("SAMPLE_MARKET is off: the sample cast has public passwords.")
        market.begin(now=timezone.now())
        while options["wait"] and progress.being_built():
            outbox.drain(now=timezone.now())
