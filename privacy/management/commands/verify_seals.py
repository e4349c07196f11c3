"""Check the sealed consent and access records: exits 1 and names the segment when anything was changed, removed or put in late."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from privacy import heads, seals


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        findings = [*seals.check_segments(now=now), *heads.check()]
        for finding in findings:
            self.stderr.write(f"{finding.stream} {finding.number or ''}: {finding.what}")
        if findings:
            raise CommandError(f"{len(findings)} findings")
        tails = ", ".join(f"{stream}: {seals.unsealed_tail(stream, now=now)}" for stream in seals.STREAMS)
        self.stdout.write(f"Sealed records are whole. Not sealed yet: {tails}.")
