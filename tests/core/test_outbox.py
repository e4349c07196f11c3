import os
import signal
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from urllib.parse import quote

import pytest
from django.conf import settings
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction

from core import bell, outbox
from core.models import Holiday, Job

LABEL = "tests.listener"


class Listener:
    """A handler that remembers what it was given and does what it is told."""

    def __init__(self):
        self.jobs = []
        self.answers = []

    def __call__(self, *, job):
        self.jobs.append(job)
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception) and not getattr(answer, "is_returned", False):
            raise answer
        return answer() if callable(answer) else answer


@pytest.fixture
def listener():
    handler = Listener()
    with outbox.handler_for_a_while("kite.lost", handler, label=LABEL):
        yield handler


@pytest.fixture(autouse=True)
def no_bell(monkeypatch):
    """The bell is not under test here; what it would have rung for is kept."""
    rung = []
    monkeypatch.setattr(bell, "ring", rung.extend)
    return rung


def fly_away(key="kite:1", **payload):
    return outbox.enqueue("kite.lost", key=key, payload=payload or {"kite": 1})


def test_a_job_reaches_its_handler_once(db, listener, now):
    fly_away()
    assert outbox.drain(now=now) == 1
    assert outbox.drain(now=now) == 0
    (job,) = listener.jobs
    assert (job.key, job.payload, job.attempts, job.now) == ("kite:1", {"kite": 1}, 1, now)
    row = Job.objects.get()
    assert (row.state, row.done_at, row.lease_token) == ("done", now, None)


def test_the_same_key_is_one_job_even_when_done(db, listener, now):
    assert len(fly_away()) == 1
    assert fly_away() == []
    outbox.drain(now=now)
    assert fly_away() == []
    assert outbox.drain(now=now) == 0


def test_each_listener_has_its_own_job_and_one_failing_does_not_stop_the_other(db, listener, now):
    listener.answers = [RuntimeError()]
    other = Listener()
    with outbox.handler_for_a_while("kite.lost", other, label="tests.other"):
        fly_away()
        outbox.drain(now=now)
    assert len(other.jobs) == 1
    assert {job.handler: job.state for job in Job.objects.all()} == {LABEL: "waiting", "tests.other": "done"}


def test_a_fact_nobody_listens_to_is_no_job(db, now):
    assert outbox.enqueue("kite.unheard_of", key="k", payload={}) == []
    assert Job.objects.count() == 0


def test_many_facts_are_written_in_one_statement_each_with_its_own_time(
    db, listener, now, no_bell, django_assert_num_queries, django_capture_on_commit_callbacks
):
    later = now + timedelta(hours=1)
    facts = [(f"kite:{number}", {"kite": number}, later if number % 2 else None) for number in range(300)]
    with django_capture_on_commit_callbacks(execute=True), django_assert_num_queries(1):
        ids = outbox.enqueue_many("kite.lost", [*facts, facts[0]])
    assert len(ids) == 300
    assert len(no_bell) == 150, "nobody is rung for what is not due"
    assert outbox.enqueue_many("kite.lost", facts[:2]) == []
    assert outbox.enqueue_many("kite.lost", []) == []
    assert outbox.drain(now=now) == 150
    assert outbox.drain(now=later) == 150
    assert sorted(job.payload["kite"] for job in listener.jobs) == list(range(300))
    with pytest.raises(outbox.PersonalPayload):
        outbox.enqueue_many("kite.lost", [facts[0], ("k", {"who": "Alice Zhang"}, None)])


def test_a_job_rolls_back_with_the_fact_it_is_about(db, listener, now):
    def undone():
        with transaction.atomic():
            fly_away()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        undone()
    assert outbox.drain(now=now) == 0


def test_a_later_job_waits_for_its_time(db, listener, now):
    outbox.enqueue("kite.lost", key="k", payload={}, run_at=now + timedelta(hours=1))
    assert outbox.drain(now=now) == 0
    assert outbox.run(Job.objects.get().pk, now=now) == "skipped"
    assert outbox.drain(now=now + timedelta(hours=1)) == 1


