import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.http import HttpResponse

from core.models import Holiday
from core.refusals import Conflict, RefusalMiddleware, Refused, Unreadable, map_refusal


def refusal_of(act):
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        act()
    return map_refusal(refused.value)


def test_a_twin_a_rule_and_a_range_are_told_apart(db):
    Holiday.objects.create(calendar="XX", day="2031-01-02")
    twin = refusal_of(lambda: Holiday.objects.create(calendar="XX", day="2031-01-02"))
    rule = refusal_of(lambda: Holiday.objects.create(calendar="XX", day="2031-01-03", kind="odd"))
    assert (twin.code, twin.rule) == ("duplicate", "core_holiday_one_per_day")
    assert (rule.code, rule.rule) == ("rule", "core_holiday_kind")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "status"),
    [(Conflict(), 409), (Refused("duplicate", "x"), 409), (IntegrityError("no cause known"), None), (RuntimeError(), None), (Unreadable(), 400)],
)
def test_conflicts_are_answered_with_409_and_faults_are_not_hidden(rf, error, status):
    middleware = RefusalMiddleware(lambda request: HttpResponse())
    answer = middleware.process_exception(rf.get("/"), error)
    assert (answer.status_code if answer else None) == status


def test_what_no_database_can_hold_is_told_from_a_fault(db):
    assert isinstance(refusal_of(lambda: Holiday.objects.filter(name="a\x00b").exists()), Unreadable)
