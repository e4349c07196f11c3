"""Prove the books: one line per currency, one per finding. Exit code 1 when something is wrong."""

import dataclasses
import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from core import business_day
from core.money import format_amount
from ledger.chart import Section
from ledger.checks import CurrencyProof, Report, check_books


class Command(BaseCommand):
    help = "Checks that the books balance, recomputed from every transfer. Exits with 1 when they do not."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        report = check_books(as_of=business_day.current())
        self.stdout.write(_as_json(report) if options["json"] else _as_text(report))
        if not report.is_clean:
            raise SystemExit(1)


def _as_text(report: Report) -> str:
    lines = [_proof_line(proof) for proof in report.currencies] or ["The books are empty."]
    lines += [f"{'WRONG' if finding.is_error else 'note '} {finding.check}: {finding.text}" for finding in report.findings]
    return "\n".join(lines)


def _proof_line(proof: CurrencyProof) -> str:
    money, *parts = (format_amount(proof.sections[section], proof.currency, locale="en") for section in Section)
    names = [section.value for section in Section][1:]
    equation = " + ".join(f"{name} {part}" for name, part in zip(names, parts, strict=True))
    counts = f"{proof.accounts} accounts, {proof.transfers} transfers, {proof.open_reservations} open reservations"
    return f"{proof.currency} {'balanced' if proof.holds else 'WRONG'}: {Section.MONEY.value} {money} = {equation} ({counts})"


def _as_json(report: Report) -> str:
    return json.dumps(
        {
            "clean": report.is_clean,
            "currencies": [{**dataclasses.asdict(proof), "balanced": proof.holds} for proof in report.currencies],
            "findings": [dataclasses.asdict(finding) for finding in report.findings],
        },
        ensure_ascii=False,
        indent=1,
    )
