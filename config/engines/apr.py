"""JSON for `loans.apr`: flows by date, by time in years or periods, or by unit-periods; `repeat` unrolls a level stream."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from config.reading import InvalidInput, Record, day, number, one_of, translated, whole
from loans import apr

F = TypeVar("F")
FORMULAS = ("effective_annual", "xirr", "us_actuarial", "periodic_irr", "periodic_irr_nominal")
FLOWS_MAX = 20_000
TIME_MAX = 10**9


def run(data: dict[str, Any]) -> dict[str, Any]:
    record = Record(data)
    flows = record.take("cashflows", _objects)
    convention = Record(record.take("convention", lambda value, name: value), "convention")
    record.done()
    formula = convention.take("formula", one_of(*FORMULAS))
    periods = convention.take("periods_per_year", _positive, None)
    days = convention.take("days", _days, None)
    convention.done()
    if periods is None and formula in ("us_actuarial", "periodic_irr_nominal"):
        raise InvalidInput("convention.periods_per_year", f"is required by {formula}")
    with translated(apr.UnableToRate):
        return {"rate": apr.formatted(_rate(formula, flows, periods, days))}


def _rate(formula: str, flows: list[Record], periods: Decimal | None, days: int | None) -> Decimal:
    if formula == "xirr" or (formula == "effective_annual" and days is not None and any(flow.has("date") for flow in flows)):
        return apr.xirr(flows=[_dated(flow) for flow in flows], days=days or 365)
    if formula == "us_actuarial":
        return apr.us_actuarial(flows=_unrolled(flows, _actuarial), periods_per_year=periods or 1)
    timed = _unrolled(flows, _timed)
    if formula == "periodic_irr_nominal":
        return apr.periodic_irr_nominal(flows=timed, periods_per_year=periods or 1)
    return apr.effective_annual(flows=timed) if formula == "effective_annual" else apr.periodic_irr(flows=timed)


def _objects(value: Any, name: str) -> list[Record]:
    if not isinstance(value, list) or not value:
        raise InvalidInput(name, "must be a list of at least one flow")
    return [Record(item, f"{name}[{index}]") for index, item in enumerate(value)]


def _positive(value: Any, name: str) -> Decimal:
    found = number(value, name)
    if not 0 < found <= 10**6:
        raise InvalidInput(name, "must be above 0 and at most 1000000")
    return found


def _days(value: Any, name: str) -> int:
    return _within(value, name, 1, 1000)


def _within(value: Any, name: str, low: int, high: int) -> int:
    found = whole(value, name)
    if not low <= found <= high:
        raise InvalidInput(name, f"must be from {low} to {high}")
    return found


def _time(value: Any, name: str) -> int:
    return _within(value, name, -TIME_MAX, TIME_MAX)


def _not_negative(value: Any, name: str) -> int:
    return _within(value, name, 0, TIME_MAX)


def _denominator(value: Any, name: str) -> int:
    return _within(value, name, 1, TIME_MAX)


def _repeat(value: Any, name: str) -> int:
    return _within(value, name, 1, FLOWS_MAX)


def _dated(flow: Record) -> apr.DatedFlow:
    found = apr.DatedFlow(flow.take("amount", number), flow.take("date", day))
    flow.done()
    return found


def _unrolled(flows: list[Record], read: Callable[[Record], list[F]]) -> list[F]:
    found: list[F] = []
    for flow in flows:
        found += read(flow)
        flow.done()
        if len(found) > FLOWS_MAX:
            raise InvalidInput(flow.name("repeat"), f"at most {FLOWS_MAX} flows")
    return found


def _timed(flow: Record) -> list[apr.Flow]:
    if flow.has("date"):
        raise InvalidInput(flow.name("date"), "needs convention.days with effective_annual, or the formula xirr")
    amount, start, parts = flow.take("amount", number), flow.take("time_num", _time), flow.take("time_den", _denominator)
    offset = Fraction(flow.take("offset_num", _time, 0), flow.take("offset_den", _denominator, 1))
    repeat, step = flow.take("repeat", _repeat, 1), flow.take("step_num", _time, 1)
    return [apr.Flow(amount, Fraction(start + k * step, parts) + offset) for k in range(repeat)]


def _actuarial(flow: Record) -> list[apr.ActuarialFlow]:
    amount, start = flow.take("amount", number), flow.take("t", _not_negative)
    top, bottom = flow.take("f_num", _not_negative), flow.take("f_den", _denominator)
    repeat, step = flow.take("repeat", _repeat, 1), flow.take("step", _not_negative, 1)
    if top >= bottom:
        raise InvalidInput(flow.name("f_num"), "must be less than f_den: a fraction of one unit-period")
    return [apr.ActuarialFlow(amount, start + k * step, Fraction(top, bottom)) for k in range(repeat)]
