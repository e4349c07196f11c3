"""manage.py staff_roles: make the groups of staff and give each exactly its permissions. Run after every upgrade; safe to repeat."""

from typing import Any

from django.core.management.base import BaseCommand

from accounts import roles


class Command(BaseCommand):
    help = "Make the staff roles and set their permissions."

    def handle(self, *args: Any, **options: Any) -> None:
        roles.ensure()
        self.stdout.write(", ".join(roles.ROLES))
