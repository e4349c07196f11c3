"""manage.py translations: collect | merge DIR | check | compile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config import translations


class Command(BaseCommand):
    help = "The Chinese catalog: collect texts from the source, merge written ones, check that none is missing, compile it."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        steps = parser.add_subparsers(dest="step", required=True)
        steps.add_parser("collect", help="Bring the catalog up to date with the source, keeping what is written.")
        steps.add_parser("merge", help="Collect, then fill from JSON files.").add_argument("folder", type=Path)
        steps.add_parser("check", help="List untranslated, stale and mismatched texts; fails when there are any.")
        steps.add_parser("compile", help="Write the binary catalog if it is older than its source.")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, options["step"])(options)

    def collect(self, options: dict[str, Any]) -> None:
        catalog = translations.collect()
        translations.save(catalog)
        self.stdout.write(f"{len(catalog)} texts")

    def merge(self, options: dict[str, Any]) -> None:
        catalog = translations.collect()
        count = translations.merge(catalog, options["folder"])
        translations.save(catalog)
        translations.compile_if_stale()
        self.stdout.write(f"{count} texts set, {len(catalog)} in all")

    def check(self, options: dict[str, Any]) -> None:  # type: ignore[override]
        found = translations.problems()
        for line in found:
            self.stdout.write(line)
        if found:
            raise CommandError(f"{len(found)} problems")
        self.stdout.write("complete")

    def compile(self, options: dict[str, Any]) -> None:
        self.stdout.write("compiled" if translations.compile_if_stale() else "already up to date")
