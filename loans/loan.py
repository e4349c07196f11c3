"""A loan's beginning and its changes of state: the schedule, the file's stage, the holders' grants, and who is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from core import outbox, states
from core.money import digits
from loans import file as files
from loans import schedule
from loans.models import BorrowerFile, Installment, Loan
from privacy import consents

STAGES = {"active": "funded", "late": "late", "defaulted": "default", "written_off": "default", "repaid": "closed"}


def terms(loan: Loan, *, disbursed_on: date | None) -> schedule.Terms:
    """The schedule engine's input for this contract."""
    return schedule.Terms(
        method=loan.method,  # type: ignore[arg-type]
        principal=loan.principal,
        annual_rate=loan.annual_rate,
        periods=loan.term_months,
        currency_digits=digits(loan.currency),
        disbursed_on=disbursed_on,
    )


def begin(loan: Loan, *, disbursed_on: date, now: datetime) -> None:
    """Write the schedule, open the file to the holders, and make the loan active."""
    rows = schedule.build(terms(loan, disbursed_on=disbursed_on)).installments
    Installment.objects.bulk_create(
        Installment(loan=loan, number=row.number, due_on=row.due_on, principal=row.principal, interest=row.interest, balance_after=row.balance_after)
        for row in rows
        if row.due_on
    )
    change(loan, "active", now=now, why="disbursed", disbursed_on=disbursed_on)
    open_to_holders(loan, now=now)


def open_to_holders(loan: Loan, *, now: datetime) -> None:
    """Every holder sees what holders see, on the borrower's standing consent; without one, nobody does."""
    standing = consents.state(subject=loan.file.subject, purpose="listing_disclosure", matter=loan.file.matter, now=now)
    if not standing.given or standing.last is None:
        return
    for participation in loan.participations.select_related("party"):
        files.grant(file=loan.file, party=participation.party, relation="holder", consent=standing.last, now=now)


def change(loan: Loan, to: str, *, now: datetime, why: str, **updates: Any) -> None:
    """Move the loan, carry its file to the matching stage, and say so upward."""
    states.move(loan, to, now=now, why=why, **updates)
    BorrowerFile.objects.filter(pk=loan.file_id).update(stage=STAGES[to])
    outbox.enqueue("loan.state_changed", key=f"loan:{loan.pk}:{to}:{now.isoformat()}", payload={"loan": loan.pk, "state": to, "why": why})
