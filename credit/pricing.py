"""The rate a risk needs: probability of default in, annual rate out, never above the cap. Pure Decimal, no float.

With hazard h = 1 − (1 − PD)^(1/n) a month, loss given default on the balance, d = 1 + (yield + fee)/12, the rate r solves

    Σ_t [ (1−h)^t · P_t + (1−h)^(t−1) · h · (1−LGD) · B_(t−1) ] / d^t = 1

where P_t is the payment and B_(t−1) the balance before it, per unit lent at r/12 a month. What needs more than the cap gets no price:
a rate clipped to the cap would sell the investor a loss.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

from credit import annuity

Method = Literal["equal_installment", "equal_principal", "interest_only", "bullet"]
Basis = Literal["apr", "nominal"]
WORKING = Context(prec=40)
EXACT = Decimal("1e-20")  # of a solved rate: what is a round number stays one
FOUND = Decimal("1e-25")  # the last step towards a root
STEP = Decimal("1e-12")  # of a stored rate; the quoted one is coarser, see `quoted`
QUOTE = Decimal("0.0001")
RATE_MAX = Decimal(1000)
APR_MAX = Decimal(10**24)  # above this it is no rate anybody can read
TERM_MAX = 600
WILSON = Decimal("1.6448536269514722")  # standard deviations of a 90 % interval
SENSITIVE_PD = (Decimal("0.5"), Decimal("1.5"), Decimal(2))
SENSITIVE_LGD = (Decimal("-0.2"), Decimal("0.2"))
SENSITIVE_YIELD = (Decimal("-0.01"), Decimal("0.01"))
CAPS = Path(__file__).with_name("caps.json")


class UnableToPrice(Exception):
    """An impossible input. `.field` names it, `.message` says why (English, no personal data)."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True)
class Cap:
    """The highest lawful rate: of the APR with every fee, or of the nominal rate. `source` says where it comes from."""

    rate: Decimal
    basis: Basis = "apr"
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Fractions of one: `pd` over the whole term, `lgd` of the balance at default, yearly yield and fee, one-time origination fee."""

    pd: Decimal
    lgd: Decimal
    term_months: int
    target_yield: Decimal
    servicing_fee: Decimal
    origination_fee: Decimal
    cap: Cap
    method: Method = "equal_installment"

    def __post_init__(self) -> None:
        for name in ("pd", "lgd", "target_yield", "servicing_fee", "origination_fee"):
            if not 0 <= getattr(self, name) <= 1:
                raise UnableToPrice(name, "must be from 0 to 1")
        if self.origination_fee == 1:
            raise UnableToPrice("origination_fee", "must be less than 1")
        if not 1 <= self.term_months <= TERM_MAX:
            raise UnableToPrice("term_months", f"must be from 1 to {TERM_MAX}")
        if not 0 < self.cap.rate <= RATE_MAX:
            raise UnableToPrice("cap.rate", f"must be above 0 and at most {RATE_MAX}")
        if self.cap.basis not in get_args(Basis):
            raise UnableToPrice("cap.basis", f"must be one of {', '.join(get_args(Basis))}")
        if self.method not in get_args(Method):
            raise UnableToPrice("method", f"must be one of {', '.join(get_args(Method))}")


@dataclass(frozen=True, slots=True)
class Price:
    """A quote (`priced`), or why there is none: `above_cap`, `no_rate`. `needed_…` tell what it would have taken.

    `annual_rate` is nominal, a twelfth a month; `apr` is effective and counts the origination fee; `expected_loss` is of one unit lent.
    """

    priced: bool
    annual_rate: Decimal | None
    apr: Decimal | None
    expected_loss: Decimal | None
    why_not: str = ""
    needed_rate: Decimal | None = None
    needed_apr: Decimal | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain data, decimals as texts: what `recompute price` prints and what a decision keeps."""
        rates = {name: getattr(self, name) for name in ("annual_rate", "apr", "expected_loss")}
        shown = {name: None if rate is None else format(rate, "f") for name, rate in rates.items()}
        return {**shown, "priced": self.priced} | ({} if self.priced else {"why_not": self.why_not})


def price(risk: Risk) -> Price:
    """The price of `risk`; without one, `priced` is False and no rate is given."""
    with localcontext(annuity.FINE):
        hazard = _hazard(risk)
        rate = _needed(risk, hazard)
        apr = None if rate is None else _apr(risk.method, risk.term_months, rate / 12, 1 - risk.origination_fee)
        if rate is None or apr is None:
            return Price(False, None, None, None, "no_rate")
        loss = _loss(risk, hazard, rate)
        rate, apr, loss = rate.quantize(EXACT).quantize(STEP, ROUND_FLOOR), apr.quantize(STEP), loss.quantize(STEP)
        if (apr if risk.cap.basis == "apr" else rate) > risk.cap.rate:
            return Price(False, None, None, loss, "above_cap", rate, apr)
        return Price(True, rate, apr, loss, "", rate, apr)


