"""`manage.py status`: what runs from this folder, and how it is."""

import json
import urllib.error
import urllib.request
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from core.embedded import Claim, home


class Command(BaseCommand):
    help = "Say whether the site runs from this folder, where, and whether it is ready. Exit status 0 when it runs, 3 when not."
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        owner = Claim.owner()
        self.stdout.write(f"folder    {home()}")
        self.stdout.write(f"database  {'embedded PostgreSQL' if settings.EMBEDDED_POSTGRES else 'DATABASE_URL'}")
        self.stdout.write(f"broker    {'embedded Valkey' if settings.EMBEDDED_VALKEY else 'REDIS_URL'}")
        if owner is None:
            self.stdout.write("site      not running")
            raise SystemExit(3)
        self.stdout.write(f"site      process {owner.get('pid')}, since {owner.get('started', '?')}, http://127.0.0.1:{owner.get('port')}/")
        self.stdout.write(f"ready     {_readiness(owner.get('port'))}")


def _readiness(port: int | None) -> str:
    """The answer of /readyz in words."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            found = json.load(answer)
    except urllib.error.HTTPError as error:
        try:
            found = json.load(error)
        except ValueError:
            return "no"
    except (OSError, ValueError):
        return "no answer"
    return ", ".join(f"{name}: {value if isinstance(value, str) else 'yes' if value else 'no'}" for name, value in found.items())
