"""Who did what stays as it was written."""

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse

from accounts import audit
from accounts.models import Act
from tests import cast


def test_an_act_names_who_what_whom_and_when(now) -> None:
    dan = cast.dan(now=now)
    act = audit.record(actor=dan.user, action="application.claim", target="AP-12345678", now=now)
    assert (act.actor, act.action, act.target, act.at) == (dan.user, "application.claim", "AP-12345678", now)


@pytest.mark.parametrize("change", ["UPDATE accounts_act SET action = 'nothing'", "DELETE FROM accounts_act"])
def test_an_act_is_never_changed_nor_removed(now, change: str) -> None:
    audit.record(actor=cast.dan(now=now).user, action="x.y", target="X", now=now)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(change)
    with pytest.raises(DatabaseError), transaction.atomic():
        Act.objects.update(action="nothing")


def test_no_act_without_the_deed(now) -> None:
    """It is written in the caller's transaction."""
    dan = cast.dan(now=now)
    with transaction.atomic():
        audit.record(actor=dan.user, action="x.y", target="X", now=now)
        transaction.set_rollback(True)
    assert not Act.objects.filter(action="x.y").exists()


def test_staff_read_acts_and_change_none(now) -> None:
    dan = cast.dan(now=now)
    dan.user.is_superuser = True
    dan.user.save(update_fields=["is_superuser"])
    act = audit.record(actor=dan.user, action="x.y", target="X", now=now)
    client = cast.client_of(dan)
    assert dan.user.pseudonym in client.get(reverse("admin:accounts_act_changelist")).content.decode()
    assert client.get(reverse("admin:accounts_act_change", args=[act.pk])).status_code == 200
    assert client.post(reverse("admin:accounts_act_delete", args=[act.pk]), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:accounts_act_add")).status_code == 403
