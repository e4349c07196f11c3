"""Wrap every data key under the first key of VAULT_KEYS. Afterwards the old master key can leave the environment."""

from typing import Any

from django.core.management.base import BaseCommand

from privacy import vault


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{vault.rewrap_all()} data keys rewrapped.")
