"""Random lives of loans against a plain model: every wallet, every account, every loan to the cent after every step.

All examples share a few open listings, made once; each example happens in a transaction and is rolled back. `SOAK=1` takes many more.
"""

import os
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule, run_state_machine_as_test

from accounts.cast import Member
from core import business_day, outbox
from ledger.checks import check_books
from loans import delinquency, disbursement, product, repayment, schedule
from loans import loan as loans
from loans.models import DayRun, Loan
from marketplace import pledge as pledging
from marketplace.models import Listing, Pledge
from payments import deposit, withdrawal
from payments.rails import sandbox
from tests import stories
from tests.cast import alice, bob, carol, dan, eve, fay, grace
from tests.ledger.books import BooksMachine, Refused, Sums, real_accounts
from tests.marketplace.deal import LIVING, Deal
from tests.marketplace.world import UNIT, World

START = datetime(2026, 3, 2, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
STEPS = 60
EXAMPLES = 200 if os.environ.get("SOAK") else 25  # with the ledger's machine more than 10,000 steps, and each of these is a dozen of those
FATES = ("", "", "", "lose_answer", "lose_request", "delay", "refuse", "answer_twice")
LOANS = ((alice, "equal_installment", 6), (grace, "equal_principal", 9), (eve, "equal_installment", 12))


class Stock:
    """The people and the open listings every example begins with."""

    def __init__(self) -> None:
        business_day.advance(to=START.date(), now=START)
        self.people = {member.party.pk: member for member in (make(now=START) for make in (alice, bob, carol, eve, grace))}
        self.proposer, self.approver = fay(now=START), dan(now=START)
        self.accounts = {pk: stories.verified_account(member, now=START, serial=pk) for pk, member in self.people.items()}
        for make, method, term in LOANS:
            stories.accepted_loan(make(now=START), reviewer=self.approver, amount=500_000 + 10_000 * term, term_months=term, method=method, now=START)
        self.investors = [make(now=START).party.pk for make in (bob, carol, eve)]
        self.borrowers = [make(now=START).party.pk for make, *_terms in LOANS]

    def deals(self) -> list[Deal]:
        return [_deal(listing) for listing in Listing.objects.select_related("loan").order_by("pk")]


def _deal(listing: Listing) -> Deal:
    loan = listing.loan
    return Deal(
        listing=listing.pk,
        loan=loan.pk,
        borrower=loan.party_id,
        target=loan.principal,
        fee=loan.origination_fee,
        annual_rate=loan.annual_rate,
        fee_rate=loan.servicing_fee_rate,
        penalty_rate=loan.penalty_rate,
        grace_days=loan.grace_days,
        default_after=product.STANDARD.default_after_days,
        closes_at=listing.closes_at,
        plan=lambda day: schedule.build(loans.terms(loan, disbursed_on=day)).installments,
    )


parties, deals, small = st.integers(0, 4), st.integers(0, len(LOANS) - 1), st.integers(0, 400)
fates = st.sampled_from(FATES)


class MarketMachine(BooksMachine):
    """Everything people, the worker, the bank and the calendar can do."""

    stock: Stock
    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self.books.accounts.update(real_accounts())
        assert all(sums == Sums() for sums in self.books.accounts.values())
        self.world = World(self.books, START, START.date(), self.stock.deals())
        self.serial = 0

    def next(self) -> str:
        self.serial += 1
        return f"machine-{self.serial}"

    def both(self, real: Callable[[], object], told: Callable[[], object]) -> None:
        """Do it in both worlds: both do it, or both refuse for the same reason."""
        expected = answered = None
        try:
            told()
        except Refused as refusal:
            expected = str(refusal)
        try:
            real()
        except (pledging.UnableToPledge, repayment.UnableToRepay, withdrawal.UnableToWithdraw) as refusal:
            answered = refusal.code
        assert answered == expected

    @staticmethod
    def _pick(things: list, number: int) -> Any:
        return things[number % len(things)]

    def in_order(self, *states: str) -> list[Deal]:
        return [deal for deal in self.world.deals if deal.order in states]

    def in_life(self) -> list[Deal]:
        return [deal for deal in self.world.deals if deal.rows]

    def person(self, number: int) -> Member:
        return list(self.stock.people.values())[number]

    # --- Wallets

    @initialize(yuan=st.integers(3_000, 30_000), stories=st.tuples(*[st.none() | st.tuples(st.integers(1, 55), fates)] * len(LOANS)))
    def begin(self, yuan: int, stories: tuple[tuple[int, str] | None, ...]) -> None:
        """Investors bring money; some loans are funded by two of them and on their way to the borrower at once."""
        for pk in self.stock.investors:
            self._pay_in(self.stock.people[pk], yuan * 100)
        for deal, story in zip(self.world.deals, stories, strict=True):
            if story is not None:
                self._pledge(self.stock.investors[0], deal, story[0] * UNIT)
                self._pledge_the_rest(deal, self.stock.investors[1])
        self.work()
        for deal, story in zip(self.world.deals, stories, strict=True):
            if deal.order == "prepared" and story is not None:
                self._release(deal, story[1])

    def _pay_in(self, member: Member, amount: int, line: str = "") -> None:
        line = line or self.next()
        details = {"amount": amount, "currency": "CNY", "reference": member.party.reference, "booked_on": self.world.day}
        deposit.receive(rail="sandbox", line_id=line, now=self.world.now, **details)
        self.world.deposit(member.party.pk, amount)
        if amount % 3 == 0:
            deposit.receive(rail="sandbox", line_id=line, now=self.world.now, **details)  # the bank reports it again

    @rule(who=parties, cents=st.integers(1, 400_000))
    def pay_in(self, who: int, cents: int) -> None:
        self._pay_in(self.person(who), cents)

    @rule(who=parties, cents=st.integers(1, 300_000), fate=fates)
    def withdraw(self, who: int, cents: int, fate: str) -> None:
        member, key, now = self.person(who), self.next(), self.world.now
        bank_key = withdrawal._business_key(member.party, key)
        if fate:
            sandbox.order(fault=fate, key_prefix=bank_key, seconds=60)
        ordered = {"party": member.party, "bank_account": self.stock.accounts[member.party.pk], "amount": cents, "by": member.user, "key": key}
        self.both(lambda: withdrawal.request(as_of=self.world.day, now=now, **ordered), lambda: self.world.withdraw(member.party.pk, bank_key, cents, fate))

    # --- Pledges

    @rule(who=st.integers(0, 2), deal=deals, units=st.integers(0, 62), odd=st.sampled_from((0, 0, 0, 0, 0, 50)), stale=st.sampled_from((False,) * 9 + (True,)))
    def pledge(self, who: int, deal: int, units: int, odd: int, stale: bool) -> None:
        self._pledge(self.stock.investors[who], self.world.deals[deal], units * UNIT + odd, stale=stale)

    @rule(deal=deals, who=st.integers(0, 2))
    def pledge_the_rest(self, deal: int, who: int) -> None:
        self._pledge_the_rest(self.world.deals[deal], self.stock.investors[who])

    def _pledge_the_rest(self, deal: Deal, party: int) -> None:
        """As much as is open and in the wallet."""
        self._pledge(party, deal, min(deal.target - deal.funded, self.world.available(party)) // UNIT * UNIT)

    def _pledge(self, party: int, deal: Deal, amount: int, *, stale: bool = False) -> None:
        member, key, now = self.stock.people[party], self.next(), self.world.now
        listing = Listing.objects.select_related("loan__agreement__offer__application").get(pk=deal.listing)
        wish = pledging.Wish(listing, member.party, member.user, amount, listing.annual_rate + (1 if stale else 0))

        units = amount // UNIT

        def real() -> None:
            placed = pledging.place(wish, key=key, as_of=self.world.day, now=now)
            if units % 3 == 0:
                assert pledging.place(wish, key=key, as_of=self.world.day, now=now) == placed

        self.both(real, lambda: self.world.pledge(deal, party, self.serial, amount, stale=stale))

    @rule(pick=small)
    @precondition(lambda self: any(deal.pledges for deal in self.world.deals))
    def cancel(self, pick: int) -> None:
        chosen, told = self._pick([(deal, pledge) for deal in self.world.deals for pledge in deal.pledges], pick)
        row = Pledge.objects.get(hold_key=f"pledge:machine-{told.number}")
        by = self.stock.people[told.party].user
        self.both(lambda: pledging.cancel(row, by=by, as_of=self.world.day, now=self.world.now), lambda: self.world.cancel(chosen, told))

    # --- The worker, the bank, two people of staff, the calendar

    @rule()
    def work(self) -> None:
        outbox.drain(now=self.world.now)
        self.world.work()
        self._read_register()

    def _read_register(self) -> None:
        """In which order the holders stand is the register's own affair."""
        for deal in self.world.deals:
            if deal.holdings and not all(holding.place for holding in deal.holdings.values()):
                for pk, party in Loan.objects.get(pk=deal.loan).participations.values_list("pk", "party"):
                    deal.holdings[party].place = pk

    @rule(pick=small, fate=fates)
    @precondition(lambda self: self.in_order("prepared"))
    def release(self, pick: int, fate: str) -> None:
        self._release(self._pick(self.in_order("prepared"), pick), fate)

    def _release(self, deal: Deal, fate: str) -> None:
        order = Loan.objects.get(pk=deal.loan).disbursement
        if fate:
            sandbox.order(fault=fate, key_prefix=f"disbursement:{order.reference}:{order.attempt}", seconds=60)
        disbursement.propose(order, by=self.stock.proposer.user, now=self.world.now)
        disbursement.approve(order, by=self.stock.approver.user, now=self.world.now)
        deal.order, deal.fate = "approved", fate
        self.work()

    @rule(minutes=st.sampled_from((10, 30, 600)))
    def time_passes(self, minutes: int) -> None:
        if (self.world.now + timedelta(minutes=minutes)).date() == self.world.day:
            self.world.now += timedelta(minutes=minutes)
        self.work()

    @rule(days=st.sampled_from((1, 1, 1, 2)))
    def days_pass(self, days: int) -> None:
        for _ in range(days):
            self._next_day(1)
            delinquency.close_day(to=self.world.day, now=self.world.now)
            self._close()
        self.work()

    @rule(days=st.sampled_from((9, 28, 31, 31, 61, 95)))
    @precondition(lambda self: any(deal.loan_state in LIVING for deal in self.world.deals))
    def weeks_pass(self, days: int) -> None:
        """The last night finds every loan lagging behind, and replays it through the nights it missed."""
        self._next_day(days)
        business_day.advance(to=self.world.day - timedelta(days=1), now=self.world.now)
        DayRun.objects.create(on=self.world.day - timedelta(days=2), phase=DayRun.Phase.FINISHED, started_at=self.world.now, finished_at=self.world.now)
        delinquency.close_day(to=self.world.day, now=self.world.now)
        self._close()
        self.work()

    def _next_day(self, days: int) -> None:
        self.world.day += timedelta(days=days)
        self.world.now = START + (self.world.day - START.date())

    def _close(self) -> None:
        for deal in self.world.deals:
            deal.close_through(self.world.day - timedelta(days=1))

    # --- Repaying

    @rule(pick=small)
    @precondition(lambda self: self.in_life())
    def pay_what_is_due(self, pick: int) -> None:
        deal = self._pick(self.in_life(), pick)
        owed = repayment.owed(Loan.objects.get(pk=deal.loan), as_of=self.world.day)
        assert owed.due == deal.due(self.world.day)
        self._pay(deal, owed.due or owed.next_amount or 1)

    @rule(pick=small, cents=st.integers(1, 250_000))
    @precondition(lambda self: self.in_life())
    def pay_some(self, pick: int, cents: int) -> None:
        self._pay(self._pick(self.in_life(), pick), cents)

    def _pay(self, deal: Deal, amount: int) -> None:
        loan, by, key, now = Loan.objects.get(pk=deal.loan), self.stock.people[deal.borrower].user, self.next(), self.world.now
        self._earn(deal.borrower, amount)

        def real() -> None:
            made = repayment.pay(loan=loan, amount=amount, by=by, key=key, as_of=self.world.day, now=now)
            if amount % 3 == 0:
                assert repayment.pay(loan=loan, amount=amount, by=by, key=key, as_of=self.world.day, now=now) == made

        self.both(real, lambda: self.world.pay(deal, amount))

    def _earn(self, borrower: int, amount: int) -> None:
        """Three times of four the borrower pays in what is missing."""
        missing = amount - self.world.available(borrower)
        if missing > 0 and self.serial % 4:
            self._pay_in(self.stock.people[borrower], missing)

    @rule(pick=small)
    @precondition(lambda self: self.serial % 4 == 0 and any(deal.loan_state in LIVING for deal in self.world.deals))
    def settle_early(self, pick: int) -> None:
        chosen = self._pick([deal for deal in self.world.deals if deal.loan_state in LIVING], pick)
        loan, by, key, now = Loan.objects.get(pk=chosen.loan), self.stock.people[chosen.borrower].user, self.next(), self.world.now
        total = repayment.quote_settlement(loan, as_of=self.world.day).total
        assert total == chosen.settlement(self.world.day)
        self._earn(chosen.borrower, total)
        self.both(
            lambda: repayment.settle_early(loan=loan, expected=total, by=by, key=key, as_of=self.world.day, now=now), lambda: self.world.settle_early(chosen)
        )

    # --- After every step

    @invariant()
    def loans_equal_the_model(self) -> None:
        type(self).steps += 1
        assert real_rows() == told_rows(self.world)

    def teardown(self) -> None:
        try:
            assert check_books().is_clean
        finally:
            super().teardown()


ROWS = """
    SELECT 'listing', id, 0::bigint, concat_ws(' ', funded, state) FROM marketplace_listing
    UNION ALL SELECT 'loan', id, 0, concat_ws(' ', state, days_late, disbursed_on) FROM loans_loan
    UNION ALL SELECT 'pledge', listing_id, split_part(hold_key, '-', 2)::bigint, concat_ws(' ', party_id, amount, state) FROM marketplace_pledge
    UNION ALL SELECT 'installment', loan_id, number,
           concat_ws(' ', due_on, principal, interest, penalties, paid_principal, paid_interest, paid_penalties, waived_interest, paid_on)
      FROM loans_installment
    UNION ALL SELECT 'charges', loan_id, number, sum(amount)::text FROM loans_charge GROUP BY loan_id, number
    UNION ALL SELECT 'holding', loan_id, party_id, concat_ws(' ', amount, received_principal, received_interest, received_penalties) FROM loans_participation
    UNION ALL SELECT 'order', loan_id, attempt, state FROM loans_disbursement
    UNION ALL SELECT 'payout', 0, amount, string_agg(state, ' ' ORDER BY state) FROM payments_payment WHERE direction = 'out' GROUP BY amount"""


def real_rows() -> dict[tuple[str, int, int], str]:
    """What the database holds of every loan, as text: kind, loan or listing, number → values."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS)
        return {(kind, one, two): text for kind, one, two, text in cursor.fetchall()}


def told_rows(world: World) -> dict[tuple[str, int, int], str]:
    """The same of the model."""
    told: dict[tuple[str, int, int], str] = {}
    for deal in world.deals:
        told["listing", deal.listing, 0] = _text(deal.funded, deal.state)
        told["loan", deal.loan, 0] = _text(deal.loan_state, deal.days_late, deal.disbursed_on)
        for pledge in deal.pledges:
            told["pledge", deal.listing, pledge.number] = _text(pledge.party, pledge.amount, pledge.state)
        for number, row in enumerate(deal.rows, start=1):
            told["installment", deal.loan, number] = _text(*vars(row).values())
            if row.penalties:
                told["charges", deal.loan, number] = str(row.penalties)
        for holding in deal.holdings.values():
            told["holding", deal.loan, holding.party] = _text(holding.amount, *holding.received.values())
        if deal.order:
            told["order", deal.loan, deal.attempt] = deal.order
    for amount in {payout.amount for payout in world.payouts}:
        told["payout", 0, amount] = " ".join(sorted(payout.state for payout in world.payouts if payout.amount == amount))
    return told


def _text(*values: Any) -> str:
    return " ".join(str(value) for value in values if value is not None)


def nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Messages move no money and are tested where they are written; here they would be half of the work."""
    money = {
        name: {label: one for label, one in heard.items() if "notices." not in label and "notifications." not in label}
        for name, heard in outbox._handlers.items()
    }
    monkeypatch.setattr(outbox, "_handlers", money)


@pytest.mark.soak
@pytest.mark.django_db(transaction=True)  # each example is a transaction of its own, as in the ledger's machine
def test_random_lives_of_loans_end_as_the_model_says(record_property: Callable[[str, object], None], monkeypatch: pytest.MonkeyPatch) -> None:
    nobody_is_told(monkeypatch)
    monkeypatch.setattr(MarketMachine, "stock", Stock(), raising=False)
    monkeypatch.setattr(MarketMachine, "steps", 0)
    run_state_machine_as_test(
        MarketMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not os.environ.get("SOAK"),
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.generate, Phase.shrink],
        ),
    )
    record_property("steps of the market machine", MarketMachine.steps)
    assert MarketMachine.steps >= 1_000, "with the nine thousand of the ledger's machine: ten thousand in every run"
