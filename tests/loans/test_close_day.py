"""Months pass in the sandbox by command; elsewhere the business day never runs ahead of the calendar."""

from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from core import business_day
from loans.models import DayRun

pytestmark = pytest.mark.django_db


@pytest.fixture
def today() -> date:
    business_day.advance(to=timezone.localdate(), now=timezone.now())
    return timezone.localdate()


def close(to: date | None = None) -> None:
    call_command("close_day", *(["--to", to.isoformat()] if to else []), stdout=StringIO())


def test_every_day_between_is_run_once(today: date) -> None:
    close()
    close(today + timedelta(days=4))
    assert business_day.current() == today + timedelta(days=4)
    assert sorted(DayRun.objects.values_list("on", flat=True)) == [today + timedelta(days=n) for n in (0, 1, 2, 3)]
    assert not DayRun.objects.filter(finished_at=None).exists()


def test_it_only_goes_forward_and_never_far(today: date) -> None:
    with pytest.raises(CommandError, match="only goes forward"):
        close(today)
    with pytest.raises(CommandError, match="in steps"):
        close(today.replace(day=1) + timedelta(days=366 * 6))


def test_outside_the_sandbox_tomorrow_has_not_come(today: date, settings) -> None:
    settings.SIGNED_PACKS_SANDBOX = False
    with pytest.raises(CommandError, match="has not come"):
        close()
    assert business_day.current() == today
