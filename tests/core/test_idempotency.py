import uuid
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse, HttpResponseRedirect
from django.template import Context, Template

from core import idempotency
from core.idempotency import InvalidKey, KeyReused, Reply, hash_request, once, once_per_form
from core.models import Holiday, StoredReply

from .test_outbox import in_threads

ALICE = uuid.uuid4()
KEY = "a-key-of-my-own"


def buy_a_day(now, *, key=KEY, request="one", status=201, scope="day:1"):
    """One request that has an effect: a holiday entered."""

    def produce():
        Holiday.objects.create(calendar=uuid.uuid4().hex[:8], day="2031-01-02", name="bought")
        return Reply(status=status, body="Alice 买了一天".encode(), headers={"Content-Type": "text/plain"})

    return once(scope=scope, key=key, request_hash=hash_request(request), subject_id=ALICE, produce=produce, now=now)


def bought():
    return Holiday.objects.filter(name="bought").count()


def test_the_second_time_gives_the_same_reply_and_no_second_effect(db, keyring, now):
    first, second = buy_a_day(now), buy_a_day(now)
    assert bought() == 1
    assert (first.status, first.body, first.headers) == (second.status, second.body, second.headers)
    assert (first.replayed, second.replayed) == (False, True)


def test_the_same_key_with_another_body_is_refused(db, keyring, now):
    buy_a_day(now)
    with pytest.raises(KeyReused):
        buy_a_day(now, request="two")
    assert bought() == 1


def test_another_scope_is_another_key(db, keyring, now):
    buy_a_day(now)
    buy_a_day(now, scope="day:2")
    assert bought() == 2


def test_a_failed_request_may_be_tried_again(db, keyring, now):
    def produce():
        Holiday.objects.create(calendar="XX", day="2031-01-02", name="bought")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        once(scope="day:1", key=KEY, request_hash=hash_request("one"), subject_id=ALICE, produce=produce, now=now)
    assert bought() == 0
    assert not buy_a_day(now).replayed


def test_a_server_error_is_not_kept(db, keyring, now):
    buy_a_day(now, status=503)
    assert not buy_a_day(now).replayed


def test_the_stored_body_is_sealed_for_its_subject_and_its_key(db, keyring, now):
    buy_a_day(now)
    stored = StoredReply.objects.get()
    assert b"Alice" not in bytes(stored.body)
    stored.scope = "day:2"
    stored.save()
    with pytest.raises(Exception) as refused:
        buy_a_day(now, scope="day:2")
    assert type(refused.value).__name__ == "InvalidTag"


@pytest.mark.parametrize("key", ["", "short", "x" * 256, "with space", "键键键键键键键键", "line\nbreak"])
def test_a_key_that_is_none(key, db, now):
    with pytest.raises(InvalidKey):
        buy_a_day(now, key=key)


def test_the_hash_keeps_parts_apart():
    assert hash_request("ab", "c") != hash_request("a", "bc")
    assert hash_request("ab") == hash_request(b"ab")


def test_old_replies_are_forgotten(db, keyring, now):
    buy_a_day(now)
    assert idempotency.forget_replies(now=now + timedelta(days=30)) == 0
    assert idempotency.forget_replies(now=now + timedelta(days=31)) == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_parallel_posts_of_one_key_have_one_effect_and_equal_replies(keyring, now):
    replies = in_threads(50, lambda: buy_a_day(now))
    assert bought() == 1
    assert len(replies) == 50
    assert len({(reply.status, reply.body) for reply in replies}) == 1
    assert sum(not reply.replayed for reply in replies) == 1


class Session:
    session_key = "s" * 32


@pytest.fixture
def post(rf):
    """Posts to a form's view as the visitor of one session."""

    def _post(view, *, path="/days/", **fields):
        request = rf.post(path, fields)
        request.session = Session()
        return view(request)

    return _post


@once_per_form
def day_form(request):
    if request.method != "POST" or not request.POST.get("name"):
        return HttpResponse("please fill in", status=200)
    Holiday.objects.create(calendar=uuid.uuid4().hex[:8], day="2031-01-02", name="bought")
    return HttpResponseRedirect(f"/days/{bought()}/")


def test_a_form_sent_twice_acts_once_and_leads_to_the_same_page(db, post):
    first = post(day_form, name="x", idempotency_key=KEY, csrfmiddlewaretoken="a")
    second = post(day_form, name="x", idempotency_key=KEY, csrfmiddlewaretoken="b")
    assert (first.status_code, first.url) == (second.status_code, second.url) == (302, "/days/1/")
    assert bought() == 1


def test_a_form_with_errors_may_be_corrected_under_the_same_key(db, post):
    assert post(day_form, name="", idempotency_key=KEY).status_code == 200
    assert post(day_form, name="x", idempotency_key=KEY).status_code == 302
    assert bought() == 1


def test_a_sent_form_with_other_content_is_a_conflict(db, post):
    post(day_form, name="x", idempotency_key=KEY)
    assert post(day_form, name="y", idempotency_key=KEY).status_code == 409
    assert bought() == 1


def test_another_file_is_other_content(db, post):
    post(day_form, name="x", idempotency_key=KEY, file=SimpleUploadedFile("a.txt", b"one"))
    assert post(day_form, name="x", idempotency_key=KEY, file=SimpleUploadedFile("a.txt", b"one")).status_code == 302
    assert post(day_form, name="x", idempotency_key=KEY, file=SimpleUploadedFile("a.txt", b"two")).status_code == 409


def test_a_form_without_its_key_is_a_bad_request(db, post):
    assert post(day_form, name="x").status_code == 400
    assert bought() == 0


def test_another_page_or_another_visitor_is_another_form(db, post, rf):
    post(day_form, name="x", idempotency_key=KEY)
    post(day_form, name="x", idempotency_key=KEY, path="/other/")
    request = rf.post("/days/", {"name": "x", "idempotency_key": KEY})
    request.session = type("Other", (), {"session_key": "o" * 32})()
    day_form(request)
    assert bought() == 3


def test_reading_the_form_needs_no_key(rf):
    assert day_form(rf.get("/days/")).status_code == 200


@pytest.mark.django_db(transaction=True)
def test_parallel_form_posts_act_once(post):
    urls = in_threads(12, lambda: post(day_form, name="x", idempotency_key=KEY).url)
    assert set(urls) == {"/days/1/"}
    assert bought() == 1


def test_the_tag_writes_a_new_key_each_time():
    page = Template("{% load idempotency %}{% idempotency_key %}")
    first, second = page.render(Context()), page.render(Context())
    assert first.startswith('<input type="hidden" name="idempotency_key" value="')
    assert first != second
