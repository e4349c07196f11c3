"""The platform's date, separate from the clock, and the calendar of days on which banks work.

Holidays are a table staff may edit, filled from the `holidays` library; outside the years held we raise, never guess.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

import holidays
from django.apps import AppConfig
from django.core.checks import CheckMessage, Tags, Warning, register
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy

from core.models import CalendarYear, Holiday
from core.refusals import Conflict

DEFAULT_CALENDAR = "CN"
WARN_DAYS = 60
YEARS_BACK, YEARS_AHEAD = 3, 8  # a 36-month loan made at the end of the horizon still has its calendar
_LONGEST_BREAK = 30
RULES = ("none", "following", "preceding", "modified_following")


class CalendarRunsOut(Exception):
    """The day lies in a year whose holidays we do not hold: import it first."""

    code = "calendar_runs_out"


class NotForward(Conflict):
    """The business day only goes forward."""

    code = "not_forward"
    message = gettext_lazy("The business day only goes forward.")


def current() -> date:
    """The platform's date. Until the first `advance` it is today in the platform's time zone."""
    with connection.cursor() as cursor:  # asked with almost everything that moves money: to put the question together costs more than the answer
        cursor.execute("SELECT day FROM core_businessdate WHERE id = 1")
        found: tuple[date] | None = cursor.fetchone()
    return found[0] if found else timezone.localdate()


def advance(*, to: date, now: datetime) -> None:
    """Moves the business day forward to `to`; the first call sets it. Of two callers with one date, one wins. Raises NotForward."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_businessdate (id, day, advanced_at) VALUES (1, %s, %s)"
            " ON CONFLICT (id) DO UPDATE SET day = EXCLUDED.day, advanced_at = EXCLUDED.advanced_at WHERE core_businessdate.day < EXCLUDED.day",
            [to, now],
        )
        if cursor.rowcount != 1:
            raise NotForward(to.isoformat())


@dataclass(frozen=True)
class BusinessCalendar:
    """A stretch of a calendar in memory: ask it many times, it read the table once."""

    calendar: str
    exceptions: dict[date, bool]  # day → worked
    years: frozenset[int]

    def is_business_day(self, day: date) -> bool:
        """Raises CalendarRunsOut."""
        if day.year not in self.years:
            raise CalendarRunsOut(f"{self.calendar} {day.year}")
        return self.exceptions.get(day, day.weekday() < 5)

    def roll(self, day: date, *, rule: str = "following") -> date:
        """`day` itself if banks work, else the next one, the previous one, or the next one within the month. Raises CalendarRunsOut."""
        if rule not in RULES:
            raise ValueError(rule)
        if rule == "none" or self.is_business_day(day):
            return day
        rolled = self._nearest(day, step=-1 if rule == "preceding" else 1)
        if rule == "modified_following" and rolled.month != day.month:
            return self._nearest(day, step=-1)
        return rolled

    def _nearest(self, day: date, *, step: int) -> date:
        while not self.is_business_day(day):
            day += timedelta(days=step)
        return day


def load(*, first: date, last: date, calendar: str = DEFAULT_CALENDAR) -> BusinessCalendar:
    """The calendar from `first` to `last`, with room at both ends for rolling."""
    around = (first - timedelta(days=_LONGEST_BREAK), last + timedelta(days=_LONGEST_BREAK))
    rows = Holiday.objects.filter(calendar=calendar, day__range=around).values_list("day", "kind")
    years = CalendarYear.objects.filter(calendar=calendar, year__range=(around[0].year, around[1].year)).values_list("year", flat=True)
    return BusinessCalendar(calendar, {day: kind == Holiday.Kind.WORKED for day, kind in rows}, frozenset(years))


def is_business_day(day: date, *, calendar: str = DEFAULT_CALENDAR) -> bool:
    """Whether banks work on that day. Raises CalendarRunsOut."""
    return load(first=day, last=day, calendar=calendar).is_business_day(day)


def roll(day: date, *, rule: str = "following", calendar: str = DEFAULT_CALENDAR) -> date:
    """As BusinessCalendar.roll, for a single day."""
    return load(first=day, last=day, calendar=calendar).roll(day, rule=rule)


def import_holidays(*, calendar: str = DEFAULT_CALENDAR, years: Iterable[int]) -> int:
    """Writes the library's holidays of these years, replacing what was imported before and keeping what staff entered.

    Returns the number of days found.
    """
    wanted = sorted(set(years))
    found = [entry for year in wanted for entry in _library(calendar, year)]
    days = [Holiday(calendar=calendar, day=day, kind=kind, name=name, source=Holiday.Source.LIBRARY) for day, kind, name in found]
    with transaction.atomic():
        Holiday.objects.filter(calendar=calendar, day__year__in=wanted, source=Holiday.Source.LIBRARY).delete()
        Holiday.objects.bulk_create(days, ignore_conflicts=True)
        CalendarYear.objects.bulk_create([CalendarYear(calendar=calendar, year=year) for year in wanted], ignore_conflicts=True)
    return len(days)


@lru_cache(maxsize=64)
def _library(calendar: str, year: int) -> tuple[tuple[date, str, str], ...]:
    """The library's days of a year that differ from the plain week: (day, kind, name), names in the language of the country."""
    plain = holidays.country_holidays(calendar)
    found = holidays.country_holidays(calendar, years=year, language=plain.default_language)
    closed = [(day, Holiday.Kind.CLOSED.value, name[:200]) for day, name in found.items() if day.year == year]
    worked = [(day, Holiday.Kind.WORKED.value, "") for day in found.weekend_workdays if day.year == year]
    return tuple(sorted([*closed, *worked]))


def ensure_years(*, as_of: date, calendar: str = DEFAULT_CALENDAR) -> int:
    """Imports the years around `as_of` that are not held yet. Returns how many."""
    wanted = set(range(as_of.year - YEARS_BACK, as_of.year + YEARS_AHEAD + 1))
    missing = wanted - set(CalendarYear.objects.filter(calendar=calendar).values_list("year", flat=True))
    if missing:
        import_holidays(calendar=calendar, years=missing)
    return len(missing)


def days_left(calendar: str = DEFAULT_CALENDAR, *, as_of: date | None = None) -> int:
    """Days from the business day to the last day we hold without a gap; 0 when even this year is missing."""
    day = as_of or current()
    held = set(CalendarYear.objects.filter(calendar=calendar, year__gte=day.year).values_list("year", flat=True))
    if day.year not in held:
        return 0
    last = next(year for year in _from(day.year) if year + 1 not in held)
    return (date(last, 12, 31) - day).days


def _from(year: int) -> Iterator[int]:
    while True:
        yield year
        year += 1


def staff_warnings(*, as_of: date | None = None) -> list[str]:
    """What staff should see on their first page: calendars that are about to run out."""
    names = sorted({DEFAULT_CALENDAR, *CalendarYear.objects.values_list("calendar", flat=True).distinct()})
    left = [(name, days_left(name, as_of=as_of)) for name in names]
    return [
        gettext("The holiday calendar %(calendar)s runs out in %(days)d days. Import the next years.") % {"calendar": name, "days": days}
        for name, days in left
        if days <= WARN_DAYS
    ]


@register(Tags.database)
def check_calendar(app_configs: Sequence[AppConfig] | None = None, databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """`manage.py check --database default` says when a calendar is about to run out."""
    if not databases or "default" not in databases:
        return []
    try:
        with transaction.atomic():
            return [Warning(text, id="core.W001") for text in staff_warnings()]
    except DatabaseError:  # the tables are not there yet
        return []
