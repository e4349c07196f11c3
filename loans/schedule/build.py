"""Rows from terms: one small function for each method."""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Context, Decimal, localcontext
from itertools import accumulate, repeat

from loans.schedule.dates import due_dates, year_fractions
from loans.schedule.terms import Installment, RoundingMode, Schedule, Terms, Totals

EXACT = Context(prec=50)
Part = tuple[int, int]  # principal, interest
Rate = tuple[int, int]  # of one period, exact


def build(terms: Terms) -> Schedule:
    """The schedule of `terms`: principals add up to the principal, no balance is negative, the last one is zero."""
    due = due_dates(terms)
    rates = _period_rates(terms, due)
    parts = METHODS[terms.method](terms, rates)
    days: Iterable[date | None] = due[-len(parts) :] if due else repeat(None)
    balances = accumulate((principal for principal, _ in parts), int.__sub__, initial=terms.principal)
    next(balances)
    installments = tuple(
        Installment(number, day, principal, interest, principal + interest, balance)
        for number, (day, (principal, interest), balance) in enumerate(zip(days, parts, balances, strict=False), start=1)
    )
    interest = sum(part[1] for part in parts)
    return Schedule(installments, Totals(terms.principal, interest, terms.principal + interest))


def _period_rates(terms: Terms, due: list[date] | None) -> list[Rate]:
    top, bottom = terms.annual_rate.as_integer_ratio()
    return [(top * part, bottom * whole) for part, whole in year_fractions(terms, due)]


def divide(top: int, bottom: int, mode: RoundingMode) -> int:
    """top / bottom (both not negative) as a whole number, exact halves by `mode`."""
    whole, rest = divmod(top, bottom)
    if rest * 2 > bottom or (rest * 2 == bottom and (mode == "half_up" or whole % 2)):
        return whole + 1
    return whole


def _interest(terms: Terms, balance: int, rate: Rate) -> int:
    return divide(balance * rate[0], rate[1], terms.rounding.mode)


def _to_multiple(terms: Terms, top: int, bottom: int) -> int:
    """top / bottom to the nearest installment multiple; an amount too small for it keeps its own size."""
    multiple = terms.rounding.installment_multiple
    return divide(top, bottom * multiple, terms.rounding.mode) * multiple or divide(top, bottom, terms.rounding.mode)


def _equal_installment(terms: Terms, rates: list[Rate]) -> list[Part]:
    """Level payment = balance ÷ Σ discount factors of the real periods. Re-leveled only when it would not cover a row's interest."""
    annuities = _annuities(rates)
    parts: list[Part] = []
    balance, level, short = terms.principal, 0, False
    last = len(rates) - 1
    for k, rate in enumerate(rates):
        interest = _interest(terms, balance, rate)
        if k == terms.principal_grace_periods or (k > terms.principal_grace_periods and short):
            level = _to_multiple(terms, *EXACT.divide(Decimal(balance), annuities[k]).as_integer_ratio())
        short = level < interest
        principal = 0 if k < terms.principal_grace_periods else min(max(level - interest, 0), balance)
        principal = balance if k == last else principal
        parts.append((principal, interest))
        balance -= principal
    return parts


def _annuities(rates: list[Rate]) -> list[Decimal]:
    """For each row, the value at its start of paying 1 at the end of it and of every later row."""
    with localcontext(EXACT):
        value, values = Decimal(0), []
        for top, bottom in reversed(rates):
            value = (1 + value) * bottom / (bottom + top)
            values.append(value)
    return values[::-1]


def _equal_principal(terms: Terms, rates: list[Rate]) -> list[Part]:
    share = _to_multiple(terms, terms.principal, len(rates) - terms.principal_grace_periods)
    return _with_interest(terms, rates, _slices(terms, [share] * len(rates)))


def _interest_only(terms: Terms, rates: list[Rate]) -> list[Part]:
    return _with_interest(terms, rates, [0] * (len(rates) - 1) + [terms.principal])


def _custom(terms: Terms, rates: list[Rate]) -> list[Part]:
    return _with_interest(terms, rates, [row.principal for row in terms.rows])


def _with_interest(terms: Terms, rates: list[Rate], principals: list[int]) -> list[Part]:
    balance, parts = terms.principal, []
    for rate, principal in zip(rates, principals, strict=True):
        parts.append((principal, _interest(terms, balance, rate)))
        balance -= principal
    return parts


def _slices(terms: Terms, wanted: list[int]) -> list[int]:
    """Principals as wanted, none in the grace rows, never more than the balance; the last row takes the remainder."""
    balance, slices = terms.principal, []
    for k, want in enumerate(wanted):
        part = 0 if k < terms.principal_grace_periods else min(max(want, 0), balance)
        slices.append(balance if k == len(wanted) - 1 else part)
        balance -= slices[-1]
    return slices


def _flat(terms: Terms, rates: list[Rate]) -> list[Part]:
    """Interest on the first principal throughout; the last row absorbs what rounding left of the whole interest."""
    interests = [_interest(terms, terms.principal, rate) for rate in rates]
    interests[-1] = max(_interest(terms, terms.principal, _sum(rates)) - sum(interests[:-1]), 0)
    paying = len(rates) - terms.principal_grace_periods
    if terms.rounding.installment_multiple == 1:
        wanted = [_to_multiple(terms, terms.principal, paying)] * len(rates)
    else:
        wanted = [_to_multiple(terms, terms.principal + interest * paying, paying) - interest for interest in interests]
    return list(zip(_slices(terms, wanted), interests, strict=True))


def _sum(rates: list[Rate]) -> Rate:
    top, bottom = 0, 1
    for part, whole in rates:
        top, bottom = (top + part, bottom) if whole == bottom else (top * whole + part * bottom, bottom * whole)
    return top, bottom


def _bullet(terms: Terms, rates: list[Rate]) -> list[Part]:
    """One row at maturity: P × Σ period rates, or P × (Π (1 + period rate) − 1)."""
    if terms.bullet_interest == "simple":
        return [(terms.principal, _interest(terms, terms.principal, _sum(rates)))]
    with localcontext(EXACT):
        growth = Decimal(1)
        for top, bottom in rates:
            growth = growth * (bottom + top) / bottom
        grown = (growth - 1) * terms.principal
    return [(terms.principal, divide(*grown.as_integer_ratio(), terms.rounding.mode))]


METHODS: dict[str, Callable[[Terms, list[Rate]], list[Part]]] = {
    "equal_installment": _equal_installment,
    "equal_principal": _equal_principal,
    "interest_only": _interest_only,
    "bullet": _bullet,
    "flat": _flat,
    "custom": _custom,
}
