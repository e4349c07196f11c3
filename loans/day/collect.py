"""Collecting what falls due from borrowers who asked for it: all orders are decided before the first wallet is touched.

So the outcome does not depend on which worker is faster: an order may only spend what its wallet held when the phase began, and a
borrower's loans take their turn by due date.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import groupby

from django.db import connection, transaction

from accounts.models import Party
from ledger.chart import AccountCode
from ledger.queries import balances
from loans import repayment, standing
from loans.day import close
from loans.event import Entry, UnableToEnter, enter
from loans.models import AutopayOrder, DayRun, Loan
from loans.replay import Kind

PAID_ALREADY = "paid_already"
DUE = """
SELECT l.id, l.party_id, l.currency, due.amount
  FROM loans_loan l JOIN loans_standing s ON s.loan_id = l.id
 CROSS JOIN LATERAL (
       SELECT min(i.due_on) AS oldest, sum(
              i.fees + i.penalties - i.paid_fees - i.paid_penalties - i.waived_fees - i.waived_penalties + CASE WHEN i.due_on <= %(today)s
              THEN i.principal + i.interest - i.paid_principal - i.paid_interest - i.waived_interest
              ELSE -i.spread_fees - i.spread_penalties END) AS amount
         FROM loans_installment i WHERE i.loan_id = l.id AND i.paid_on IS NULL) due
 WHERE l.autopay AND s.live AND NOT s.parked AND s.disputed_on IS NULL AND s.oldest_unpaid_on <= %(today)s AND due.amount > 0
 ORDER BY l.party_id, l.currency, due.oldest, l.id
"""


def decide(run: DayRun, *, today: date) -> int:
    """Write one order for each loan with autopay that owes something today. Returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"today": today})
        rows = cursor.fetchall()
    AutopayOrder.objects.bulk_create(_orders(run, rows), batch_size=5000)
    return len(rows)


def _orders(run: DayRun, rows: list[tuple[int, int, str, int]]) -> Iterator[AutopayOrder]:
    for currency, listed in groupby(sorted(rows, key=lambda row: row[2]), key=lambda row: row[2]):
        due = list(listed)
        owners = {party.pk: party.ledger_owner for party in Party.objects.filter(pk__in={row[1] for row in due})}
        cash = balances(code=AccountCode.CLIENT_CASH, owners=owners.values(), currency=currency)
        for party_id, own in groupby(due, key=lambda row: row[1]):
            left = cash[owners[party_id]].available
            for loan_id, _party, _currency, amount in own:
                affordable = amount <= left
                left -= amount if affordable else 0
                yield AutopayOrder(run=run, loan_id=loan_id, party_id=party_id, amount=amount, affordable=affordable)


def collect(first: int, last: int, *, run: DayRun, today: date, now: datetime) -> dict[str, int]:
    """Carry out the orders from `first` to `last`. What cannot be taken is noted on the loan and tried again the next day.

    An order that breaks parks its loan; the others go on.
    """
    counts = {"paid": 0, "failed": 0}
    for order in AutopayOrder.objects.filter(run=run, pk__range=(first, last), outcome="").select_related("loan", "run").order_by("pk"):
        outcome = _isolated(order, today=today, now=now)
        AutopayOrder.objects.filter(pk=order.pk).update(outcome=outcome)
        if outcome != PAID_ALREADY:
            counts["paid" if outcome == "paid" else "failed"] += 1
    return counts


def _isolated(order: AutopayOrder, *, today: date, now: datetime) -> str:
    try:
        with transaction.atomic():
            return _carry_out(order, today=today, now=now)
    except Exception as error:
        close.park(order.loan_id, reason=close.reason_of(error), day=order.run.on, now=now, tally=close.Tally())
        return "error"


def _carry_out(order: AutopayOrder, *, today: date, now: datetime) -> str:
    outcome = _pay(order, today=today, now=now) if order.affordable else "insufficient_funds"
    if outcome not in ("paid", PAID_ALREADY) and _falls_due(order.loan, today):
        note(order.loan, "autopay_failed", today=today, now=now)
    return outcome


def _pay(order: AutopayOrder, *, today: date, now: datetime) -> str:
    """Take what is still due: since the order was decided the borrower may have paid by hand."""
    key = f"autopay:{order.loan_id}:{today.isoformat()}"
    try:
        with transaction.atomic():
            held, _standing = standing.lock(order.loan)
            amount = min(order.amount, repayment.owed(held, as_of=today).due)
            if not amount:
                return PAID_ALREADY
            repayment.pay(loan=held, amount=amount, by=None, key=key, as_of=today, now=now)
    except repayment.UnableToRepay as error:
        return error.code[:24]
    return "paid"


def _falls_due(loan: Loan, today: date) -> bool:
    return loan.installments.filter(due_on=today, paid_on=None).exists()


def note(loan: Loan, what: str, *, today: date, now: datetime) -> None:
    """Remember on the loan that something happened that moved nothing."""
    try:
        with transaction.atomic():
            enter(loan, Entry(Kind.NOTE, today, data={"what": what}), by=None, key=f"note:{what}:{loan.pk}:{today.isoformat()}", as_of=today, now=now)
    except UnableToEnter:
        return
