"""After restoring a backup: erase again everybody whose key half was destroyed since. Safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from privacy import rights


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{rights.replay_erasures(now=timezone.now())} persons erased again.")
