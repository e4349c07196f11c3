"""What a loan should bring to the last cent, worked out apart from our engines: fractions, loops and a pencil.

The rules are those of docs/formulas.md and of the agreement; nothing here imports a line of the product.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date
from fractions import Fraction


def months_after(day: date, months: int) -> date:
    """The same day of a later month, or the last one of a month too short."""
    whole = day.year * 12 + day.month - 1 + months
    year, month = divmod(whole, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def half_even(value: Fraction) -> int:
    return round(value)


def half_up(value: Fraction) -> int:
    return int(value + Fraction(1, 2))


@dataclass(frozen=True)
class Row:
    due_on: date
    principal: int
    interest: int
    balance: int

    @property
    def total(self) -> int:
        return self.principal + self.interest


def level_plan(principal: int, rate: Fraction, months: int, paid_out_on: date) -> list[Row]:
    """Equal installments; the last one takes up the rounding."""
    monthly = rate / 12
    factor = (1 + monthly) ** months
    level = half_even(principal * monthly * factor / (factor - 1))
    rows, balance = [], principal
    for number in range(1, months + 1):
        interest = half_even(balance * monthly)
        part = level - interest if number < months else balance
        balance -= part
        rows.append(Row(months_after(paid_out_on, number), part, interest, balance))
    return rows


def penalty_a_day(overdue: int, rate: Fraction) -> int:
    return int(overdue * rate / 365)


def settlement_interest(row: Row, since: date, on: date) -> int:
    """The running month counts by its days."""
    return half_up(Fraction(row.interest * (on - since).days, (row.due_on - since).days))


class Holders:
    """Who holds how much, and what each payment brings them: largest remainder over everything paid so far, part by part."""

    def __init__(self, amounts: dict[str, int], *, rate: Fraction, fee_rate: Fraction) -> None:
        self.amounts, self.whole = amounts, sum(amounts.values())
        self.rate, self.fee_rate = rate, fee_rate
        self.received = {name: {"principal": 0, "interest": 0, "penalties": 0} for name in amounts}
        self.net = dict.fromkeys(amounts, 0)

    def pay(self, **parts: int) -> None:
        """One payment of the borrower: `principal`, `interest`, `penalties` in cents."""
        shares = {part: self._share(part, total) for part, total in parts.items()}
        for name in self.amounts:
            gross = sum(shares[part][name] for part in parts)
            self.net[name] += gross - int(shares.get("interest", {}).get(name, 0) * self.fee_rate / self.rate)

    def _share(self, part: str, total: int) -> dict[str, int]:
        so_far = sum(self.received[name][part] for name in self.amounts) + total
        claims = {name: Fraction(so_far * amount, self.whole) for name, amount in self.amounts.items()}
        shares = {name: max(int(claims[name]) - self.received[name][part], 0) for name in self.amounts}
        left = total - sum(shares.values())
        may = [name for name in self.amounts if claims[name] % 1 and self.received[name][part] <= int(claims[name])]
        for name in sorted(may, key=lambda name: -(claims[name] % 1))[:left]:
            shares[name] += 1
        assert sum(shares.values()) == total
        for name, share in shares.items():
            self.received[name][part] += share
        return shares
