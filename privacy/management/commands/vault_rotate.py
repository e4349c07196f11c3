"""Wrap every data key under the first key of VAULT_KEYS, and seal what is shown anew. Once the jobs it leaves are done (the search changes its key), the
old master key can leave the environment."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from core import outbox
from privacy import shown, vault


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{vault.rewrap_all()} data keys rewrapped, {shown.reseal_all()} texts sealed anew.")
        key_id = next(iter(vault.master_keys()))
        outbox.enqueue("vault.rotated", key=f"vault:{key_id}:rotated:{timezone.now().timestamp()}", payload={"key_id": key_id})