def test_a_failing_handler_leaves_nothing_behind_and_comes_back_later_and_later(db, listener, now):
    def halfway():
        Holiday.objects.create(day="2031-01-02", calendar="XX")
        raise RuntimeError("Alice Zhang, 13800138000")

    listener.answers = [halfway, halfway]
    fly_away()
    waits = []
    for _ in range(3):
        outbox.drain(now=now)
        row = Job.objects.get()
        waits.append((row.next_at - now).total_seconds())
        now = row.next_at
    assert waits[:2] == [2, 4]
    assert not Holiday.objects.filter(calendar="XX").exists()
    assert (row.state, row.attempts, row.failures) == ("done", 3, 2)


def test_what_failed_is_told_without_the_persons_data(db, listener, now, caplog):
    class Trouble(Exception):
        code = "rail_refused"

    listener.answers = [Trouble("Alice Zhang, 13800138000")]
    fly_away()
    outbox.drain(now=now)
    text = Job.objects.get().last_error
    assert text.startswith("Trouble [rail_refused] at tests/core/test_outbox.py:")
    assert "Alice" not in text + caplog.text
    assert "1380013" not in text + caplog.text


def test_after_the_last_try_the_job_is_given_up_and_staff_can_retry_it(db, listener, now, no_bell, django_capture_on_commit_callbacks):
    listener.answers = [RuntimeError()] * 12
    fly_away()
    for _ in range(12):
        outbox.drain(now=now)
        now += timedelta(hours=1)
    job = Job.objects.get()
    assert (job.state, job.failures) == ("dead", 12)
    assert outbox.drain(now=now) == 0
    with django_capture_on_commit_callbacks(execute=True):
        outbox.retry(job, by=None, now=now)
    assert no_bell == [job.pk]
    assert outbox.run(job.pk, now=now) == "done"
    with pytest.raises(outbox.NotDead):
        outbox.retry(Job.objects.get(), by=None, now=now)


def test_retry_later_undoes_when_raised_and_keeps_when_returned(db, listener, now):
    def raised():
        Holiday.objects.create(day="2031-01-02", calendar="XX")
        raise outbox.RetryLater(60, "bank_closed")

    def returned():
        Holiday.objects.create(day="2031-01-03", calendar="XX")
        return outbox.RetryLater(60, "no_answer_yet")

    listener.answers = [raised, returned]
    fly_away()
    outbox.drain(now=now)
    assert Job.objects.get().last_error == "bank_closed"
    outbox.drain(now=now + timedelta(seconds=59))
    assert len(listener.jobs) == 1
    outbox.drain(now=now + timedelta(seconds=60))
    row = Job.objects.get()
    assert (row.state, row.failures, row.last_error) == ("waiting", 0, "no_answer_yet")
    assert [holiday.day.day for holiday in Holiday.objects.filter(calendar="XX")] == [3]
    outbox.drain(now=now + timedelta(seconds=120))
    assert Job.objects.get().state == "done"


def test_a_job_without_its_handler_waits_in_sight(db, listener, now):
    fly_away()
    del outbox._handlers["kite.lost"][LABEL]
    assert outbox.drain(now=now + timedelta(days=1)) == 0
    assert outbox.unheard() == [("kite.lost", LABEL)]
    assert outbox.oldest_due_seconds(Job.objects.get().created_at + timedelta(seconds=90)) == 90
    outbox._handlers["kite.lost"][LABEL] = listener
    assert outbox.drain(now=now) == 1


def test_the_age_of_the_oldest_due_job_is_the_health_of_the_workers(db, listener, now):
    assert outbox.oldest_due_seconds(now) == 0
    outbox.enqueue("kite.lost", key="k", payload={}, run_at=now)
    assert outbox.oldest_due_seconds(now - timedelta(seconds=5)) == 0
    assert outbox.oldest_due_seconds(now + timedelta(seconds=5)) == 5


@pytest.mark.parametrize("value", [1, -5, True, None, "LN-7K3F9Q2M", "zh-hans", "2026-11-23", "", uuid.uuid4(), [1, 2], ["a", None]])
def test_payloads_are_numbers_codes_and_ids(value):
    outbox.check_payload({"field": value})


@pytest.mark.parametrize(
    "value",
    ["Alice Zhang", "张三", "alice@example.com", "13800138000", "11010119900307123X", "x" * 65, 2**70, 1.5, {"a": 1}, [{"a": 1}], b"x", "a\nb", object()],
)
def test_anything_that_could_name_a_person_is_refused(value):
    with pytest.raises(outbox.PersonalPayload):
        outbox.check_payload({"field": value})


