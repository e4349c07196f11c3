"""A book of schedules written at once is what each loan's own beginning would write."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from loans import takeover
from loans.models import Installment
from tests.cast import alice, bob
from tests.loans.book import NOW, lend, rolled_back

pytestmark = pytest.mark.django_db
FIELDS = ("loan_id", "number", "starts_on", "due_on", "principal", "interest", "balance_after", "fees", "paid_principal", "paid_on")


@pytest.mark.parametrize("stretch", [1, 2_000])
def test_the_same_rows_in_whatever_stretches(stretch, monkeypatch):
    monkeypatch.setattr(takeover, "STRETCH", stretch)
    with rolled_back():
        borrower, holder = alice(now=NOW).party, bob(now=NOW).party
        loans = [
            lend(borrower, {holder: 500_000 + 777 * n}, disbursed_on=date(2026, 1, 27) + timedelta(days=n), term_months=(6, 12, 13)[n % 3], annual_rate=rate)
            for n, rate in enumerate([Decimal(0), Decimal("0.12"), Decimal("0.155"), Decimal("0.083333"), Decimal("0.36"), Decimal("0.01")])
        ]
        wanted = list(Installment.objects.order_by("loan_id", "number").values_list(*FIELDS))
        Installment.objects.all().delete()
        assert takeover.write_schedules(loans) == len(wanted)
        assert list(Installment.objects.order_by("loan_id", "number").values_list(*FIELDS)) == wanted


def test_only_level_loans_that_were_paid_out():
    with rolled_back():
        loan = lend(alice(now=NOW).party, {bob(now=NOW).party: 500_000}, method="equal_principal")
        with pytest.raises(ValueError, match="level"):
            takeover.write_schedules([loan])
