"""JSON for `loans.waterfall`."""

from typing import Any, get_args

from config.reading import Record, day, listed, one_of, text, translated, whole
from loans.waterfall import Allocation, Charge, ChargeKind, Due, Overpayment, Payment, Split, Standing, UnableToAllocate, allocate


def run(data: dict[str, Any]) -> dict[str, Any]:
    record = Record(data)
    schedule = record.take("schedule", listed(_due))
    charges = record.take("charges", listed(_charge))
    payments = record.take("payments", listed(_payment))
    order = record.take("order", text)
    overpayment = record.take("overpayment", one_of(*get_args(Overpayment)), "hold")
    record.done()
    with translated(UnableToAllocate):
        return written(allocate(schedule=schedule, charges=charges, payments=payments, order=order, overpayment=overpayment))


def _due(value: Any, name: str) -> Due:
    record = Record(value, name)
    due = Due(record.take("due_on", day), record.take("principal", whole), record.take("interest", whole))
    record.done()
    return due


def _charge(value: Any, name: str) -> Charge:
    record = Record(value, name)
    charge = Charge(record.take("kind", one_of(*get_args(ChargeKind))), record.take("due_on", day), record.take("amount", whole))
    record.done()
    return charge


def _payment(value: Any, name: str) -> Payment:
    record = Record(value, name)
    payment = Payment(record.take("on", day), record.take("amount", whole))
    record.done()
    return payment


def written(allocation: Allocation) -> dict[str, Any]:
    return {
        "installments": [_standing(row) for row in allocation.installments],
        "portions": [{"on": portion.on.isoformat(), "amount": portion.amount, **_split(portion.split)} for portion in allocation.portions],
        "overpaid": allocation.overpaid,
    }


def _standing(row: Standing) -> dict[str, Any]:
    found = {
        "number": row.number,
        "due_on": row.due_on.isoformat(),
        **_split(row.owed),
        "due_total": row.owed.total,
        "paid": row.settled.total,
        "in_advance": row.in_advance,
        "late": row.late,
        "outstanding": row.outstanding,
    }
    return found | ({"paid_off_on": row.paid_off_on.isoformat()} if row.paid_off_on else {})


def _split(split: Split) -> dict[str, int]:
    return {"principal": split.principal, "interest": split.interest, "fees": split.fees, "penalties": split.penalties}