def test_uuids_travel_as_text(db, listener, now):
    subject = uuid.uuid4()
    fly_away(subject=subject)
    outbox.drain(now=now)
    assert listener.jobs[0].payload == {"subject": str(subject)}


def test_the_bell_rings_after_commit_and_not_for_later_jobs(db, listener, now, no_bell, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        ids = fly_away()
        outbox.enqueue("kite.lost", key="tomorrow", payload={}, run_at=now)
        assert no_bell == []
    assert no_bell == ids


def in_threads(count, act):
    """Runs `act` in so many threads at once, each with its own connection; returns what they returned."""
    start, answers = threading.Barrier(count), []

    def one():
        try:
            start.wait()
            answers.append(act())
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_rung_for_one_job_one_does_it(listener, now):
    (job_id,) = fly_away()
    listener.answers = [lambda: time.sleep(0.2)]
    answers = in_threads(8, lambda: outbox.run(job_id, now=now))
    assert sorted(answers) == ["done"] + ["skipped"] * 7
    assert len(listener.jobs) == 1


@pytest.mark.django_db(transaction=True)
def test_sweepers_share_the_work_and_repeat_none(listener, now):
    for number in range(40):
        fly_away(key=f"kite:{number}")
    assert sum(in_threads(4, lambda: outbox.sweep(now=now))) == 40
    assert sorted(job.key for job in listener.jobs) == sorted(f"kite:{number}" for number in range(40))


@pytest.mark.django_db(transaction=True)
def test_an_expired_lease_is_not_taken_over_while_its_worker_lives(listener, now):
    (job_id,) = fly_away()
    working, finish = threading.Event(), threading.Event()

    def slowly():
        working.set()
        finish.wait(10)

    listener.answers = [slowly]
    answers = []
    worker = threading.Thread(target=lambda: (answers.append(outbox.run(job_id, now=now)), connection.close()))
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    monkey_lease, outbox.LEASE_SECONDS = outbox.LEASE_SECONDS, 0
    try:
        worker.start()
        assert working.wait(10)
        assert outbox.sweep(now=now) == 0
    finally:
        outbox.LEASE_SECONDS = monkey_lease
        finish.set()
        worker.join()
    assert answers == ["done"]
    assert len(listener.jobs) == 1


@pytest.mark.django_db(transaction=True)
def test_who_lost_the_lease_changes_nothing(listener, now):
    (job_id,) = fly_away()
    lost = outbox._claim(now=now, job_id=job_id)
    Job.objects.update(lease_until=now - timedelta(days=1))
    taken = outbox._claim(now=now)
    assert taken.lease_token != lost.lease_token
    assert outbox._execute(lost, now=now) == "lost"
    assert listener.jobs == []
    assert outbox._execute(taken, now=now) == "done"


WORKER = """
import time, django
django.setup()
from django.db import connection
from django.utils import timezone
from core import outbox
from core.models import Holiday

def never_ends(*, job):
    Holiday.objects.create(day="2031-01-02", calendar="XX")
    print("working", flush=True)
    time.sleep(60)

outbox.LEASE_SECONDS = 3600
with outbox.handler_for_a_while("kite.lost", never_ends, label="tests.listener"):
    outbox.run({job_id}, now=timezone.now())
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_outright_leaves_no_effect_and_its_job_is_done_again_at_once(listener, now, monkeypatch):
    """Its lease of an hour is not waited for: the lock it no longer holds tells."""
    monkeypatch.setattr(outbox, "LEASE_SECONDS", 3600)
    ContentType.objects.clear_cache()
    (job_id,) = fly_away()
    database = {part: quote(str(value), safe="") for part, value in connection.settings_dict.items() if part in ("USER", "PASSWORD", "HOST", "PORT", "NAME")}
    address = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database)
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER.format(job_id=job_id)],
        cwd=settings.BASE_DIR,
        env={**os.environ, "DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert worker.stdout.readline() == "working\n"
    os.kill(worker.pid, signal.SIGKILL)
    worker.wait()
    worker.stdout.close()
    deadline = time.monotonic() + 60
    while outbox.sweep(now=now) == 0 and time.monotonic() < deadline:
        time.sleep(0.05)  # until it had time to take its lock, and the server noticed that the connection is gone
    assert len(listener.jobs) == 1
    assert listener.jobs[0].attempts == 2
    assert not Holiday.objects.filter(calendar="XX").exists()
