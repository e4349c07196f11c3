"""What the repayment pages refuse, and that nothing is taken when they do."""

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from core import business_day, outbox
from ledger.checks import check_books
from loans import repayment
from loans.models import Loan, Repayment
from marketplace.models import Listing
from payments import wallet
from tests import stories
from tests.cast import alice, bob, client_of, dan, eve, fay
from tests.worlds import world

pytestmark = pytest.mark.django_db
AMOUNT, CASH = 4_800_000, 3_000_000


@world
def now() -> datetime:
    moment = timezone.now()
    business_day.advance(to=timezone.localdate(moment), now=moment)
    return moment


@world
def loan(now: datetime) -> Loan:
    """Alice's loan, held by Bob and paid out; 30,000 yuan are in her wallet."""
    loan = stories.accepted_loan(alice(now=now), reviewer=dan(now=now), amount=AMOUNT, term_months=6, now=now)
    stories.verified_account(alice(), now=now)
    stories.pay_in(bob(now=now), AMOUNT, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob(), AMOUNT, now=now)
    outbox.drain(now=now)
    stories.pay_out(Loan.objects.get(pk=loan.pk), proposer=fay(now=now), approver=dan(), now=now)
    stories.pay_in(alice(), CASH, now=now)
    return Loan.objects.get(pk=loan.pk)


def send(loan: Loan, amount: str, *, client: Client | None = None, **changes: Any) -> Any:
    return (client or client_of(alice())).post(f"/loans/{loan.reference}/repay/", {"amount": amount, "idempotency_key": uuid4().hex} | changes)


def settle(loan: Loan, expected: object, **changes: Any) -> Any:
    fields = {"expected": str(expected), "idempotency_key": uuid4().hex} | changes
    return client_of(alice()).post(f"/loans/{loan.reference}/settle/", fields)


def nothing_was_taken() -> None:
    assert not Repayment.objects.exists()
    assert wallet.overview(alice().party).available == CASH
    assert check_books().is_clean


def test_amounts_that_cannot_be(loan: Loan) -> None:
    for amount in ("", "0", "-5", "0.001", "many", "1e9", "30,000.01", "99999999", "9" * 5000):
        assert send(loan, amount).status_code == 422, amount[:20]
    nothing_was_taken()


def test_full_width_digits_are_digits(loan: Loan) -> None:
    assert send(loan, "１００．０５").status_code == 302
    assert Repayment.objects.get().amount == 10_005


def test_sent_twice_is_one_repayment_and_with_another_amount_a_conflict(loan: Loan) -> None:
    key = uuid4().hex
    assert [send(loan, "100", idempotency_key=key).status_code for _ in range(2)] == [302, 302]
    assert send(loan, "200", idempotency_key=key).status_code == 409
    assert Repayment.objects.get().amount == 10_000
    assert check_books().is_clean


def test_long_keys_that_begin_alike_are_different_keys(loan: Loan) -> None:
    for tail in "ab":
        assert send(loan, "100", idempotency_key="k" * 200 + tail).status_code == 302
    assert Repayment.objects.count() == 2


def test_more_than_is_owed_is_not_taken(loan: Loan, now: datetime) -> None:
    stories.pay_in(alice(), 5_000_000, now=now)
    owed = repayment.owed(loan, as_of=business_day.current()).all
    assert send(loan, f"{(owed + 1) / 100:.2f}").status_code == 422
    assert not Repayment.objects.exists()


def test_a_stale_settlement_is_told_and_an_odd_one_refused(loan: Loan, now: datetime) -> None:
    stories.pay_in(alice(), 5_000_000, now=now)
    quote = repayment.quote_settlement(loan, as_of=business_day.current()).total
    business_day.advance(to=business_day.current() + timedelta(days=3), now=now)
    for expected, status in ((quote, 409), (-1, 409), ("", 400), ("all of it", 400), ("9" * 5000, 400)):
        assert settle(loan, expected).status_code == status, str(expected)[:20]
    assert not Repayment.objects.exists()
    quote = repayment.quote_settlement(loan, as_of=business_day.current()).total
    key = uuid4().hex
    assert [settle(loan, quote, idempotency_key=key).status_code for _ in range(2)] == [302, 302]
    loan.refresh_from_db()
    assert (loan.state, Repayment.objects.count(), check_books().is_clean) == ("repaid", 1, True)
    assert send(loan, "1").status_code == 422


def test_somebody_elses_loan_is_not_there(loan: Loan) -> None:
    stranger = client_of(eve())
    assert stranger.get(f"/loans/{loan.reference}/").status_code == 404
    assert send(loan, "100", client=stranger).status_code == 404
    assert stranger.post(f"/loans/{loan.reference}/settle/", {"expected": "1", "idempotency_key": uuid4().hex}).status_code == 404
    nothing_was_taken()


def test_another_site_cannot_repay_in_alices_name(loan: Loan) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client_of(alice()).cookies
    assert send(loan, "100", client=strict).status_code == 403
    nothing_was_taken()
