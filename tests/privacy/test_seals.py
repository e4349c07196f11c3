from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from privacy import disclosure, heads, seals
from privacy.disclosure import Actor
from privacy.models import AccessLog, Consent, Segment


@pytest.fixture
def looks(alice, dan, now):
    def _looks(count):
        for _ in range(count):
            disclosure.note([alice.pk], kinds_seen=["decision"], actor=Actor("user", dan.pk, "reviewer"), purpose="review", page="p", now=now)

    return _looks


def tamper(sql, *params):
    """What somebody with the database's own password could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET session_replication_role = DEFAULT")


def found(now):
    return [(finding.stream, finding.number, finding.what) for finding in seals.check_segments(now=now)]


@pytest.fixture
def sealed(looks, alice, say, now):
    say(alice, "marketing")
    looks(3)
    assert seals.seal_segments(now=now) == 4
    looks(2)
    assert seals.seal_segments(now=now) == 2
    assert seals.seal_segments(now=now) == 0
    assert found(now) == []


def test_segments_are_numbered_and_chained(sealed):
    first, second = Segment.objects.filter(stream="access").order_by("number")
    assert (first.number, first.count, first.previous) == (1, 3, seals.GENESIS)
    assert (second.number, second.count, second.previous) == (2, 2, first.seal)


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE privacy_accesslog SET purpose = overlay(purpose placing 'x' from 1 for 1) WHERE id = (SELECT min(id) FROM privacy_accesslog)",
        "UPDATE privacy_accesslog SET kinds = '{name}' WHERE id = (SELECT max(id) FROM privacy_accesslog)",
        "UPDATE privacy_accesslog SET at = at + interval '1 microsecond'",
        "UPDATE privacy_accesslog SET reference = 'x' WHERE id = (SELECT min(id) FROM privacy_accesslog)",
    ],
)
def test_one_changed_byte_is_found(sealed, now, sql):
    tamper(sql)
    assert {(stream, what) for stream, _number, what in found(now)} == {("access", "a row was changed")}


def test_a_changed_consent_is_found_by_the_command(sealed, capsys):
    call_command("verify_seals")
    tamper("UPDATE privacy_consent SET decision = 'refused', expires_at = NULL")
    with pytest.raises(CommandError):
        call_command("verify_seals")
    assert "consent 1: a row was changed" in capsys.readouterr().err


@pytest.mark.parametrize("number", [1, 0], ids=["its last segment", "all of it"])
def test_a_stream_that_was_cut_off_at_its_end_is_found(sealed, now, tmp_path, monkeypatch, capsys, number):
    """Whoever holds the database alone does not hold where each stream ended."""
    monkeypatch.setattr(heads, "_path", lambda: tmp_path / "heads.json")
    heads.keep()
    call_command("verify_seals")
    tamper("DELETE FROM privacy_segment WHERE stream = 'access' AND number > %s", number)
    tamper("DELETE FROM privacy_accesslog WHERE id > %s", max(last for s in Segment.objects.filter(stream="access") for _f, last in s.ranges) if number else 0)
    assert found(now) == [], "nothing inside the chain tells of it"
    heads.keep()  # a sealer that runs afterwards forgets nothing
    with pytest.raises(CommandError):
        call_command("verify_seals")
    assert "access 2: the end of the stream is missing" in capsys.readouterr().err


def test_a_removed_row_is_found(sealed, now):
    tamper("DELETE FROM privacy_accesslog WHERE id = (SELECT min(id) FROM privacy_accesslog)")
    assert found(now) == [("access", 1, "1 rows are missing")]


def test_a_row_put_in_late_is_found(sealed, now):
    tamper("INSERT INTO privacy_accesslog SELECT * FROM (SELECT * FROM privacy_accesslog LIMIT 0) x")
    assert found(now + timedelta(days=1)) == []
    row = AccessLog.objects.order_by("pk").values().first()
    row["id"] = 1_000_000
    AccessLog.objects.create(**row)
    assert found(now + timedelta(days=1)) == [("access", None, "1 rows older than 1:00:00 are in no segment")]


def test_a_rewritten_history_does_not_carry_our_signature(sealed, now):
    tamper("DELETE FROM privacy_accesslog WHERE id = (SELECT max(id) FROM privacy_accesslog)")
    last = Segment.objects.filter(stream="access").order_by("-number").first()
    rows = list(AccessLog.objects.filter(pk__gte=last.ranges[0][0]).order_by("pk").values())
    body = {"stream": "access", "number": 2, "ranges": seals._ranges([row["id"] for row in rows]), "count": len(rows), "previous": last.previous}
    body["root"] = seals.merkle_root([seals.leaf(row) for row in rows])
    tamper(
        "UPDATE privacy_segment SET ranges = %s::jsonb, count = %s, root = %s, seal = %s WHERE id = %s",
        str(body["ranges"]),
        body["count"],
        body["root"],
        seals._seal_of(**body),
        last.pk,
    )
    assert found(now) == [("access", 2, "its own seal is broken")]


def test_a_missing_segment_is_found(sealed, now):
    tamper("DELETE FROM privacy_segment WHERE stream = 'access' AND number = 1")
    assert ("access", 2, "a segment before this one is missing") in found(now)


def test_a_row_that_commits_late_falls_into_the_next_segment(looks, now):
    looks(3)
    middle = AccessLog.objects.order_by("pk")[1]
    row = AccessLog.objects.filter(pk=middle.pk).values().get()
    tamper("DELETE FROM privacy_accesslog WHERE id = %s", middle.pk)  # not there yet: its transaction is still open
    assert seals.seal_segments(now=now) == 2
    AccessLog.objects.create(**row)
    assert seals.seal_segments(now=now + timedelta(seconds=5)) == 1
    assert found(now + timedelta(days=1)) == []
    assert [segment.ranges for segment in Segment.objects.order_by("number")][1] == [[middle.pk, middle.pk]]


def test_a_long_backlog_is_sealed_in_pieces(looks, now):
    looks(5)
    assert [seals.seal_segments(now=now, limit=2) for _ in range(4)] == [2, 2, 1, 0]
    looks(2)
    assert seals.unsealed_tail("access", now=now + timedelta(hours=5)) == 2
    assert seals.seal_segments(now=now + timedelta(hours=5)) == 2
    assert found(now + timedelta(hours=9)) == []


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_the_root_depends_on_every_leaf_and_their_order(count):
    leaves = [bytes([n]) * 32 for n in range(count)]
    root = seals.merkle_root(leaves)
    for n in range(count):
        assert seals.merkle_root([*leaves[:n], b"\xff" * 32, *leaves[n + 1 :]]) != root
    if count > 1:
        assert seals.merkle_root(leaves[::-1]) != root


def test_consents_seal_in_their_own_chain(sealed):
    (segment,) = Segment.objects.filter(stream="consent")
    assert segment.ranges == [[Consent.objects.get().pk] * 2]


@pytest.mark.parametrize("table", ["privacy_consent", "privacy_accesslog", "privacy_segment"])
def test_no_record_table_is_emptied(db, table):
    with pytest.raises(Exception, match="never emptied"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"TRUNCATE {table} CASCADE")