def sensitivity(risk: Risk) -> list[tuple[str, Decimal, Price]]:
    """What the price would be if one figure were otherwise: (its name, its other value, the price). For staff, beside the quote."""
    other: list[tuple[str, Any]] = [("pd", min(risk.pd * times, Decimal(1))) for times in SENSITIVE_PD]
    other += [("lgd", min(max(risk.lgd + more, Decimal(0)), Decimal(1))) for more in SENSITIVE_LGD]
    other += [("target_yield", risk.target_yield + more) for more in SENSITIVE_YIELD if 0 <= risk.target_yield + more <= 1]
    changed: list[dict[str, Any]] = [{name: value} for name, value in other]
    return [(name, value, price(replace(risk, **change))) for (name, value), change in zip(other, changed, strict=True)]


def upper_pd(pd: Decimal, *, loans: int) -> Decimal:
    """A cautious PD: the upper end of the 90 % Wilson interval when `loans` comparable ones showed `pd`. No experience gives no certainty: 1."""
    if loans < 1:
        return Decimal(1)
    with localcontext(WORKING):
        square = WILSON * WILSON / loans
        wide = WILSON * ((pd * (1 - pd) + square / 4) / loans).sqrt()
        return min((pd + square / 2 + wide) / (1 + square), Decimal(1)).quantize(Decimal("1e-20"))


def expected_loss(risk: Risk, annual_rate: Decimal) -> Decimal:
    """What one unit lent at `annual_rate` is expected to lose over the term, whatever rate that risk would need."""
    with localcontext(annuity.FINE):
        return _loss(risk, _hazard(risk), annual_rate).quantize(STEP)


def quoted(rate: Decimal) -> Decimal:
    """The rate as offered: rounded down to 0.01 %, so that rounding never carries it over the cap."""
    return rate.quantize(QUOTE, ROUND_FLOOR)


def present_value(risk: Risk, annual_rate: Decimal) -> Decimal:
    """What one unit lent at `annual_rate` is worth to the investor at the target yield, after losses and servicing fee."""
    with localcontext(WORKING):
        return _value(risk, _hazard(risk), annual_rate)


def over_term(pd_year: Decimal, term_months: int) -> Decimal:
    """The probability of default over the term when it is `pd_year` within twelve months; twenty decimals."""
    with localcontext(WORKING):
        return (1 - (1 - pd_year) ** (Decimal(term_months) / 12)).quantize(Decimal("1e-20"))


def _hazard(risk: Risk) -> Decimal:
    return 1 - (1 - risk.pd) ** (Decimal(1) / risk.term_months) if risk.pd < 1 else Decimal(1)


def _loss(risk: Risk, hazard: Decimal, rate: Decimal) -> Decimal:
    return hazard * risk.lgd * _exposure(risk, hazard, rate / 12)


def _value(risk: Risk, hazard: Decimal, rate: Decimal) -> Decimal:
    discount = 1 / (1 + (risk.target_yield + risk.servicing_fee) / 12)
    recovered = hazard * (1 - risk.lgd)
    weight, total = Decimal(1), Decimal(0)
    for payment, balance in zip(*_plan(risk.method, risk.term_months, rate / 12), strict=True):
        weight *= discount
        total += weight * ((1 - hazard) * payment + recovered * balance)
        weight *= 1 - hazard
    return total


def _plan(method: Method, months: int, rate: Decimal) -> tuple[list[Decimal], list[Decimal]]:
    """(payments, balances before them) of one unit lent at `rate` a month. A bullet's interest is simple."""
    if method == "equal_installment":
        level = rate / (1 - (1 + rate) ** -months) if rate else Decimal(1) / months
        balances = [Decimal(1)]
        for _ in range(months - 1):
            balances.append(balances[-1] * (1 + rate) - level)
        return [level] * months, balances
    if method == "equal_principal":
        balances = [Decimal(months - k) / months for k in range(months)]
        return [Decimal(1) / months + balance * rate for balance in balances], balances
    if method == "interest_only":
        return [rate] * (months - 1) + [1 + rate], [Decimal(1)] * months
    return [Decimal(0)] * (months - 1) + [1 + rate * months], [Decimal(1)] * months


