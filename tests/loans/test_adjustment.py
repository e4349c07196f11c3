"""What staff enter on a loan: seen before it is proposed, confirmed by another person who sees the same, never on a loan of one's own."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from accounts.models import Act
from ledger.chart import AccountCode
from loans import adjustment, standing
from loans.adjustment import UnableToAdjust
from loans.event import Entry, UnableToEnter, enter
from loans.models import Adjustment, Repayment
from loans.replay import Kind
from tests.cast import alice, bob, carol, dan, eve, fay
from tests.loans.book import NOW, assert_stored_is_replayed, cash, give, lend, platform, rolled_back
from tests.loans.spending import fund_platform

pytestmark = pytest.mark.django_db
FEB, MAR = date(2026, 2, 15), date(2026, 3, 10)
LEVEL = 106_619


@pytest.fixture
def loan():
    with rolled_back():
        borrower, *holders = (who(now=NOW).party for who in (alice, bob, carol, eve))
        give(borrower, 2_000_000, key="alice")
        yield lend(borrower, dict(zip(holders, (600_000, 400_000, 200_000), strict=True)))


def propose(loan, entry, *, why="late_receipt", by=None, as_of=MAR):
    return adjustment.propose(loan, entry, why=why, by=by or dan(now=NOW).user, as_of=as_of, now=NOW)


def approve(made, *, by=None, as_of=MAR, seen=None):
    seen = seen or adjustment.difference(made, as_of=as_of).fingerprint
    return adjustment.approve(made, seen=seen, by=by or fay(now=NOW).user, as_of=as_of, now=NOW)


def test_a_backdated_payment_is_seen_proposed_confirmed_and_corrected(loan):
    """Paid on 15 February, found on 10 March: nineteen nights of late charges fall away."""
    made = propose(loan, Entry(Kind.PAYMENT, FEB, LEVEL))
    assert (made.difference["state_before"], made.difference["state_after"]) == ("active", "active")
    assert (made.difference["days_before"], made.difference["days_after"]) == (23, 0)
    assert made.difference["owed_before"]["penalties"] == 19 * 17
    assert made.difference["owed_after"]["penalties"] == 0
    assert not Repayment.objects.exists()
    event = approve(made)
    made.refresh_from_db()
    assert (made.state, made.event, made.decided_by) == ("entered", event, fay().user)
    assert (event.on, event.booked_on) == (FEB, MAR)
    loan.refresh_from_db()
    assert (loan.state, loan.days_late, loan.standing.oldest_unpaid_on) == ("active", 0, date(2026, 3, 15))
    assert_stored_is_replayed(loan)
    acts = set(Act.objects.filter(target=made.reference).values_list("actor", "action"))
    assert acts == {(dan().user.pk, "adjustment.propose"), (fay().user.pk, "adjustment.entered")}


def test_nobody_confirms_what_they_proposed(loan):
    made = propose(loan, Entry(Kind.FEE, MAR, 500))
    for act in (lambda: approve(made, by=dan().user), lambda: adjustment.decline(made, by=dan().user, now=NOW)):
        with pytest.raises(UnableToAdjust, match="four_eyes"):
            act()
    with pytest.raises(IntegrityError, match="four_eyes"), transaction.atomic():
        Adjustment.objects.filter(pk=made.pk).update(state="entered", decided_by=dan().user, decided_at=NOW, event=approve(made))


def test_whoever_is_bound_or_holds_a_part_keeps_out(loan):
    for member in (alice(), bob()):
        with pytest.raises(UnableToAdjust, match="own_loan"):
            propose(loan, Entry(Kind.FEE, MAR, 500), by=member.user)
    made = propose(loan, Entry(Kind.FEE, MAR, 500))
    with pytest.raises(UnableToAdjust, match="own_loan"):
        approve(made, by=carol().user)


def test_what_was_seen_is_what_is_entered(loan):
    """Between the look and the confirmation another payment came: the second person looks again."""
    made = propose(loan, Entry(Kind.PAYMENT, FEB, LEVEL))
    seen = adjustment.difference(made, as_of=MAR).fingerprint
    approve(propose(loan, Entry(Kind.PAYMENT, date(2026, 3, 1), 5_000)))
    with pytest.raises(UnableToAdjust, match="moved_on"):
        approve(made, seen=seen)
    made.refresh_from_db()
    assert made.state == "proposed"
    approve(made)
    loan.refresh_from_db()
    assert_stored_is_replayed(loan)


def test_nothing_comes_between_the_comparison_and_the_entry(loan, monkeypatch):
    """Another payment is committed while the second person's confirmation waits for the loan: what they saw no longer holds."""
    made = propose(loan, Entry(Kind.PAYMENT, FEB, LEVEL))
    seen, lock = adjustment.difference(made, as_of=MAR).fingerprint, standing.lock

    def lock_after_another_payment(held):
        monkeypatch.setattr(standing, "lock", lock)
        enter(loan, Entry(Kind.PAYMENT, date(2026, 3, 1), 5_000), by=None, key="meanwhile", as_of=MAR, now=NOW)
        return lock(held)

    monkeypatch.setattr(standing, "lock", lock_after_another_payment)
    with pytest.raises(UnableToAdjust, match="moved_on"):
        approve(made, seen=seen)


