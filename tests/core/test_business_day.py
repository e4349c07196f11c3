from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.utils import timezone

from core import business_day
from core.business_day import CalendarRunsOut, NotForward
from core.models import BusinessDate, CalendarYear, Holiday

from .test_outbox import in_threads

pytestmark = pytest.mark.django_db

# what banks in China did, from the State Council's notices
WORKED = """
2025-01-26 yes  make-up Sunday before Spring Festival
2025-01-28 no   Spring Festival eve
2025-02-08 yes  make-up Saturday
2025-04-04 no   Tomb-Sweeping Day
2025-04-27 yes  make-up Sunday before Labour Day
2025-10-08 no   end of the golden week
2025-10-11 yes  make-up Saturday
2025-10-13 yes  plain Monday
2025-10-18 no   plain Saturday
2026-01-01 no   New Year
"""


@pytest.mark.parametrize("line", WORKED.strip().splitlines())
def test_banks_work_on_weekdays_and_make_up_days(line):
    day, works, _ = line.split(maxsplit=2)
    assert business_day.is_business_day(date.fromisoformat(day)) == (works == "yes")


@pytest.mark.parametrize(
    ("rule", "day", "rolled"),
    [
        ("following", "2025-10-01", "2025-10-09"),
        ("preceding", "2025-10-01", "2025-09-30"),
        ("modified_following", "2025-10-01", "2025-10-09"),
        ("modified_following", "2025-05-31", "2025-05-30"),
        ("following", "2025-05-31", "2025-06-03"),
        ("following", "2025-12-31", "2025-12-31"),
        ("none", "2025-10-01", "2025-10-01"),
    ],
)
def test_a_due_day_rolls_by_its_rule(rule, day, rolled):
    assert business_day.roll(date.fromisoformat(day), rule=rule) == date.fromisoformat(rolled)


def test_an_unknown_rule_is_an_error():
    with pytest.raises(ValueError):
        business_day.roll(date(2025, 10, 1), rule="sideways")


def test_a_loaded_stretch_answers_like_the_table(django_assert_num_queries):
    with django_assert_num_queries(2):
        calendar = business_day.load(first=date(2025, 1, 1), last=date(2025, 12, 31))
        days = [date(2025, 1, 1) + timedelta(days=number) for number in range(365)]
        worked = sum(calendar.is_business_day(day) for day in days)
    assert worked == 248  # 365 days, 52 weekends, 13 legal holidays: 2025 has 248 working days
    assert calendar.roll(date(2025, 12, 31)) == date(2025, 12, 31)


def test_beyond_the_imported_years_nobody_guesses():
    last = max(CalendarYear.objects.values_list("year", flat=True))
    with pytest.raises(CalendarRunsOut):
        business_day.is_business_day(date(last + 1, 6, 3))
    with pytest.raises(CalendarRunsOut):
        business_day.is_business_day(date(2025, 6, 3), calendar="DE")


def test_a_single_day_entered_by_staff_does_not_make_a_year():
    Holiday.objects.create(calendar="DE", day="2025-06-03")
    with pytest.raises(CalendarRunsOut):
        business_day.is_business_day(date(2025, 6, 3), calendar="DE")


def test_an_import_replaces_the_librarys_days_and_keeps_staffs():
    Holiday.objects.filter(calendar="CN", day="2025-10-01").update(kind="worked", source="staff")
    Holiday.objects.filter(calendar="CN", day="2025-10-02").delete()
    Holiday.objects.create(calendar="CN", day="2025-03-03", name="flood")
    business_day.import_holidays(years=[2025])
    assert [business_day.is_business_day(date(2025, month, day)) for month, day in ((10, 1), (10, 2), (3, 3))] == [True, False, False]


def test_another_country_has_its_own_calendar():
    assert business_day.import_holidays(calendar="DE", years=[2026]) > 5
    assert not business_day.is_business_day(date(2026, 10, 3), calendar="DE")
    assert business_day.is_business_day(date(2026, 10, 5), calendar="DE")


def test_staff_are_warned_sixty_days_before_the_calendar_runs_out():
    CalendarYear.objects.filter(year__gt=2026).delete()
    assert business_day.days_left(as_of=date(2026, 11, 1)) == 60
    assert business_day.staff_warnings(as_of=date(2026, 10, 31)) == []
    (warning,) = business_day.staff_warnings(as_of=date(2026, 11, 1))
    assert "CN" in warning
    assert "60" in warning
    assert business_day.days_left(as_of=date(2027, 1, 1)) == 0


def test_a_year_missing_in_between_is_the_end():
    CalendarYear.objects.filter(year=2027).delete()
    assert business_day.days_left(as_of=date(2026, 12, 30)) == 1


def test_the_system_check_says_it_too(capsys):
    CalendarYear.objects.filter(year__gt=timezone.localdate().year - 1).delete()
    call_command("check", "--database", "default", "--tag", "database")
    assert "core.W001" in capsys.readouterr().err


def test_the_business_day_follows_the_clock_until_it_is_first_set(now):
    assert business_day.current() == timezone.localdate()
    business_day.advance(to=date(2024, 2, 29), now=now)
    assert business_day.current() == date(2024, 2, 29)


@pytest.mark.parametrize("to", [date(2026, 3, 2), date(2026, 3, 1)])
def test_the_business_day_only_goes_forward(now, to):
    business_day.advance(to=date(2026, 3, 2), now=now)
    with pytest.raises(NotForward):
        business_day.advance(to=to, now=now)
    assert business_day.current() == date(2026, 3, 2)


def test_the_database_holds_it_too(now):
    business_day.advance(to=date(2026, 3, 2), now=now)
    with pytest.raises(DatabaseError), transaction.atomic():
        BusinessDate.objects.update(day=date(2026, 3, 1))
    with pytest.raises(DatabaseError), transaction.atomic():
        BusinessDate.objects.create(pk=2, day=date(2026, 3, 3), advanced_at=now)


@pytest.mark.django_db(transaction=True)
def test_of_two_runs_of_one_day_one_advances_it(now):
    def advance():
        try:
            business_day.advance(to=date(2026, 3, 3), now=now)
        except NotForward:
            return "late"
        return "first"

    business_day.advance(to=date(2026, 3, 2), now=now)
    assert sorted(in_threads(6, advance)) == ["first"] + ["late"] * 5
