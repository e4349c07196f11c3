"""What a loan costs and what it earned: rates from cash flows. Pure, 64 digits, no float.

Every rate solves Σ amount × discount(time) = 0. `_roots` finds all of them, so an ambiguous flow is an error and not a guess.
Sources: effective annual rate, Directive 2008/48/EC Annex I; US actuarial, 12 CFR 1026 Appendix J (b)(8); XIRR as Excel defines it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, localcontext
from fractions import Fraction
from itertools import pairwise
from math import lcm

from loans.schedule.dates import PERIODS_A_YEAR, first_is_regular
from loans.schedule.terms import Schedule, Terms

WORKING = Context(prec=64, Emax=999_999_999, Emin=-999_999_999)
DIGITS = 15
SIGN_CHANGES_MAX = 64
GRID = 512
UNITS_MAX = 10**12
RATE_MAX = Decimal("1e1000")
NARROW = Decimal("1e-30")  # of a root, against its size; the few absolute digits more decide about a root at zero
NOISE = Decimal("1e-45")


class UnableToRate(Exception):
    """No rate, or several, solve these flows. `.field` names the offending value, `.message` says why (English)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Flow:
    """`amount` in any one unit (negative = paid out by the lender) at `time` in years, or in periods."""

    amount: Decimal
    time: Fraction


@dataclass(frozen=True, slots=True)
class DatedFlow:
    amount: Decimal
    on: date


@dataclass(frozen=True, slots=True)
class ActuarialFlow:
    """`periods` whole unit-periods, then the fraction of one: discounted by (1 + fraction·i)(1 + i)^periods."""

    amount: Decimal
    periods: int
    fraction: Fraction


def effective_annual(*, flows: Iterable[Flow]) -> Decimal:
    """The yearly rate of flows timed in years (Directive 2008/48/EC, Annex I, I.e). Raises `UnableToRate`."""
    return _rounded(_rate(flows))


def periodic_irr(*, flows: Iterable[Flow]) -> Decimal:
    """The rate of one period of flows timed in periods."""
    return _rounded(_rate(flows))


def periodic_irr_nominal(*, flows: Iterable[Flow], periods_per_year: Decimal | int) -> Decimal:
    """The period's rate × periods in a year, without compounding."""
    return _rounded(WORKING.multiply(_rate(flows), Decimal(periods_per_year)))


def xirr(*, flows: Iterable[DatedFlow], days: int = 365) -> Decimal:
    """The yearly rate of dated flows, years of `days` days counted from the first date: Excel's XIRR with 365."""
    listed = list(flows)
    start = min((flow.on for flow in listed), default=date.min)
    return effective_annual(flows=[Flow(flow.amount, Fraction((flow.on - start).days, days)) for flow in listed])


def us_actuarial(*, flows: Iterable[ActuarialFlow], periods_per_year: Decimal | int) -> Decimal:
    """The unit-period rate × unit-periods in a year (12 CFR 1026, Appendix J, (b)(1) and (b)(8))."""
    merged: dict[tuple[int, Fraction], Decimal] = {}
    with _bounded():
        for flow in flows:
            key = flow.periods, flow.fraction
            merged[key] = merged.get(key, Decimal(0)) + flow.amount
        timed = sorted((key, amount) for key, amount in merged.items() if amount)
        if all(fraction == 0 for (_, fraction), _ in timed):
            period_rate = _rate(Flow(amount, Fraction(periods)) for (periods, _), amount in timed)
        else:
            period_rate = _actuarial_rate([(amount, periods, _decimal(fraction)) for (periods, fraction), amount in timed])
        return _rounded(period_rate * Decimal(periods_per_year))


def formatted(rate: Decimal) -> str:
    """15 significant digits, never in exponent form."""
    return format(rate, "f")


def _rounded(rate: Decimal) -> Decimal:
    """15 significant digits; what is smaller than the working precision can tell from zero is zero."""
    if abs(rate) < Decimal("1e-30"):
        return Decimal(0)
    return Context(prec=DIGITS, Emax=999_999_999).plus(rate)


