"""Loans in life made directly, for tests of servicing: no application, no market. Their paper does not exist, so use them in a
transaction that is rolled back (`rolled_back`), where foreign keys are never asked."""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal

from django.db import transaction

from accounts.models import Party
from core import states
from ledger.chart import AccountCode
from ledger.models import Transfer
from ledger.queries import balance
from loans import standing
from loans.models import Loan, Participation
from loans.replay import replay
from payments import wallet

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
START = date(2026, 1, 15)
_serial = itertools.count(10_000_000)


@contextmanager
def rolled_back() -> Iterator[None]:
    """Whatever is done inside never was."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def lend(party: Party, holders: dict[Party, int], *, disbursed_on: date = START, **changes) -> Loan:
    """A loan paid out on `disbursed_on` and held by `holders`, its schedule written."""
    number = next(_serial)
    terms = {
        "principal": sum(holders.values()),
        "currency": "CNY",
        "annual_rate": Decimal("0.12"),
        "servicing_fee_rate": Decimal("0.006"),
        "penalty_rate": Decimal("0.06"),
        "grace_days": 3,
        "origination_fee": 0,
        "term_months": 12,
        "method": "equal_installment",
        "created_at": NOW,
    }
    loan = Loan.objects.create(agreement_id=number, file_id=number, party=party, **(terms | changes))
    states.move(loan, "funded", now=NOW, funded_at=NOW)
    states.move(loan, "active", now=NOW, disbursed_on=disbursed_on)
    Participation.objects.bulk_create(Participation(loan=loan, party=holder, amount=amount, originated_at=NOW) for holder, amount in holders.items())
    standing.store(loan, replay(standing.contract_of(loan), [], closed_to=disbursed_on - standing.DAY), before=None, event=0)
    return loan


def cash(party: Party) -> int:
    """What is free in a wallet, minor units."""
    return balance(code=AccountCode.CLIENT_CASH, owner=party.ledger_owner, currency="CNY").available


def platform(code: AccountCode) -> int:
    return balance(code=code, owner="platform", currency="CNY").posted


def give(party: Party, amount: int, *, key: str) -> None:
    """Money from the bank into a wallet."""
    from payments import deposit

    deposit.receive(rail="sandbox", line_id=key, amount=amount, currency="CNY", reference=party.reference, booked_on=START, now=NOW)


def assert_wallets_have_words() -> None:
    """No movement of a wallet is told as mere money in or out, in the wallet or in a statement."""
    for side, amount in (("debit_account", -1), ("credit_account", 1)):
        kinds = set(Transfer.objects.filter(**{f"{side}__code": AccountCode.CLIENT_CASH}).exclude(kind="test").values_list("kind", flat=True))
        assert [kind for kind in kinds if not wallet.known_words(kind, amount)] == []


def assert_stored_is_replayed(loan: Loan) -> None:
    """Every derived row is what the events say."""
    assert_wallets_have_words()
    loan = Loan.objects.get(pk=loan.pk)
    course = standing.course_of(loan, closed_to=loan.standing.closed_to)
    wanted = {row.number: row for row in standing.installments_of(loan.pk, course)}
    stored = {row.number: row for row in loan.installments.all()}
    assert wanted.keys() == stored.keys()
    for number, row in stored.items():
        assert {name: getattr(row, name) for name in standing.DERIVED} == {name: getattr(wanted[number], name) for name in standing.DERIVED}, number
    figures = standing.standing_of(loan, course)
    assert {name: getattr(loan.standing, name) for name in standing.STANDING} == {name: getattr(figures, name) for name in standing.STANDING}
    assert (loan.state, loan.days_late, loan.closed_on) == (course.state, course.days_late, course.closed_on)
    booked = loan.charges.values_list("number", "kind", "amount")
    for row in course.rows:
        for kind in ("fees", "penalties"):
            assert sum(amount for number, one, amount in booked if (number, one) == (row.number, kind)) == getattr(row.owed, kind)
    assert sum(loan.accruals.values_list("amount", flat=True)) == loan.standing.accrued
