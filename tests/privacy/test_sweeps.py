"""Nothing outlives its rule: sweeps with proofs; sealed records lose old rows and keep their seals."""

import json
from datetime import timedelta

import pytest
from django.db import connection

from privacy import disclosure, retention, seals, subjects, sweeps
from privacy.models import AccessLog, Consent, ErasureProof, RolledUp

YEARS = timedelta(days=3 * 365)


@pytest.fixture
def looks(alice, bob, now):
    """Bob looks at Alice once a year, four times; each look is sealed soon after."""
    actor = disclosure.Actor(kind="user", subject_id=bob.pk, role="investor")
    for year in range(4):
        at = now + timedelta(days=365 * year)
        disclosure.note([alice.pk], kinds_seen=["income"], actor=actor, purpose="listing_disclosure", page="test", now=at)
        seals.seal_segments(now=at + timedelta(seconds=5))
    return now + timedelta(days=365 * 3 + 10)


def test_old_looks_go_with_a_proof_and_the_seals_stay_whole(looks):
    proofs = sweeps.run(now=looks)
    assert [(proof.rule, proof.app, proof.count) for proof in proofs] == [("access_log", "privacy", 1)]
    assert AccessLog.objects.count() == 3
    assert seals.check_segments(now=looks) == []
    assert sweeps.run(now=looks) == []
    assert not AccessLog.objects.filter(at__lt=looks - YEARS).exists()


def test_a_row_taken_out_by_hand_is_still_found(looks):
    sweeps.run(now=looks)
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE privacy_accesslog DISABLE TRIGGER USER")
        cursor.execute("DELETE FROM privacy_accesslog WHERE id = (SELECT min(id) FROM privacy_accesslog)")
    assert [finding.what for finding in seals.check_segments(now=looks)] == ["1 rows are missing"]


def test_a_forged_roll_up_hides_nothing(looks):
    sweeps.run(now=looks)
    rolled = RolledUp.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE privacy_rolledup DISABLE TRIGGER USER")
        cursor.execute("UPDATE privacy_rolledup SET leaves = %s::jsonb", [json.dumps(dict.fromkeys(rolled.leaves, "0" * 64))])
    assert {finding.what for finding in seals.check_segments(now=looks)} == {"a roll-up is not ours", "a row was changed"}


def test_answers_go_three_years_after_their_affair_and_not_before(alice, say, now):
    matter = subjects.open_matter(subject=alice, jurisdictions=["CN"], now=now)
    say(alice, "application", matter=matter)
    say(alice, "marketing")
    seals.seal_segments(now=now)
    subjects.close_matter(matter, now=now + timedelta(days=100))
    assert sweeps.run(now=now + YEARS + timedelta(days=99)) == []
    sweeps.run(now=now + YEARS + timedelta(days=101))
    assert list(Consent.objects.values_list("purpose", flat=True)) == ["marketing"]
    assert seals.check_segments(now=now) == []


def test_one_sweep_that_fails_does_not_stop_the_others(looks, monkeypatch):
    def broken(*, cutoff, now):
        raise RuntimeError("disk")

    monkeypatch.setattr(sweeps, "_sweeps", [sweeps.Registered("reply", "core", broken), *sweeps._sweeps])
    assert [proof.rule for proof in sweeps.run(now=looks)] == ["access_log"]


def test_a_proof_is_never_changed(looks):
    sweeps.run(now=looks)
    with pytest.raises(Exception, match="Cannot"):
        ErasureProof.objects.update(count=9)


def test_a_sweep_names_a_rule_that_exists():
    with pytest.raises(retention.UnknownRule):
        sweeps.register("for_ever", app="x", sweep=lambda **_: [])
