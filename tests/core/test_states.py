import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from core.models import Job
from core.refusals import IllegalMove, Refused, StaleState, map_refusal
from core.states import Transitions, because, history, move

from .kite import FLIGHT

TABLE = """
boxed    flying   yes
boxed    lost     no
boxed    boxed    no
flying   boxed    yes
flying   lost     yes
lost     flying   no
lost     boxed    no
borrowed flying   yes
nowhere  flying   no
"""


@pytest.mark.parametrize("line", TABLE.strip().splitlines())
def test_the_table_says_which_moves_there_are(line):
    before, after, allowed = line.split()
    assert FLIGHT.allows(before, after) == (allowed == "yes")


def test_states_are_listed_in_the_order_of_the_table_and_each_needs_a_label():
    assert FLIGHT.states == ("boxed", "borrowed", "flying", "lost")
    assert FLIGHT.final == ("lost",)
    assert Transitions("a", {"a": ("b",)}).choices({"a": "A", "b": "B"}) == [("a", "A"), ("b", "B")]
    with pytest.raises(KeyError):
        FLIGHT.choices({"boxed": "Boxed"})


def test_a_row_moves_and_the_row_in_memory_follows(kites, now):
    kite = kites.create()
    move(kite, "flying", now=now, height=30)
    assert (kite.state, kite.height) == ("flying", 30)
    move(kite, "lost", now=now)
    assert kite.lost_at == now
    kite.refresh_from_db()
    assert (kite.state, kite.lost_at) == ("lost", now)


def test_a_move_the_table_does_not_have_is_refused(kites, now):
    kite = kites.create()
    with pytest.raises(IllegalMove):
        move(kite, "lost", now=now)


def test_of_two_who_read_the_same_state_one_moves(kites, now):
    kites.create()
    hers, his = kites.get(), kites.get()
    move(hers, "flying", now=now)
    with pytest.raises(StaleState):
        move(his, "flying", now=now, height=99)
    assert kites.get().height == 0


def test_the_database_refuses_an_illegal_move_also_through_a_queryset(kites):
    kites.create()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        kites.update(state="lost")
    assert refused.value.__cause__.diag.constraint_name == "test_kite_state_legal_move"
    assert isinstance(map_refusal(refused.value), IllegalMove)


def test_the_database_refuses_a_birth_in_a_later_state(kites):
    kites.create(state="borrowed")
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        kites.create(state="flying")
    assert isinstance(map_refusal(refused.value), IllegalMove)


def test_a_state_and_its_timestamp_come_together(kites, now):
    kites.create()
    kites.update(state="flying")
    for wrong in ({"state": "lost"}, {"lost_at": now}):
        with pytest.raises(IntegrityError) as refused, transaction.atomic():
            kites.update(**wrong)
        refusal = map_refusal(refused.value)
        assert isinstance(refusal, Refused)
        assert (refusal.code, refusal.rule) == ("rule", "core_kite_lost_at_reached")


def test_the_timeline_tells_who_when_and_why_and_no_reason_leaks_to_the_next_row(kites, now):
    with because(by=3, why="arrived", now=now):
        kite = kites.create()
    move(kite, "flying", now=now, by=7, why="good_wind")
    kites.filter(pk=kite.pk).update(state="boxed")
    move(kite := kites.get(), "flying", now=now)
    assert [(change.state, change.by, change.why) for change in history(kite)] == [
        ("boxed", 3, "arrived"),
        ("flying", 7, "good_wind"),
        ("boxed", None, ""),
        ("flying", None, ""),
    ]
    assert [change.at == now for change in history(kite)] == [True, True, False, True]


def test_inside_a_reason_a_move_keeps_its_own(kites, now):
    with because(by=1, why="outer"):
        kite = kites.create()
        move(kite, "flying", now=now, by=2, why="inner")
        kites.update(state="boxed")
    assert [(change.by, change.why) for change in history(kite)] == [(1, "outer"), (2, "inner"), (1, "outer")]


def test_a_reason_survives_percent_signs_and_counts_the_rows(kites):
    kites.create()
    kites.create()
    with because(by=1, why="100%"):
        assert kites.update(state="flying") == 2
        assert kites.extra(where=["reference LIKE 'KT-%%'"]).update(height=4) == 2
    assert {change.why for kite in kites.all() for change in history(kite)} == {"", "100%"}


def test_a_reason_goes_with_parameters_by_name_too(kites, now):
    kites.create()
    with because(by=5, why="night", now=now), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {kites.model._meta.db_table} SET state = 'flying' WHERE state = %(state)s RETURNING state", {"state": "boxed"})
        assert cursor.fetchall() == [("flying",)]
    assert [(change.state, change.by, change.why) for change in history(kites.get())] == [("boxed", None, ""), ("flying", 5, "night")]


def test_the_history_cannot_be_edited(kites):
    kite = kites.create()
    with pytest.raises(DatabaseError) as refused, transaction.atomic():
        kite.state_events.update(state="lost")
    assert isinstance(map_refusal(refused.value), Refused)
    with pytest.raises(DatabaseError), transaction.atomic():
        kite.state_events.all().delete()


def test_a_change_of_another_column_leaves_no_line(kites):
    kite = kites.create()
    kites.update(height=5)
    assert len(history(kite)) == 1


def test_jobs_too_keep_to_their_table(db):
    job = Job.objects.create(name="x", handler="h", key="k")
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        Job.objects.filter(pk=job.pk).update(state="dead")
    assert isinstance(map_refusal(refused.value), IllegalMove)


def test_a_fault_is_not_a_refusal(db):
    with pytest.raises(DatabaseError) as fault, transaction.atomic():
        Job.objects.extra(where=["no_such_column = 1"]).count()
    assert map_refusal(fault.value) is fault.value


def test_references_are_made_once_also_in_bulk(kites):
    made = kites.bulk_create([kites.model(), kites.model()])
    assert all(len(kite.reference) == 11 and kite.reference.startswith("KT-") for kite in made)
    kite = kites.get(pk=made[0].pk)
    kite.save()
    assert kites.get(pk=kite.pk).reference == made[0].reference != made[1].reference
