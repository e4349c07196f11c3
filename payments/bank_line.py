"""A line of a bank's statement, kept as it came before anybody decides what it means. What a payer wrote may name anybody, so it is sealed:

under the key of the party it names, or, while nobody knows whose it is, under the installation's own; a blind index tells a repeated line from a changed one.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from accounts.models import Party
from payments.models import BankLine, Payment
from privacy import disclosure, vault
from privacy.disclosure import Actor

ENGINE = "payments.bank_lines"
SCOPE = "payments.bank_line.reference"
LONGEST = 500


class LineConflict(Exception):
    """A line id the bank used before came with other content. A person must look at it; nothing was booked."""

    code = "line_conflict"


def keep(*, reference: str, party: Party | None, now: datetime, **content: Any) -> BankLine:
    """The line, written first and then locked; the same line again is the one there is. Raises LineConflict."""
    words = reference[:LONGEST]
    content["reference_index"] = vault.blind_index(SCOPE, words)
    owner = party.subject_id if party and party.subject.erased_at is None else vault.installation()
    BankLine.objects.bulk_create([BankLine(received_at=now, subject_id=owner, reference=words, **content)], ignore_conflicts=True)
    rows = BankLine.objects.select_for_update(no_key=True, of=("self",)).select_related("payment")
    line = rows.get(rail=content["rail"], line_id=content["line_id"])
    if any(_differs(getattr(line, name), value) for name, value in content.items()):
        raise LineConflict(f"{line.rail}:{line.line_id}")
    return line


def _differs(kept: Any, came: Any) -> bool:
    return bytes(kept) != came if isinstance(came, bytes) else kept != came


def tie(line: BankLine, payment: Payment, *, now: datetime) -> None:
    """The line is this payment's."""
    BankLine.objects.filter(pk=line.pk).update(payment=payment, matched_at=now)


def hand_over(lines: Iterable[BankLine], *, party: Party, now: datetime) -> None:
    """It is known now whose these are: what was written is sealed anew under the party's key, and goes with the party one day."""
    for line in lines:
        words = vault.open_sealed(line, ["reference"], engine=ENGINE, purpose="wallet", now=now)["reference"]
        line.subject, line.reference = party.subject, words
        line.save(update_fields=["subject", "reference"])


def read(lines: Iterable[BankLine], *, actor: Actor, page: str, now: datetime, reference: str = "") -> list[tuple[BankLine, str]]:
    """What the payers wrote, for a person who has to find out whose money it is. The look is written down first."""
    held = list(lines)
    opened = disclosure.reveal_many(held, ["reference"], actor=actor, purpose="wallet", page=page, now=now, reference=reference)
    return [(line, (opened[line.pk] or {}).get("reference", "")) for line in held]
