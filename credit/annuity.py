"""Sums over the months of a loan in closed form, so that a rate costs microseconds whatever the term. Decimal; call them in `FINE`.

Where a formula divides by something near zero, digits are lost; FINE carries enough of them, and below NEAR the limit is taken.
"""

from decimal import Context, Decimal

FINE = Context(prec=64)
NEAR = Decimal("1e-20")


def geometric(ratio: Decimal, months: int) -> Decimal:
    """1 + ratio + … + ratio^(months−1)."""
    gap = 1 - ratio
    return Decimal(months) if abs(gap) < NEAR else (1 - ratio**months) / gap


def annuity(growth: Decimal, months: int) -> Decimal:
    """What 1 paid at the end of each month is worth, when money grows by `growth` a month."""
    discount = 1 / growth
    return discount * geometric(discount, months)


def rising(growth: Decimal, months: int) -> Decimal:
    """What 1, 2, 3… paid at the end of each month are worth."""
    rate = growth - 1
    if abs(rate) < NEAR:
        return Decimal(months * (months + 1)) / 2
    return (growth * annuity(growth, months) - months * growth**-months) / rate


def level(rate: Decimal, months: int) -> Decimal:
    """The equal payment for 1 lent at `rate` a month."""
    return 1 / annuity(1 + rate, months)


def weighted_balances(rate: Decimal, months: int, first: Decimal, ratio: Decimal) -> Decimal:
    """Σ first·ratio^(t−1) × the balance before payment t, for 1 lent at `rate` a month in equal installments."""
    growth = 1 + rate
    if rate < NEAR:  # the balance falls in a straight line
        gap = 1 - ratio
        if abs(gap) < NEAR:
            return first * Decimal(months + 1) / 2
        plain = geometric(ratio, months)
        return first * (plain - (plain - 1 - (months - 1) * ratio**months) / gap / months)
    end = growth**-months
    return first * (geometric(ratio, months) - end * geometric(ratio * growth, months)) / (1 - end)
