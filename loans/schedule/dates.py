"""When rows fall due, and which part of a year each period is."""

from calendar import isleap, monthrange
from datetime import MAXYEAR, date, timedelta
from itertools import pairwise

from loans.schedule.terms import BusinessDayRule, Terms, UnableToSchedule

Fraction = tuple[int, int]  # of a year, as numerator and denominator: exact where a Decimal could not be
DAYS = {"day": 1, "week": 7}
PERIODS_A_YEAR = {"day": 365, "week": 52, "month": 12}


def due_dates(terms: Terms) -> list[date] | None:
    """The due dates after the business-day rule, oldest first; None when the terms carry no dates."""
    try:
        nominal = _nominal_dates(terms)
        if nominal is None or terms.business_day_rule == "none":
            return nominal
        return [_moved(terms, day) for day in nominal]
    except (OverflowError, ValueError):
        raise UnableToSchedule("periods", f"the last due date is after the year {MAXYEAR}") from None


def _moved(terms: Terms, day: date) -> date:
    """The business-day rule; a row is never moved back to the disbursement or before it, but forward instead."""
    moved = business_day(day, rule=terms.business_day_rule, holidays=terms.holidays)
    return moved if terms.disbursed_on is None or moved > terms.disbursed_on else _next_open(day, 1, terms.holidays)


def _nominal_dates(terms: Terms) -> list[date] | None:
    if terms.method == "custom":
        return [row.due_on for row in terms.rows]
    if terms.disbursed_on is None and terms.first_due_on is None:
        return None
    return _monthly(terms) if terms.period == "month" else _stepped(terms)


def _stepped(terms: Terms) -> list[date]:
    step = timedelta(days=DAYS[terms.period] * terms.period_every)
    first = terms.first_due_on or _disbursed(terms) + step
    return [first + step * k for k in range(terms.periods)]


def _monthly(terms: Terms) -> list[date]:
    """Each date counts from the anchor, never from its neighbor, so a short month pulls no later date down."""
    every, first = terms.period_every, terms.first_due_on
    if first is None or (terms.disbursed_on and first == add_months(terms.disbursed_on, every)):
        anchor, offset = _disbursed(terms), every
    else:
        anchor, offset = first, 0
    dates = [add_months(anchor, offset + every * k, roll=terms.due_date_rule != "clamp") for k in range(terms.periods)]
    return [first, *dates[1:]] if first else dates


def _disbursed(terms: Terms) -> date:
    if terms.disbursed_on is None:
        raise UnableToSchedule("disbursed_on", "is needed for due dates")
    return terms.disbursed_on


def add_months(day: date, months: int, *, roll: bool = False) -> date:
    """The same day of a later month; a day that month lacks is its last day, or with `roll` the first of the next."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = monthrange(year, month + 1)[1]
    if day.day <= last:
        return date(year, month + 1, day.day)
    return add_months(date(year, month + 1, 1), 1) if roll else date(year, month + 1, last)


def business_day(day: date, *, rule: BusinessDayRule, holidays: frozenset[date]) -> date:
    """`following` moves off weekends and holidays forward; `modified_following` backward when forward leaves the month."""
    moved = _next_open(day, 1, holidays)
    if rule == "modified_following" and moved.month != day.month:
        return _next_open(day, -1, holidays)
    return moved


def _next_open(day: date, step: int, holidays: frozenset[date]) -> date:
    while day.weekday() >= 5 or day in holidays:
        day += timedelta(days=step)
    return day


def year_fractions(terms: Terms, due: list[date] | None) -> list[Fraction]:
    """The length of every period in years. Only the first, or a custom row, may differ from the regular length."""
    count = len(terms.rows) or terms.periods
    if due is None or terms.disbursed_on is None:
        return _without_start(terms, due, count)
    starts = [terms.disbursed_on, *due[:-1]]
    if terms.day_count.startswith("actual"):
        return [between(terms, start, end) for start, end in zip(starts, due, strict=True)]
    if terms.method == "custom":
        return [_custom(terms, start, end) for start, end in zip(starts, due, strict=True)]
    first = regular(terms) if first_is_regular(terms) else between(terms, terms.disbursed_on, due[0])
    return [first] + [regular(terms)] * (count - 1)


def _without_start(terms: Terms, due: list[date] | None, count: int) -> list[Fraction]:
    if due is None or terms.method != "custom":
        return [regular(terms)] * count
    return [regular(terms)] + [_custom(terms, start, end) for start, end in pairwise(due)]


def first_is_regular(terms: Terms) -> bool:
    if terms.first_due_on is None or terms.disbursed_on is None:
        return True
    if terms.period == "month":
        return terms.first_due_on in (
            add_months(terms.disbursed_on, terms.period_every),
            add_months(terms.disbursed_on, terms.period_every, roll=terms.due_date_rule != "clamp"),
        )
    return (terms.first_due_on - terms.disbursed_on).days == DAYS[terms.period] * terms.period_every


def _custom(terms: Terms, start: date, end: date) -> Fraction:
    """Whole months between two custom rows count as months; anything else counts its days."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if terms.period == "month" and months > 0:
        month_ends = end.day == monthrange(end.year, end.month)[1] and start.day == monthrange(start.year, start.month)[1]
        if month_ends or end == add_months(start, months):
            return months, 12
    return between(terms, start, end)


def regular(terms: Terms) -> Fraction:
    if terms.period == "month":
        return terms.period_every, 12
    if terms.day_count == "30/360":
        return DAYS[terms.period] * terms.period_every, 360
    return terms.period_every, PERIODS_A_YEAR[terms.period]


def between(terms: Terms, start: date, end: date) -> Fraction:
    """Real days over the day count's year; actual/actual splits at the year boundary (ISDA)."""
    if terms.day_count == "actual/actual":
        return actual_actual(start, end)
    return (end - start).days, 360 if terms.day_count.endswith("360") else 365


def actual_actual(start: date, end: date) -> Fraction:
    if start.year == end.year:
        return (end - start).days, 366 if isleap(start.year) else 365
    days = {365: 0, 366: 0}
    for year in range(start.year, end.year + 1):
        low, high = max(start, date(year, 1, 1)), end if year == end.year else date(year + 1, 1, 1)
        days[366 if isleap(year) else 365] += (high - low).days
    return days[365] * 366 + days[366] * 365, 365 * 366