def test_declined_and_taken_back_are_final_and_enter_nothing(loan):
    first, second = (propose(loan, Entry(Kind.FEE, MAR, amount)) for amount in (500, 600))
    adjustment.decline(first, by=fay(now=NOW).user, now=NOW)
    with pytest.raises(UnableToAdjust, match="not_yours"):
        adjustment.withdraw(second, by=fay().user, now=NOW)
    adjustment.withdraw(second, by=dan().user, now=NOW)
    for made in (first, second):
        with pytest.raises(Exception, match=r"declined|withdrawn"):
            approve(made)
    assert not loan.events.exists()


def test_what_cannot_be_entered_is_not_even_proposed(loan):
    with pytest.raises(UnableToEnter, match="in_future"):
        propose(loan, Entry(Kind.FEE, date(2026, 3, 11), 500))
    with pytest.raises(UnableToAdjust, match="kind"):
        propose(loan, Entry(Kind.SETTLEMENT, MAR, 500))
    assert not Adjustment.objects.exists()


def test_a_returned_debit_a_chargeback_and_goodwill(loan):
    """The money of each, to the cent: back to the borrower's wallet, from the holders; and ours for theirs."""
    paid = approve(propose(loan, Entry(Kind.PAYMENT, FEB, LEVEL)))
    back = approve(propose(loan, Entry(Kind.CHARGEBACK, MAR, 60_000, undoes=paid.number), why="chargeback"))
    assert cash(alice().party) == 2_000_000 - LEVEL + 60_000
    with pytest.raises(UnableToEnter, match="charged_back"):
        propose(loan, Entry(Kind.VOID, MAR, undoes=paid.number), why="returned_debit")
    other = approve(propose(loan, Entry(Kind.PAYMENT, MAR, 10_000)))
    approve(propose(loan, Entry(Kind.VOID, MAR, undoes=other.number), why="returned_debit"))
    assert cash(alice().party) == 2_000_000 - LEVEL + 60_000
    gift = propose(loan, Entry(Kind.GOODWILL, MAR, 1_000), why="gesture")
    with pytest.raises(UnableToEnter, match="platform_short"):
        approve(gift)
    fund_platform(1_000, key="own")
    approve(gift)
    assert platform(AccountCode.OPERATOR_FUNDS) == 0
    loan.refresh_from_db()
    assert_stored_is_replayed(loan)
    assert back.undoes == paid.number


def test_a_dispute_stops_collecting_and_counting_until_it_is_over(loan):
    approve(propose(loan, Entry(Kind.DISPUTE, date(2026, 2, 20)), why="contested"))
    loan.refresh_from_db()
    assert (loan.standing.disputed_on, loan.days_late) == (date(2026, 2, 20), 5)
    assert loan.standing.pause_until.year == 9999
    assert sum(loan.charges.values_list("amount", flat=True)) == 17  # the night of the 19th, before it
    for entry, code in ((Entry(Kind.PAYMENT, MAR, 5_000), "disputed"), (Entry(Kind.DISPUTE, MAR), "disputed_already")):
        with pytest.raises(UnableToEnter, match=code):
            propose(loan, entry)
    propose(loan, Entry(Kind.PAYMENT, FEB, 5_000))  # money from before the dispute may still be found
    approve(propose(loan, Entry(Kind.DISPUTE_OVER, date(2026, 3, 1)), why="settled"))
    loan.refresh_from_db()
    assert (loan.standing.disputed_on, loan.days_late) == (None, 5 + 9)
    assert sum(loan.charges.values_list("amount", flat=True)) == (1 + 9) * 17
    assert_stored_is_replayed(loan)
    with pytest.raises(UnableToEnter, match="not_disputed"):
        propose(loan, Entry(Kind.DISPUTE_OVER, MAR))
