"""Django's `migrate`, without rendering again what an operation does not change (core/migrating.py)."""

from typing import Any

from django.core.management.commands.migrate import Command as Migrate

from core.migrating import only_what_changes


class Command(Migrate):
    def handle(self, *args: Any, **options: Any) -> Any:
        with only_what_changes():
            return super().handle(*args, **options)
