"""The people around the sample borrowers are made by the operations everybody uses, and give the public count something to count."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts import roles
from config import circle_figures
from config.sample import chapters, circle
from core import business_day
from privacy.models import ContactDecision
from tests import cast, stories

pytestmark = pytest.mark.django_db


def test_one_answers_one_stopped_one_is_left_alone_at_night_one_never_agreed():
    roles.ensure()
    morning = chapters.moment(business_day.current() - timedelta(days=1))
    for serial in range(4):
        application = stories.draft(cast.alice(), amount=4_800_000, term_months=6, now=morning)
        contact = circle._accepts(application, serial, now=morning)
        circle._asked(circle._climbed(application, now=morning), contact, serial, now=morning + timedelta(hours=1))
    reasons = list(ContactDecision.objects.filter(contact__isnull=False).order_by("pk").values_list("reason", flat=True))
    assert reasons[1:3] == ["D_DO_NOT_CONTACT", "D_QUIET_HOURS"]
    assert reasons[0] in ("A_REFERENCE_OPTED_IN", "D_HOLIDAY")
    assert reasons[3][0] == "D"
    assert circle_figures.read(now=timezone.now()).asked == 4