def _decimal(value: Fraction) -> Decimal:
    return WORKING.divide(Decimal(value.numerator), Decimal(value.denominator))


# The terms of Σ amount·e^(−time·u): by time, no amount zero, the first at time 0, times counted in whole units.
_Terms = list[tuple[Decimal, int]]


def _rate(flows: Iterable[Flow]) -> Decimal:
    with _bounded():
        terms, units = _terms(flows)
        _demand_two_signs([amount for amount, _ in terms])
        rates = [(root * units).exp() - 1 for root in _roots(terms, *_bounds(terms))]
        return _only(rates)


@contextmanager
def _bounded() -> Iterator[None]:
    """The working precision; times so near or so far that no number holds the rate are the input's fault."""
    try:
        with localcontext(WORKING):
            yield
    except ArithmeticError:
        raise UnableToRate("cashflows", "the times are too close together, or too far apart, for a rate") from None


def _only(rates: list[Decimal]) -> Decimal:
    if not rates:
        raise UnableToRate("cashflows", "no rate exists: no discount makes these flows worth zero")
    if len(rates) > 1:
        raise UnableToRate("cashflows", f"several rates exist: {', '.join(format(rate, '.6g') for rate in map(_rounded, rates[:6]))}")
    if rates[0] > RATE_MAX:
        raise OverflowError
    return rates[0]


def _terms(flows: Iterable[Flow]) -> tuple[_Terms, int]:
    """The flows merged by time, and how many of their whole time units make one year (or period)."""
    merged: dict[Fraction, Decimal] = {}
    for flow in flows:
        merged[flow.time] = merged.get(flow.time, Decimal(0)) + flow.amount
    kept = sorted((time, amount) for time, amount in merged.items() if amount)
    units = lcm(*(time.denominator for time, _ in kept))
    if units > UNITS_MAX:
        raise UnableToRate("cashflows", "the denominators of the times have no common multiple below 10^12")
    return [(amount, int((time - kept[0][0]) * units)) for time, amount in kept], units


def _demand_two_signs(amounts: Sequence[Decimal]) -> None:
    changes = _sign_changes(amounts)
    if not changes:
        raise UnableToRate("cashflows", "no rate exists: money must flow both ways, at different times")
    if changes > SIGN_CHANGES_MAX:
        raise UnableToRate("cashflows", f"the direction of the flows changes {changes} times; {SIGN_CHANGES_MAX} is the limit")


def _sign_changes(amounts: Sequence[Decimal]) -> int:
    return sum((a > 0) != (b > 0) for a, b in pairwise(amounts))


def _bounds(terms: _Terms) -> tuple[Decimal, Decimal]:
    """Beyond these the last, or the first, flow outweighs all others together: no root lies outside."""
    total = sum((abs(amount) for amount, _ in terms), Decimal(0))
    span, (first, _), (last, _) = Decimal(1), terms[0], terms[-1]
    early, late = terms[1][1] - terms[0][1], terms[-1][1] - terms[-2][1]
    return -((total / abs(last)).ln() + span) / late, ((total / abs(first)).ln() + span) / early


