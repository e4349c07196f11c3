"""A listing and the loan it becomes, as plain Python: what is owed, in which order it is paid, and who gets which cent."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
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
    """One installment as it is being paid. Charges made while it was the next to fall due stand with it."""

    due_on: date
    principal: int
    interest: int
    penalties: int = 0
    paid_principal: int = 0
    paid_interest: int = 0
    paid_penalties: int = 0
    waived: int = 0
    paid_on: date | None = None

    @property
    def left(self) -> dict[str, int]:
        return {
            "penalties": self.penalties - self.paid_penalties,
            "interest": self.interest - self.paid_interest - self.waived,
            "principal": self.principal - self.paid_principal,
        }

    def charge(self, amount: int) -> None:
        self.penalties += amount
        self.paid_on = None

    def pay(self, part: str, amount: int, day: date, waived: int = 0) -> None:
        setattr(self, f"paid_{part}", getattr(self, f"paid_{part}") + amount)
        self.waived += waived
        if not any(self.left.values()):
            self.paid_on = self.paid_on or day


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
    closed_to: date | None = None
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
        return sum(row.left["penalties"] for row in self.rows)

    def due(self, day: date) -> int:
        return sum(row.left["principal"] + row.left["interest"] for row in self.unpaid if row.due_on <= day) + self.penalties

    def hold(self, party: int, amount: int) -> None:
        self.holdings.setdefault(party, Holding(party, 0)).amount += amount

    def begin(self, day: date) -> None:
        self.loan_state, self.disbursed_on, self.closed_to = "active", day, day - timedelta(days=1)
        self.rows = [Row(row.due_on, row.principal, row.interest) for row in self.plan(day) if row.due_on]

    # --- A payment, part by part

    def take(self, amount: int, day: date) -> dict[str, int]:
        """What is due, installments oldest first; then those to come. In each: late charges (due at once), interest, principal."""
        paid = dict.fromkeys(PARTS, 0)
        for due in (True, False):
            for row in self.unpaid:
                for part in ("penalties", "interest", "principal"):
                    if (part == "penalties" or row.due_on <= day) is due:
                        piece = min(amount, row.left[part])
                        row.pay(part, piece, day)
                        paid[part] += piece
                        amount -= piece
        assert amount == 0
        return paid

    def settlement(self, day: date) -> int:
        """Everything due, all principal, and of the running period the interest its days have earned."""
        return sum(row.left["principal"] + self._earned_left(row, day) for row in self.unpaid) + self.penalties

    def _earned_left(self, row: Row, day: date) -> int:
        place = self.rows.index(row)
        start = self.rows[place - 1].due_on if place else self.disbursed_on
        assert start is not None
        earned = row.interest if day >= row.due_on else floor(Fraction(row.interest * max((day - start).days, 0), (row.due_on - start).days) + Fraction(1, 2))
        return max(earned - row.paid_interest, 0)

    def settle(self, day: date) -> dict[str, int]:
        paid = {"principal": 0, "interest": 0, "penalties": self.penalties}
        for row in self.unpaid:
            principal, interest = row.left["principal"], self._earned_left(row, day)
            paid["principal"] += principal
            paid["interest"] += interest
            row.pay("penalties", row.left["penalties"], day)
            row.pay("interest", interest, day, waived=row.left["interest"] - interest)
            row.pay("principal", principal, day)
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
        if not self.unpaid:
            self.loan_state, self.days_late = "repaid", 0
            return
        self.days_late = self._late_on(day)
        if self.loan_state in ("late", "defaulted") and self.days_late == 0:
            self.loan_state = "active"

    def _late_on(self, morning: date) -> int:
        return max([0, *((morning - row.due_on).days for row in self.unpaid)])

    def close_through(self, last: date) -> None:
        """The nights up to `last`, one after the other."""
        while self.closed_to is not None and self.closed_to < last:
            self.closed_to += timedelta(days=1)
            self.close(self.closed_to)

    def close(self, night: date) -> None:
        """The night after a business day: what lateness costs, how late it is in the morning, what follows."""
        if self.loan_state not in LIVING:
            return
        if self.loan_state != "defaulted":
            late = [row for row in self.unpaid if (night - row.due_on).days > self.grace_days]
            cost = sum(floor(Fraction(row.left["principal"] + row.left["interest"]) * Fraction(self.penalty_rate) / 365) for row in late)
            if cost:
                next((row for row in self.rows if row.due_on >= night), self.rows[-1]).charge(cost)
        self.days_late = self._late_on(night + timedelta(days=1))
        if self.loan_state == "active" and self.days_late > self.grace_days:
            self.loan_state = "late"
        if self.loan_state == "late" and self.days_late > self.default_after:
            self.loan_state = "defaulted"
