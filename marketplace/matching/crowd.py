"""The mandates of a run, in canonical order, as columns: read once, used against one listing or a thousand."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

import numpy as np

from marketplace.matching import eligibility
from marketplace.matching.arrays import Index, Units
from marketplace.matching.eligibility import Criteria
from marketplace.matching.terms import UNITS_MAX, Mandate, draw


def units(amounts: Sequence[int | None], unit: int) -> Units:
    """Minor units as whole note units, floored; None is no cap. Nothing above UNITS_MAX can ever bind."""
    return np.array([UNITS_MAX if amount is None else min(max(amount, 0) // unit, UNITS_MAX) for amount in amounts], dtype=np.int64)


def share_units(share: Decimal, amount: int, held: int, unit: int) -> int:
    """A share of an amount, less what is held already, in whole units."""
    top, bottom = share.as_integer_ratio()
    return min(max(top * amount - bottom * held, 0) // (bottom * unit), UNITS_MAX)


def base(mandate: Mandate) -> int:
    """What a limit's share is a share of: idle cash and everything held, fixed before the run."""
    return mandate.idle + sum(mandate.held.values())


@dataclass(frozen=True, eq=False)
class Crowd:
    """Mandates of investors with at least one unit, by sha256(seed|investor), then in the investor's own order; `weightless` are the other investors."""

    mandates: list[Mandate]
    unit: int
    seed: str
    weightless: list[str]

    @cached_property
    def criteria(self) -> Criteria:
        return eligibility.read(self.mandates)

    @cached_property
    def idle(self) -> Units:
        return units([row.idle for row in self.mandates], self.unit)

    @cached_property
    def per_arc(self) -> Units:
        """What a mandate's own amounts allow on any one loan."""
        per_loan, per_borrower = [row.per_loan for row in self.mandates], [row.per_borrower for row in self.mandates]
        return np.minimum(np.minimum(units(per_loan, self.unit), units(per_borrower, self.unit)), self.idle)

    @cached_property
    def investor(self) -> Index:
        """The place of each mandate's investor."""
        names = [row.investor for row in self.mandates]
        return np.cumsum([index > 0 and name != names[index - 1] for index, name in enumerate(names)], dtype=np.int64)

    @cached_property
    def weight(self) -> Units:
        """Idle cash of each investor: the most any of their mandates sees."""
        found = np.zeros(int(self.investor.max(initial=-1)) + 1, np.int64)
        np.maximum.at(found, self.investor, self.idle)
        return found

    @cached_property
    def limited(self) -> dict[tuple[str, str], tuple[Index, Units]]:
        """By attribute and value: the mandates that limit it, and to how many units before anything held is counted."""
        found: dict[tuple[str, str], dict[int, int]] = {}
        for index, row in enumerate(self.mandates):
            for limit in row.limits:
                caps = found.setdefault((limit.attribute, limit.value), {})
                caps[index] = min(caps.get(index, UNITS_MAX), share_units(limit.share, base(row), 0, self.unit))
        return {name: (np.array(list(caps), np.int64), np.array(list(caps.values()), np.int64)) for name, caps in found.items()}

    @cached_property
    def holding(self) -> dict[str, list[int]]:
        """Mandates by what they hold."""
        found: dict[str, list[int]] = {}
        for index, row in enumerate(self.mandates):
            for name in row.held:
                found.setdefault(name, []).append(index)
        return found


def gather(mandates: Sequence[Mandate], *, unit: int, seed: str) -> Crowd:
    cash: dict[str, int] = {}
    for row in mandates:
        cash[row.investor] = max(cash.get(row.investor, 0), row.idle // unit)
    place = {investor: draw(seed, investor) for investor in cash}
    kept = (row for row in mandates if cash[row.investor] > 0)
    ordered = sorted(kept, key=lambda row: (place[row.investor], row.investor, row.rank, row.id))
    return Crowd(ordered, unit, seed, sorted(investor for investor, most in cash.items() if most == 0))
