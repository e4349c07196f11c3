"""A listing and the loan it becomes, as plain Python: what is owed, in which order it is paid, and who gets which cent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from math import floor

from ledger.chart import AccountCode
from loans.schedule import Installment
from tests.ledger.books import At

LIVING = ("active", "late", "defaulted")
PARTS = ("principal", "interest", "penalties")


@dataclass
class Row:
    """One installment as it is being paid."""

    due_on: date
    principal: int
    interest: int
    paid_principal: int = 0
    paid_interest: int = 0
    waived: int = 0
    paid_on: date | None = None

    @property
    def left(self) -> tuple[int, int]:
        return self.principal - self.paid_principal, self.interest - self.paid_interest - self.waived

    def pay(self, principal: int, interest: int, day: date, waived: int = 0) -> None:
        self.paid_principal += principal
        self.paid_interest += interest
        self.waived += waived
        if self.left == (0, 0):
            self.paid_on = day


@dataclass
class Charge:
    """A penalty of one day on one overdue installment."""

    number: int
    on: date
    amount: int
    paid: int = 0


@dataclass
class Holding:
    """Who holds how much, and what came back by part. `place` is its place in the register."""

    party: int
    amount: int
    place: int = 0
    received: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PARTS, 0))


@dataclass
class Pledge:
    number: int
    party: int
    amount: int
    until: datetime
    state: str = "reserved"


@dataclass
class Deal:
    """Fixed terms first, then what changes. `plan` is the schedule engine: the installments of a loan paid out on that day."""

    listing: int
    loan: int
    borrower: int
    target: int
    fee: int
    annual_rate: Decimal
    fee_rate: Decimal
    penalty_rate: Decimal
    grace_days: int
    default_after: int
    closes_at: datetime
    plan: Callable[[date], tuple[Installment, ...]]
    funded: int = 0
    state: str = "open"
    loan_state: str = "agreed"
    order: str = ""
    fate: str = ""
    attempt: int = 1
    days_late: int = 0
    pledges: list[Pledge] = field(default_factory=list)
    holdings: dict[int, Holding] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    charges: list[Charge] = field(default_factory=list)
    disbursed_on: date | None = None

    @property
    def escrow(self) -> At:
        return AccountCode.LISTING_ESCROW, f"listing:{self.listing}"

    @property
    def reserved(self) -> list[Pledge]:
        return [pledge for pledge in self.pledges if pledge.state == "reserved"]

    @property
    def unpaid(self) -> list[Row]:
        return [row for row in self.rows if row.paid_on is None]

    @property
    def penalties(self) -> int:
        return sum(charge.amount - charge.paid for charge in self.charges)

    def due(self, day: date) -> int:
        return sum(sum(row.left) for row in self.unpaid if row.due_on <= day) + self.penalties

    def hold(self, party: int, amount: int) -> None:
        self.holdings.setdefault(party, Holding(party, 0)).amount += amount

    def begin(self, day: date) -> None:
        self.loan_state, self.disbursed_on = "active", day
        self.rows = [Row(row.due_on, row.principal, row.interest) for row in self.plan(day) if row.due_on]

    # --- A payment, part by part

    def take(self, amount: int, day: date) -> dict[str, int]:
        """Installments due by today, oldest first, then those to come. In each: penalties that belong to it, interest, principal."""
        paid = dict.fromkeys(PARTS, 0)
        waiting = self.unpaid
        homes = [next((k for k, row in enumerate(waiting) if row.due_on >= charge.on), len(waiting) - 1) for charge in self._open_charges()]
        owed = [charge.amount - charge.paid for charge in self._open_charges()]
        for due in (True, False):
            for k, row in enumerate(waiting):
                if due:
                    of_row = sum(left for home, left in zip(homes, owed, strict=True) if home == k)
                    part = min(amount, of_row)
                    paid["penalties"] += part
                    amount -= part
                if (row.due_on <= day) is due:
                    principal, interest = row.left
                    interest = min(amount, interest)
                    principal = min(amount - interest, principal)
                    row.pay(principal, interest, day)
                    paid["interest"] += interest
                    paid["principal"] += principal
                    amount -= interest + principal
        assert amount == 0
        self._pay_charges(paid["penalties"])
        return paid

    def _open_charges(self) -> list[Charge]:
        return [charge for charge in sorted(self.charges, key=lambda charge: (charge.on, charge.number)) if charge.paid < charge.amount]

    def _pay_charges(self, amount: int) -> None:
        for charge in self._open_charges():
            part = min(amount, charge.amount - charge.paid)
            charge.paid += part
            amount -= part

    def settlement(self, day: date) -> int:
        """Everything due, all principal, and of the running period the interest its days have earned."""
        return sum(row.left[0] + self._earned_left(row, day) for row in self.unpaid) + self.penalties

    def _earned_left(self, row: Row, day: date) -> int:
        place = self.rows.index(row)
        start = self.rows[place - 1].due_on if place else self.disbursed_on
        assert start is not None
        earned = row.interest if day >= row.due_on else floor(Fraction(row.interest * max((day - start).days, 0), (row.due_on - start).days) + Fraction(1, 2))
        return max(earned - row.paid_interest, 0)

    def settle(self, day: date) -> dict[str, int]:
        paid = {"principal": 0, "interest": 0, "penalties": self.penalties}
        for row in self.unpaid:
            principal, interest = row.left[0], self._earned_left(row, day)
            paid["principal"] += principal
            paid["interest"] += interest
            row.pay(principal, interest, day, waived=row.left[1] - interest)
        self._pay_charges(paid["penalties"])
        return paid

    def share(self, parts: dict[str, int]) -> Iterator[tuple[int, int, int]]:
        """(party, net, servicing fee) for each holder: every part to the cent, by largest remainder of what each has a claim to in all."""
        holdings = sorted(self.holdings.values(), key=lambda holding: holding.place)
        shares = {part: self._divide(holdings, part, total) for part, total in parts.items()}
        for k, holding in enumerate(holdings):
            mine = {part: shares[part][k] for part in PARTS}
            for part, amount in mine.items():
                holding.received[part] += amount
            fee = floor(Fraction(mine["interest"]) * Fraction(self.fee_rate) / Fraction(self.annual_rate))
            yield holding.party, sum(mine.values()) - fee, fee

    def _divide(self, holdings: list[Holding], part: str, total: int) -> list[int]:
        so_far = sum(holding.received[part] for holding in holdings) + total
        claims = [Fraction(so_far * holding.amount, self.target) for holding in holdings]
        got = [holding.received[part] for holding in holdings]
        shares = [max(floor(claim) - had, 0) for claim, had in zip(claims, got, strict=True)]
        rests = [claim - floor(claim) for claim in claims]
        up = sorted((k for k in range(len(holdings)) if rests[k] and got[k] <= floor(claims[k])), key=lambda k: (-rests[k], k))
        for k in up[: max(total - sum(shares), 0)]:
            shares[k] += 1
        for k in sorted(range(len(holdings)), key=lambda k: (rests[k], k)):
            shares[k] -= min(shares[k], max(sum(shares) - total, 0))
        assert sum(shares) == total
        return shares

    # --- Time

    def after_payment(self, day: date) -> None:
        if not self.unpaid and not self.penalties:
            self.loan_state, self.days_late = "repaid", 0
        elif self.loan_state in ("late", "defaulted") and not any(row.due_on < day for row in self.unpaid):
            self.loan_state, self.days_late = "active", 0

    def close(self, day: date) -> None:
        """The end of one business day: how late, what it costs, what follows."""
        if self.loan_state not in LIVING:
            return
        self.days_late = max(((day - row.due_on).days for row in self.unpaid if row.due_on < day), default=0)
        for number, row in enumerate(self.rows, start=1):
            cost = floor(Fraction(sum(row.left)) * Fraction(self.penalty_rate) / 365)
            if self.loan_state != "defaulted" and row.paid_on is None and (day - row.due_on).days > self.grace_days and cost:
                self.charges.append(Charge(number, day, cost))
        if self.loan_state == "active" and self.days_late > self.grace_days:
            self.loan_state = "late"
        elif self.loan_state == "late" and self.days_late > self.default_after:
            self.loan_state = "defaulted"
