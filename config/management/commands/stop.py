"""`manage.py stop`: end the site that runs from this folder."""

import contextlib
import os
import signal
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.embedded import Claim

SECONDS_MAX = 15


class Command(BaseCommand):
    help = "Stop the site that `run` started from this folder."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        owner = Claim.owner()
        if owner is None:
            self.stdout.write("Not running.")
            return
        if not owner.get("pid"):
            raise CommandError("It is just starting or ending; try again in a moment.")
        with contextlib.suppress(ProcessLookupError):
            os.kill(owner["pid"], signal.SIGTERM)
        deadline = time.monotonic() + SECONDS_MAX
        while Claim.owner() is not None:
            if time.monotonic() > deadline:
                raise CommandError(f"Process {owner['pid']} did not end within {SECONDS_MAX} seconds.")
            time.sleep(0.05)
        self.stdout.write("Stopped.")
