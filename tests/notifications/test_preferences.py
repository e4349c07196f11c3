"""Quiet hours by the clock where the reader is."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from accounts.models import User
from notifications import catalogue, preferences
from notifications.models import Preference


@pytest.mark.parametrize(
    ("zone", "hours", "local", "allowed"),
    [
        ("Asia/Shanghai", (21, 8), "2026-11-23 20:59", "2026-11-23 20:59"),
        ("Asia/Shanghai", (21, 8), "2026-11-23 21:00", "2026-11-24 08:00"),
        ("Asia/Shanghai", (21, 8), "2026-11-24 00:30", "2026-11-24 08:00"),
        ("Asia/Shanghai", (21, 8), "2026-11-24 08:00", "2026-11-24 08:00"),
        ("Asia/Shanghai", (1, 6), "2026-11-24 03:00", "2026-11-24 06:00"),
        ("Asia/Shanghai", (1, 6), "2026-11-24 07:00", "2026-11-24 07:00"),
        ("Asia/Shanghai", (9, 9), "2026-11-24 09:30", "2026-11-24 09:30"),
        ("Europe/Berlin", (21, 8), "2026-03-28 23:00", "2026-03-29 08:00"),  # the night the clocks go forward
        ("Europe/Berlin", (21, 8), "2026-10-24 23:00", "2026-10-25 08:00"),  # and back
        ("Europe/Berlin", (21, 2), "2026-03-28 23:00", "2026-03-29 03:00"),  # two o'clock is not there that night
        ("Asia/Kathmandu", (21, 8), "2026-11-23 22:00", "2026-11-24 08:00"),
    ],
)
def test_the_end_of_the_quiet_hours(zone, hours, local, allowed):
    user, zoned = User(time_zone=zone), ZoneInfo(zone)
    preference = Preference(quiet_from=hours[0], quiet_until=hours[1])
    moment = datetime.fromisoformat(local).replace(tzinfo=zoned).astimezone(UTC)
    got = preferences.mail_from(user, preference, catalogue.get("kite.lost"), now=moment)
    assert got.astimezone(zoned).strftime("%Y-%m-%d %H:%M") == allowed
    assert got >= moment
    assert preferences.mail_from(user, Preference(quiet=False), catalogue.get("kite.lost"), now=moment) == moment
    assert preferences.mail_from(user, preference, catalogue.get("kite.stolen"), now=moment) == moment


def test_usual_choices():
    usual = Preference()
    assert preferences.wants_mail(usual, "loan")
    assert not preferences.wants_mail(usual, "receipt")
    assert preferences.wants_mail(Preference(mail={"receipt": True}), "receipt")
    assert preferences.wants_mail(Preference(mail={"security": False}), "security")
