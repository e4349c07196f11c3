"""manage.py sign_in_code: the one-time code the sample market's staff sign in with now. Their secret is public, so it works only beside the sample market."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts import cast


class Command(BaseCommand):
    help = "Print the one-time code of the sample market's staff."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            code, seconds = cast.one_time_code()
        except cast.NotASandbox as error:
            raise CommandError("There is no sample staff on this installation.") from error
        self.stdout.write(f"{code}  (for {seconds} more seconds)")
