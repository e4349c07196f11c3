"""Money in: a bank line, stored as it came, becomes a deposit of the party whose reference it quotes, or an unmatched receipt.

Once per line of a rail, however often the bank reports it.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from datetime import date, datetime
from operator import attrgetter
from typing import Any

from django.conf import settings
from django.db import transaction

from accounts.models import Party
from core import business_day, outbox, references, sweeps
from core.states import because, move
from payments import bank_line, payout, postings, rails
from payments.models import BankLine, Payment
from payments.rails import sandbox
from payments.rails.base import StatementLine

_REFERENCE = re.compile(r"(?<![0-9A-Z])PT\s*[-‐‑–—−]?\s*([0-9A-Z]{8})")  # in one piece: the eight may begin with PT themselves


@transaction.atomic
def receive(*, rail: str, line_id: str, amount: int, currency: str, reference: str, booked_on: date, now: datetime) -> Payment:
    """Books one incoming line. `amount` in minor units; `reference` is what the payer wrote. The same line again is the same payment.

    Raises bank_line.LineConflict.
    """
    party = party_named(reference)
    content = {"rail": rail, "line_id": line_id, "direction": "in", "amount": amount, "currency": currency, "booked_on": booked_on}
    line = bank_line.keep(**content, reference=reference, party=party, now=now)
    if line.payment:
        return line.payment
    payment = _written(line, party, now=now)
    if party:
        postings.deposit(payment, owner=party.ledger_owner, booked_on=booked_on)
        move(payment, "settled", now=now, why="matched_by_reference", closed_at=now)
        payout.tell(payment, "settled")
    else:
        postings.unmatched(payment, booked_on=booked_on)
        move(payment, "unmatched", now=now, why="unknown_reference")
    bank_line.tie(line, payment, now=now)
    return payment


def party_named(text: str) -> Party | None:
    """The party whose reference stands in what a payer wrote, however it was typed."""
    plain = unicodedata.normalize("NFKC", text).upper()
    found = {references.normalize(f"PT-{code}") for code in _REFERENCE.findall(plain)}
    known = Party.objects.filter(subject__erased_at=None).select_related("subject")  # nothing is booked for somebody who is gone
    return known.filter(reference=found.pop()).first() if len(found) == 1 else None


def _written(line: BankLine, party: Party | None, *, now: datetime) -> Payment:
    with because(why="bank_line", now=now):
        return Payment.objects.create(
            direction=Payment.Direction.IN,
            kind=Payment.Kind.DEPOSIT,
            party=party,
            rail=line.rail,
            amount=line.amount,
            currency=line.currency,
            key=f"deposit:{line.rail}:{line.line_id}",
            source=party.ledger_owner if party else rails.ledger_owner(line.rail),
            rail_reference=line.line_id,
            state="received",
            booked_on=line.booked_on,
            created_at=now,
        )


def read_lines(*, rail: str, as_of: date, now: datetime) -> int:
    """Takes in the bank's new lines: receipts as deposits, outgoing lines as the answer "paid". Returns how many were new.

    A line that cannot be taken stops at itself, not the lines after it; reconciliation shows it until a person has looked.
    """
    last = BankLine.objects.filter(rail=rail).order_by("-line_id").values_list("line_id", flat=True).first() or ""
    lines = {line.line_id: line for line in rails.get(rail).lines_since(last)}
    known = set(BankLine.objects.filter(rail=rail, line_id__in=lines, payment__isnull=False).values_list("line_id", flat=True))
    new = [line for line_id, line in lines.items() if line_id not in known]
    sweeps.each(new, lambda line: _take(line, rail=rail, as_of=as_of, now=now), what=f"bank line of {rail}", name=attrgetter("line_id"))
    return len(new)


def _take(line: StatementLine, *, rail: str, as_of: date, now: datetime) -> None:
    content: dict[str, Any] = {"amount": line.amount, "currency": line.currency, "reference": line.reference, "booked_on": line.booked_on}
    if line.direction == "in":
        receive(rail=rail, line_id=line.line_id, now=now, **content)
    else:
        _confirm(rail=rail, line_id=line.line_id, as_of=as_of, now=now, **content)


@transaction.atomic
def _confirm(*, reference: str, as_of: date, now: datetime, **content: Any) -> None:
    """An outgoing line says that a payment of ours was made. A line that contradicts what we know stays unmatched, for reconciliation."""
    payment = (
        Payment.objects.select_for_update(no_key=True, of=("self",))
        .select_related("party__subject")
        .filter(key=reference, direction="out", rail=content["rail"])
        .first()
    )
    line = bank_line.keep(direction="out", reference=reference, party=payment.party if payment else None, now=now, **content)
    if line.payment or payment is None or (payment.amount, payment.currency) != (line.amount, line.currency):
        return
    payout.take_answer(payment, payout.Answer(outcome="paid", reference=line.line_id), as_of=as_of, now=now)
    if payment.state == "settled":
        bank_line.tie(line, payment, now=now)


@outbox.handles("bank_lines.read")
def read_lines_job(*, job: outbox.JobContext) -> None:
    read_lines(rail=job.payload["rail"], as_of=business_day.current(), now=job.now)


def simulate(*, party: Party, amount: int, key: str, now: datetime) -> str:
    """Sandbox only: the bank receives money quoting the party's reference, and its lines are read by a job. Returns the bank's line id.

    Raises sandbox.SandboxClosed.
    """
    digest = hashlib.sha256(key.encode()).hexdigest()[:60]
    line_id = sandbox.send_money(key=f"in:{party.pk}:{digest}", reference=party.reference, amount=amount, currency=settings.DEFAULT_CURRENCY, now=now)
    outbox.enqueue("bank_lines.read", key=f"bank_lines.read:{line_id}", payload={"rail": sandbox.NAME})
    return line_id
