"""Publish the notices in privacy/notice_texts that are new or changed. Safe to run at every start."""

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from privacy import notices


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, verbosity: int = 1, **options: Any) -> None:
        for notice in notices.publish_all(now=timezone.now()):
            if verbosity:
                self.stdout.write(f"Published {notice}{', material' if notice.material else ''}.")
