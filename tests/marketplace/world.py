"""The whole market as plain Python: wallets, pledges, payments in dictionaries, no SQL; the loans are in tests/marketplace/deal.py.

Written from the rules, not from the code. It moves money in `books` (tests/ledger/books.py) and raises `Refused` with the code the product
must answer with.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import count

from ledger.chart import AccountCode
from tests.ledger.books import At, Books, Refused
from tests.marketplace.deal import LIVING, Deal, Pledge

UNIT = 10_000
LOOK_AFTER = timedelta(minutes=5)
"""Longer than the product waits before it looks a payment up, and than the bank delays one."""
BANK: At = (AccountCode.BANK, "rail:sandbox")
TRANSIT: At = (AccountCode.TRANSIT_OUT, "rail:sandbox")
ORIGINATION: At = (AccountCode.ORIGINATION_FEES, "platform")
SERVICING: At = (AccountCode.SERVICING_FEES, "platform")


def cash(party: int) -> At:
    return AccountCode.CLIENT_CASH, f"party:{party}"


@dataclass
class Payout:
    """Money on its way to a bank. `fate` is how the bank will treat the first request."""

    key: str
    source: At
    amount: int
    fate: str
    state: str = "created"
    look_at: datetime | None = None
    deal: Deal | None = None


@dataclass
class World:
    books: Books
    now: datetime
    day: date
    deals: list[Deal]
    payouts: list[Payout] = field(default_factory=list)
    numbers: count = field(default_factory=count)

    def _post(self, debit: At, credit: At, amount: int) -> None:
        self.books.post(f"m{next(self.numbers)}", debit, credit, amount)

    def available(self, party: int) -> int:
        sums = self.books.accounts[cash(party)]
        return sums.credits_posted - sums.debits_posted - sums.debits_pending

    # --- Wallets

    def deposit(self, party: int, amount: int) -> None:
        self._post(BANK, cash(party), amount)

    def withdraw(self, party: int, key: str, amount: int, fate: str) -> None:
        self._post(cash(party), TRANSIT, amount)
        self.payouts.append(Payout(key, cash(party), amount, fate))

    # --- Pledges

    def pledge(self, deal: Deal, party: int, number: int, amount: int, *, stale: bool = False) -> None:
        if deal.state != "open" or self.now >= deal.closes_at:
            raise Refused("closed")
        if stale:
            raise Refused("stale_price")
        if amount < UNIT:
            raise Refused("below_minimum")
        if amount % UNIT:
            raise Refused("not_a_multiple")
        if amount > deal.target - deal.funded:
            raise Refused("too_much")
        if party == deal.borrower:
            raise Refused("own_loan")
        self.books.reserve(f"pledge{number}", cash(party), deal.escrow, amount)
        deal.funded += amount
        deal.pledges.append(Pledge(number, party, amount, min(self.now + timedelta(hours=24), deal.closes_at)))

    def cancel(self, deal: Deal, pledge: Pledge) -> None:
        if pledge.state == "cancelled":
            return
        if deal.state != "open" or pledge.state != "reserved" or self.now > pledge.until:
            raise Refused("too_late")
        pledge.state = "cancelled"
        deal.funded -= pledge.amount
        self.books.void(f"void{pledge.number}", f"pledge{pledge.number}")

    # --- What the worker does

    def work(self) -> None:
        """Everything that is due now."""
        for deal in self.deals:
            if deal.state == "open" and deal.funded == deal.target:
                self._fill(deal)
            elif deal.state == "open" and self.now >= deal.closes_at:
                self._expire(deal)
            if deal.order == "approved":
                self._send(deal)
        for payout in self.payouts:
            if payout.state == "created" or (payout.state in ("sent", "unknown") and payout.look_at and self.now >= payout.look_at):
                self._ask(payout)

    def _fill(self, deal: Deal) -> None:
        deal.state, deal.loan_state, deal.order = "filled", "funded", "prepared"
        for pledge in deal.reserved:
            pledge.state = "settled"
            deal.hold(pledge.party, pledge.amount)
            self.books.settle(f"settle{pledge.number}", f"pledge{pledge.number}")

    def _expire(self, deal: Deal) -> None:
        for pledge in deal.reserved:
            pledge.state = "released"
            self.books.void(f"void{pledge.number}", f"pledge{pledge.number}")
        deal.state, deal.loan_state, deal.funded = "expired", "cancelled", 0

    def _send(self, deal: Deal) -> None:
        self._post(deal.escrow, TRANSIT, deal.target - deal.fee)
        deal.order = "sent"
        self.payouts.append(Payout(f"deal{deal.loan}:{deal.attempt}", deal.escrow, deal.target - deal.fee, deal.fate, deal=deal))

    def _ask(self, payout: Payout) -> None:
        """The first time the bank does as it pleases; when the key is looked up later, it has paid or pays now."""
        if payout.state == "created" and payout.fate in ("lose_answer", "lose_request", "delay"):
            payout.state = "sent" if payout.fate == "delay" else "unknown"
            payout.look_at = self.now + LOOK_AFTER
        elif payout.fate == "refuse":
            payout.state = "refused"
            self._post(TRANSIT, payout.source, payout.amount)
        else:
            payout.state = "settled"
            self._post(TRANSIT, BANK, payout.amount)
        if payout.deal is not None:
            self._answered(payout.deal, payout.state)

    def _answered(self, deal: Deal, state: str) -> None:
        deal.order = state
        if state == "refused":
            deal.order, deal.attempt = "prepared", deal.attempt + 1
        if state == "settled":
            self._post(deal.escrow, ORIGINATION, deal.fee)
            deal.begin(self.day)

    # --- Repaying

    def pay(self, deal: Deal, amount: int) -> None:
        self._may_repay(deal, amount)
        if amount > sum(sum(row.left.values()) for row in deal.unpaid):
            raise Refused("more_than_owed")
        self._share_out(deal, deal.take(amount, self.day))

    def settle_early(self, deal: Deal) -> int:
        amount = deal.settlement(self.day)
        self._may_repay(deal, amount)
        self._share_out(deal, deal.settle(self.day))
        return amount

    def _may_repay(self, deal: Deal, amount: int) -> None:
        if deal.loan_state not in LIVING:
            raise Refused("not_repayable")
        if amount > self.available(deal.borrower):
            raise Refused("insufficient_funds")

    def _share_out(self, deal: Deal, parts: dict[str, int]) -> None:
        fees = 0
        for party, net, fee in deal.share(parts):
            fees += fee
            if net:
                self._post(cash(deal.borrower), cash(party), net)
        if fees:
            self._post(cash(deal.borrower), SERVICING, fees)
        deal.after_payment(self.day)
