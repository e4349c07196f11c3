"""What was decided, signed, said and paid stays: no SQL of the site's own account changes, removes or empties it."""

import pytest
from django.apps import apps
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from core import business_day, outbox
from loans import repayment
from marketplace.models import Listing
from tests import cast, stories

APPEND_ONLY = (
    "accounts.Act",
    "credit.Decision",
    "loans.Review",
    "loans.Signature",
    "loans.Repayment",
    "loans.Portion",
    "loans.Share",
)
KEPT = ("marketplace.Pledge", "loans.Disbursement")

pytestmark = pytest.mark.django_db


@pytest.fixture
def repaid() -> None:
    """A loan with everything in it: reviewed, decided, signed, pledged, paid out, repaid once."""
    now = timezone.now()
    business_day.advance(to=timezone.localdate(), now=now)
    alice, bob, dan = cast.alice(), cast.bob(), cast.dan()
    for member in (alice, bob):
        stories.pay_in(member, 2_000_000, now=now)
    loan = stories.accepted_loan(alice, reviewer=dan, amount=1_000_000, term_months=6, now=now)
    stories.pledge(Listing.objects.get(loan=loan), bob, 1_000_000, now=now)
    outbox.drain(now=now)
    stories.pay_out(loan, proposer=cast.fay(), approver=dan, now=now)
    loan.refresh_from_db()
    repayment.pay(loan=loan, amount=10_000, by=alice.user, key="early", as_of=business_day.current(), now=now)


def refused(statement: str) -> bool:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        return True
    return False


def test_nothing_is_changed_removed_or_emptied(repaid: None) -> None:
    for label in (*APPEND_ONLY, *KEPT):
        model = apps.get_model(label)
        assert model.objects.exists(), f"{label}: the story has a row of each"
        assert refused(f"DELETE FROM {model._meta.db_table}"), f"{label} can be deleted"
    for label in APPEND_ONLY:
        table = apps.get_model(label)._meta.db_table
        assert refused(f"UPDATE {table} SET id = id"), f"{label} can be changed"
        assert refused(f"TRUNCATE {table} CASCADE"), f"{label} can be emptied"


def test_a_reply_is_kept_as_it_was_said() -> None:
    triggers = {trigger.name for trigger in apps.get_model("loans.Reply")._meta.triggers}
    assert triggers == {"reply_append_only", "reply_not_emptied"}