def _needed(risk: Risk, hazard: Decimal) -> Decimal | None:
    """The yearly rate at which the investor gets back what was paid in, or None when none up to RATE_MAX does."""
    if risk.method != "equal_installment":  # the value is a straight line in the rate
        at_zero, slope = _value(risk, hazard, Decimal(0)), _value(risk, hazard, Decimal(1)) - _value(risk, hazard, Decimal(0))
        if at_zero >= 1:
            return Decimal(0)
        return (1 - at_zero) / slope if slope * RATE_MAX >= 1 - at_zero else None

    def short(rate: Decimal) -> Decimal:
        return _level_value(risk, hazard, rate / 12) - 1

    high = Decimal(1)
    if short(Decimal(0)) >= 0:
        return Decimal(0)
    while short(high) < 0:
        high *= 10
        if high > RATE_MAX:
            return None
    return _root(short, Decimal(0), high)


def _level_value(risk: Risk, hazard: Decimal, rate: Decimal) -> Decimal:
    """`_value` of equal installments, in closed form."""
    discount = 1 / (1 + (risk.target_yield + risk.servicing_fee) / 12)
    alive = discount * (1 - hazard)
    paid = alive * annuity.level(rate, risk.term_months) * annuity.geometric(alive, risk.term_months)
    return paid + hazard * (1 - risk.lgd) * annuity.weighted_balances(rate, risk.term_months, discount, alive)


def _exposure(risk: Risk, hazard: Decimal, rate: Decimal) -> Decimal:
    """The balance owed before each payment, weighted with the chance that the borrower still paid until then."""
    months, alive = risk.term_months, 1 - hazard
    if risk.method == "equal_installment":
        return annuity.weighted_balances(rate, months, Decimal(1), alive)
    if risk.method == "equal_principal":
        return annuity.weighted_balances(Decimal(0), months, Decimal(1), alive)
    return annuity.geometric(alive, months)


def _apr(method: Method, months: int, rate: Decimal, received: Decimal) -> Decimal | None:
    """The effective annual rate of the payments, one a month, against what the borrower `received`."""
    payment = annuity.level(rate, months)

    def excess(growth: Decimal) -> Decimal:
        return received - _worth(method, months, rate, payment, growth)

    if excess(Decimal(1)) >= 0:
        return Decimal(0)
    high = Decimal(2)
    while excess(high) < 0:
        high *= 10
    growth = ((1 + rate * months) / received) ** (Decimal(1) / months) if method == "bullet" else _root(excess, Decimal(1), high)
    apr = growth**12 - 1
    return apr if apr <= APR_MAX else None


def _worth(method: Method, months: int, rate: Decimal, payment: Decimal, growth: Decimal) -> Decimal:
    """What the payments are worth on the day of the payout, when money grows by `growth` a month."""
    if method == "equal_installment":
        return payment * annuity.annuity(growth, months)
    if method == "equal_principal":
        return ((1 + (months + 1) * rate) * annuity.annuity(growth, months) - rate * annuity.rising(growth, months)) / months
    if method == "interest_only":
        return rate * annuity.annuity(growth, months) + growth**-months
    return (1 + rate * months) * growth**-months


def _root(value: Callable[[Decimal], Decimal], low: Decimal, high: Decimal) -> Decimal:
    """Where the rising `value` crosses zero: secant steps through the last two points, halving the bracket when a step leaves it or is slow."""
    last, at_last, now = low, value(low), high
    for step in range(400):
        at_now = value(now)
        if at_now == 0:
            return now
        low, high = (now, high) if at_now < 0 else (low, now)
        guess = now - at_now * (now - last) / (at_now - at_last) if at_now != at_last else low
        last, at_last = now, at_now
        now = guess if low < guess < high and step % 8 != 7 else (low + high) / 2
        if abs(now - last) < FOUND:
            return now
    return low


@cache
def _caps() -> dict[str, Any]:
    return json.loads(CAPS.read_text(encoding="utf-8"), parse_float=Decimal)["caps"]  # type: ignore[no-any-return]


def cap_of(*, jurisdiction: str, as_of: date) -> Cap:
    """The cap in force on `as_of`. Raises `UnableToPrice` where none is recorded: no cap known, no price."""
    rows = [row for row in _caps().get(jurisdiction, []) if date.fromisoformat(row["from"]) <= as_of]
    if not rows:
        raise UnableToPrice("jurisdiction", f"no rate cap is recorded for {jurisdiction} on {as_of.isoformat()}")
    row = max(rows, key=lambda each: str(each["from"]))
    return Cap(Decimal(row["rate"]) if "rate" in row else (Decimal(row["lpr"]) * row["times"]).normalize(), row["basis"], row["source"])
