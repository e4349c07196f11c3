"""Every stream of sealed records, column by column: one byte changed by whoever holds the database's password is found by the command."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, models, transaction
from django.utils import timezone

from credit.models import Decision, ShadowScore
from privacy import seals
from privacy.models import ContactDecision
from tests import stories
from tests.cast import alice, dan

pytestmark = pytest.mark.django_db

# How one byte (of what can be changed byte by byte) or the least there is becomes another, by the column's type.
CHANGES = {
    "bytea": "set_byte({0}, length({0}) / 2, get_byte({0}, length({0}) / 2) # 1)",
    "uuid": "overlay({0}::text placing (CASE right({0}::text, 1) WHEN '0' THEN '1' ELSE '0' END) from 36)::uuid",
    "timestamp with time zone": "{0} + interval '1 microsecond'",
    "date": "{0} + 1",
    "boolean": "NOT {0}",
    "bigint": "{0} # 1",
    "integer": "{0} # 1",
    "numeric": "{0} + 0.0000000001 * 10 ^ (10 - scale({0}))",
    "jsonb": "{0} || '{{\"x\": 1}}'::jsonb",
    "ARRAY": "array_append({0}, 'x')",
    "text": "overlay({0} placing (CASE right({0}, 1) WHEN '0' THEN '1' ELSE '0' END) from greatest(length({0}), 1))",
}
CHANGES["character varying"] = CHANGES["text"]


@pytest.fixture(scope="module")
def records(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Alice applied and Dan decided: answers to notices, looks, decisions on credit and in shadow, and one on contacting her. All sealed."""
    with django_db_blocker.unblock(), transaction.atomic():
        now = timezone.now()
        file = stories.offered(alice(), reviewer=dan(), amount=1_000_000, term_months=6, now=now).file
        decision = Decision.objects.latest("pk")
        ShadowScore.objects.create(decision=decision, model="other", model_sha256="0" * 64, output={}, outcome="refer", at=now)
        ContactDecision.objects.create(
            subject=file.subject, matter=file.matter, asked_by=dan().user.subject, actor="agent", role="borrower", purpose="remind", channel="sms",
            template="reminder", asked={"hour": 10}, decision="allow", reason="A_CONTRACT", basis="contract", citation="PIPL 13", citation_zh="个保法 13",
            pack="CN-1", secondary=[], rules={"packs": ["CN-1"]}, at=now, expires_at=now + timedelta(seconds=60),
        )  # fmt: skip
        seals.seal_segments(now=now)
        call_command("verify_seals", stdout=io.StringIO())
        yield
        transaction.set_rollback(True)


def columns(model: type[models.Model]) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = %s", [model._meta.db_table])
        return dict(cursor.fetchall())


def change(model: type[models.Model], column: str, how: str) -> bool:
    """One row's one column. False where it is empty, or the table itself knows better."""
    table, put = model._meta.db_table, CHANGES[how].format(f'"{column}"')
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL session_replication_role = replica")
            cursor.execute(f'UPDATE "{table}" SET "{column}" = {put} WHERE "{column}" IS NOT NULL AND id = (SELECT max(id) FROM "{table}")')
            changed = cursor.rowcount
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
            return changed != 0
    except IntegrityError:
        return False


def said() -> str:
    """What the command says when it is not content."""
    errors = io.StringIO()
    try:
        call_command("verify_seals", stdout=io.StringIO(), stderr=errors)
    except CommandError:
        return errors.getvalue()
    return ""


def test_consents_decisions_and_looks_are_all_sealed() -> None:
    assert set(seals.STREAMS) == {"consent", "access", "decision", "credit_decision", "credit_shadow"}


@pytest.mark.parametrize("stream", ["consent", "access", "decision", "credit_decision", "credit_shadow"])
def test_invariant_12_one_flipped_byte_anywhere_in_a_stream_is_found(records: None, stream: str) -> None:
    model, found, missed = seals.STREAMS[stream], 0, []
    for column, how in columns(model).items():
        mark = transaction.savepoint()
        if change(model, column, how):
            found += 1
            words = said()
            missed += [] if words.startswith(f"{stream} 1: ") else [f"{column}: {words!r}"]
        transaction.savepoint_rollback(mark)
    assert missed == []
    assert found >= len(columns(model)) // 2
    assert said() == ""
