"""The rate a risk needs: probability of default in, annual rate out, never above the cap. Pure Decimal, no float.

With hazard h = 1 − (1 − PD)^(1/n) a month, loss given default on the balance, d = 1 + (yield + fee)/12, the rate r solves

    Σ_t [ (1−h)^t · P_t + (1−h)^(t−1) · h · (1−LGD) · B_(t−1) ] / d^t = 1

where P_t is the payment and B_(t−1) the balance before it, per unit lent at r/12 a month. What needs more than the cap gets no price:
a rate clipped to the cap would sell the investor a loss.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Context, Decimal, localcontext
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args

Method = Literal["equal_installment", "equal_principal", "interest_only", "bullet"]
Basis = Literal["apr", "nominal"]
WORKING = Context(prec=40)
STEP = Decimal("1e-12")  # of a stored rate; the quoted one is coarser, see `quoted`
QUOTE = Decimal("0.0001")
RATE_MAX = Decimal(1000)
TERM_MAX = 600
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
    with localcontext(WORKING):
        rate = _needed(risk)
        if rate is None:
            return Price(False, None, None, None, "no_rate")
        payments, balances = _plan(risk.method, risk.term_months, rate / 12)
        hazard = _hazard(risk)
        loss = sum((survived * hazard * risk.lgd * balance for survived, balance in zip(_survival(hazard, len(balances)), balances, strict=True)), Decimal(0))
        apr = _apr(payments, 1 - risk.origination_fee)
        if apr is None:
            return Price(False, None, None, None, "no_rate")
        rate, apr, loss = rate.quantize(STEP, ROUND_FLOOR), apr.quantize(STEP), loss.quantize(STEP)
        if (apr if risk.cap.basis == "apr" else rate) > risk.cap.rate:
            return Price(False, None, None, loss, "above_cap", rate, apr)
        return Price(True, rate, apr, loss, "", rate, apr)


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


def _survival(hazard: Decimal, months: int) -> list[Decimal]:
    """The share still paying before each month: 1, (1−h), (1−h)²…"""
    alive, shares = Decimal(1), []
    for _ in range(months):
        shares.append(alive)
        alive *= 1 - hazard
    return shares


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


def _needed(risk: Risk) -> Decimal | None:
    hazard = _hazard(risk)
    if _value(risk, hazard, Decimal(0)) >= 1:
        return Decimal(0)
    high = Decimal(1)
    while _value(risk, hazard, high) < 1:
        high *= 10
        if high > RATE_MAX:
            return None
    return _root(lambda rate: _value(risk, hazard, rate) - 1, Decimal(0), high)


def _apr(payments: list[Decimal], received: Decimal) -> Decimal | None:
    """The effective annual rate of `payments`, one a month, against what the borrower `received`."""

    def excess(growth: Decimal) -> Decimal:
        value = Decimal(0)
        for payment in reversed(payments):
            value = (value + payment) / growth
        return received - value

    if sum(payments) <= received:
        return Decimal(0)
    high = Decimal(2)
    while excess(high) < 0:
        high *= 10
        if high > 10**12:
            return None
    growth = _root(excess, Decimal(1), high)
    return growth**12 - 1


def _root(value: Callable[[Decimal], Decimal], low: Decimal, high: Decimal) -> Decimal:
    """Where the rising `value` crosses zero: secant steps kept in their bracket (Illinois), with bisection every third."""
    at_low, at_high = value(low), value(high)
    for step in range(300):
        if high - low < Decimal("1e-25"):
            break
        middle = (low + high) / 2 if step % 3 == 2 or at_high == at_low else high - at_high * (high - low) / (at_high - at_low)
        at_middle = value(middle)
        if at_middle >= 0:
            high, at_high, at_low = middle, at_middle, at_low / 2
        else:
            low, at_low, at_high = middle, at_middle, at_high / 2
        if at_middle == 0:
            return middle
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
    return Cap(Decimal(row["rate"]), row["basis"], row["source"])
