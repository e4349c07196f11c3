import pytest
from django.contrib.admin.sites import site
from django.contrib.auth import get_user_model
from django.contrib.messages.storage.fallback import FallbackStorage
from django.utils import timezone

from core.admin import HolidayAdmin, JobAdmin
from core.models import Holiday, Job

pytestmark = pytest.mark.django_db


@pytest.fixture
def request_by_dan(rf):
    request = rf.post("/admin/")
    request.user = get_user_model()(pk=4, is_staff=True, is_superuser=True, is_active=True)
    request.session = {}
    request._messages = FallbackStorage(request)
    return request


def test_staff_retry_dead_jobs_and_only_those(request_by_dan, now):
    dead = Job.objects.create(name="x", handler="gone", key="1")
    Job.objects.filter(pk=dead.pk).update(state="running", lease_until=now, lease_token="6f1c0c52-0000-4000-8000-000000000000")
    Job.objects.filter(pk=dead.pk).update(state="dead", lease_until=None, lease_token=None, failures=12)
    waiting = Job.objects.create(name="x", handler="gone", key="2", failures=3)
    admin = JobAdmin(Job, site)
    admin.retry(request_by_dan, Job.objects.all())
    dead.refresh_from_db()
    waiting.refresh_from_db()
    assert (dead.state, dead.failures) == ("waiting", 0)
    assert waiting.failures == 3
    assert len(list(request_by_dan._messages)) == 1


def test_jobs_are_read_only(request_by_dan):
    admin = JobAdmin(Job, site)
    assert not admin.has_add_permission(request_by_dan)
    assert not admin.has_delete_permission(request_by_dan)
    assert set(admin.get_readonly_fields(request_by_dan)) == {field.name for field in Job._meta.fields}


def test_what_staff_change_in_the_calendar_is_theirs(request_by_dan):
    day = Holiday.objects.filter(source="library", day__year=timezone.localdate().year).first()
    HolidayAdmin(Holiday, site).save_model(request_by_dan, day, form=None, change=True)
    day.refresh_from_db()
    assert day.source == "staff"