def _roots(terms: _Terms, low: Decimal, high: Decimal) -> list[Decimal]:
    """All roots in [low, high], by Rolle: multiplied by e^(s·u) with s at a sign change, the derivative has one sign change less
    (Descartes' rule for real exponents), and between two roots of that derivative there is at most one root."""
    amounts = [amount for amount, _ in terms]
    changes = [k for k, (a, b) in enumerate(pairwise(amounts)) if (a > 0) != (b > 0)]
    if not changes:
        return []
    if len(changes) == 1:
        return _between(terms, low, high)
    k = changes[len(changes) // 2]
    shift = Decimal(terms[k][1] + terms[k + 1][1]) / 2
    turns = _roots([(amount * (shift - time), time) for amount, time in terms], low, high)
    roots: list[Decimal] = []
    for left, right in pairwise([low, *turns, high]):
        roots += [root for root in _between(terms, left, right) if not roots or root - roots[-1] > Decimal("1e-20")]
    return roots


def _value(terms: _Terms, at: Decimal) -> Decimal:
    """The sum at u = `at`; zero when only rounding is left of it."""
    unit, before, discount, largest, total = (-at).exp(), 0, Decimal(1), Decimal(0), Decimal(0)
    for amount, time in terms:
        discount *= unit ** (time - before)
        before = time
        part = amount * discount
        total += part
        largest = max(largest, abs(part))
    return total if abs(total) > largest * NOISE else Decimal(0)


def _between(terms: _Terms, low: Decimal, high: Decimal) -> list[Decimal]:
    root = _bracketed(lambda at: _value(terms, at), low, high)
    return [] if root is None else [root]


def _bracketed(value: Callable[[Decimal], Decimal], low: Decimal, high: Decimal) -> Decimal | None:
    """The root between two ends of different sign by bisection steered with the secant (Illinois); None when signs agree."""
    at_low, at_high = value(low), value(high)
    if at_low == 0 or at_high == 0:
        return low if at_low == 0 else high
    if (at_low > 0) == (at_high > 0):
        return None
    width = high - low
    for step in range(400):
        if high - low <= abs(high + low) * NARROW + NARROW / 10**12:
            break
        middle = (low + high) / 2 if step % 3 == 2 and (high - low) * 2 > width else high - at_high * (high - low) / (at_high - at_low)
        width = high - low if step % 3 == 0 else width
        at_middle = value(middle)
        if at_middle == 0:
            return middle
        if (at_middle > 0) == (at_high > 0):
            high, at_high, at_low = middle, at_middle, at_low / 2
        else:
            low, at_low, at_high = middle, at_middle, at_high / 2
    return (low + high) / 2


def _actuarial_rate(terms: list[tuple[Decimal, int, Decimal]]) -> Decimal:
    """One sign change: one root at most, since each later discount shrinks against each earlier one. More: looked for on a grid."""
    changes = _sign_changes([amount for amount, _, _ in terms])
    _demand_two_signs([amount for amount, _, _ in terms])
    start = terms[0][1]

    def value(at: Decimal) -> Decimal:
        rate = at.exp() - 1
        growth, power, total = 1 + rate, 0, Decimal(0)
        discount = Decimal(1)
        for amount, periods, fraction in terms:
            discount /= growth ** (periods - start - power)
            power = periods - start
            total += amount * discount / (1 + fraction * rate)
        return total

    ends = [Decimal(-60) + Decimal(120) * k / GRID for k in range(GRID + 1)] if changes > 1 else [Decimal(-60), Decimal(60)]
    roots = [root for low, high in pairwise(ends) if (root := _bracketed(value, low, high)) is not None]
    roots = [root for k, root in enumerate(roots) if k == 0 or root - roots[k - 1] > Decimal("1e-12")]
    return _only([root.exp() - 1 for root in roots])


def cost_of_credit(*, terms: Terms, schedule: Schedule, paid_out: int) -> Decimal:
    """The effective annual rate the borrower pays on `schedule` for the `paid_out` minor units received (principal less fees).

    Times follow Annex I, remark (c): a year has 12 equal months, 52 weeks or 365 days; an odd first period counts its days.
    """
    flows = [Flow(Decimal(-paid_out), Fraction(0))]
    flows += [Flow(Decimal(row.total), years) for row, years in zip(schedule.installments, _years(terms, schedule), strict=True) if row.total]
    return effective_annual(flows=flows)


def _years(terms: Terms, schedule: Schedule) -> list[Fraction]:
    start, rows = terms.disbursed_on, schedule.installments
    regular = Fraction(terms.period_every, PERIODS_A_YEAR[terms.period])
    if terms.method == "custom" and start:
        return [Fraction((row.due_on - start).days, 365) for row in rows if row.due_on]
    first = regular
    if start and terms.first_due_on and not first_is_regular(terms):
        first = Fraction((terms.first_due_on - start).days, 365)
    return [first + regular * (number - 1) for number in range(max(terms.periods, len(rows)) - len(rows) + 1, max(terms.periods, len(rows)) + 1)]
