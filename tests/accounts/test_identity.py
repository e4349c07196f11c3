"""Somebody shows a document; the provider answers later; the page says what became of it and no more."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape
from stdnum.cn import ric

from accounts import documents, identity, kyc, onboarding, parties
from accounts.models import IdentityCheck, Party, User
from core import outbox
from privacy import notices as published
from privacy import retention
from privacy.forms import Answer
from privacy.models import AccessLog, Consent
from tests import cast


def number(serial: str, *, born: str = "19910417") -> str:
    first = f"330106{born}{serial}"
    return first + ric.calc_check_digit(first + "0")


def ending(serial: str) -> str:
    """A number whose serial, the three characters before the check character, is that."""
    first = f"33010619910417{serial}"
    return first + ric.calc_check_digit(first + "0")


@pytest.fixture
def nora(notices, now) -> cast.Member:
    user = onboarding.register(email="nora@example.com", password=cast.PASSWORD, language="en", now=now)
    return cast.Member(user, Party.objects.get(subject=user.subject))


def yes() -> list[Answer]:
    return [Answer("given", "identity", published.current("identity", "en"))]


def submit(member: cast.Member, text: str, now, document: str = "resident_id", name: str = "诺拉") -> IdentityCheck:
    return identity.submit(party=member.party, document=document, legal_name=name, number=text, by=member.user, now=now, answers=yes())


def after(check: IdentityCheck, now) -> IdentityCheck:
    outbox.drain(now=now)
    check.refresh_from_db()
    return check


def test_a_real_document_makes_the_party_verified_under_its_legal_name(nora, now) -> None:
    check = after(submit(nora, ending("002"), now), now)
    party = Party.objects.get(pk=nora.party.pk)
    assert (check.state, party.verified_at) == ("verified", now)
    from privacy import disclosure

    me = disclosure.Actor(kind="user", subject_id=nora.user.subject_id, role="self")
    assert disclosure.reveal(party, ["name"], actor=me, purpose="account", page="test", now=now)["name"] == "诺拉"


def test_outside_of_a_sandbox_nobody_is_verified_by_it(nora, now, settings) -> None:
    asked = submit(nora, ending("002"), now)
    settings.SIGNED_PACKS_SANDBOX = False
    assert after(asked, now).state == "submitted"
    with pytest.raises(identity.UnableToSubmit, match="no_provider"):
        submit(nora, ending("002"), now)
    settings.IDENTITY_PROVIDER = "house.kyc.Desk"
    assert kyc.current() == "house.kyc.Desk"
    with pytest.raises(identity.UnableToSubmit, match="no_provider"):
        submit(nora, ending("002"), now)  # nobody has a contract to be given a document


@pytest.mark.parametrize(("serial", "reason"), [("404", "not_found"), ("409", "name_differs")])
def test_the_provider_refuses(nora, now, serial: str, reason: str) -> None:
    check = after(submit(nora, ending(serial), now), now)
    assert (check.state, check.reason_code) == ("refused", reason)
    assert Party.objects.get(pk=nora.party.pk).verified_at is None


def test_a_slow_provider_is_asked_again(nora, now) -> None:
    check = after(submit(nora, ending("408"), now), now)
    assert check.state == "submitted"
    assert after(check, now + timedelta(seconds=6)).state == "submitted"
    assert after(check, now + timedelta(seconds=12)).state == "verified"


def test_a_passport_and_a_business_are_checked_too(nora, now) -> None:
    assert after(submit(nora, "E12345678", now, document="passport"), now).state == "verified"
    business = parties.create_business(user=nora.user, name="北桥贸易", now=now)
    check = identity.submit(party=business, document="uscc", legal_name="北桥贸易有限公司", number="91110000600037341L", by=nora.user, now=now)
    assert after(check, now).state == "verified"


def test_a_person_is_not_checked_by_a_business_code_nor_the_other_way_round(nora, now) -> None:
    with pytest.raises(documents.InvalidDocument):
        submit(nora, "91110000600037341L", now, document="uscc")
    business = parties.create_business(user=nora.user, name="北桥贸易", now=now)
    with pytest.raises(documents.InvalidDocument):
        identity.submit(party=business, document="passport", legal_name="x", number="E12345678", by=nora.user, now=now)


def test_somebody_elses_document_is_refused_in_the_words_of_any_refusal(nora, now) -> None:
    cast.alice(now=now)
    check = after(submit(nora, cast.PEOPLE["alice"].number, now), now)
    assert (check.state, check.reason_code) == ("refused", "document_in_use")
    page = cast.client_of(nora).get(reverse("accounts:identity")).content.decode()
    assert "could not confirm this document" in page
    assert "document_in_use" not in page


def test_of_two_who_send_one_document_at_once_one_is_verified(nora, notices, now) -> None:
    user = onboarding.register(email="otto@example.com", password=cast.PASSWORD, language="en", now=now)
    otto = cast.Member(user, Party.objects.get(subject=user.subject))
    first, second = submit(nora, ending("002"), now), submit(otto, ending("002"), now)
    outbox.drain(now=now)
    first.refresh_from_db()
    second.refresh_from_db()
    assert [first.state, second.state] == ["verified", "refused"]
    with pytest.raises(DatabaseError), transaction.atomic():
        IdentityCheck.objects.filter(pk=second.pk).update(state="verified")


def test_without_consent_nothing_is_kept(nora, now) -> None:
    with pytest.raises(identity.UnableToSubmit) as refusal:
        identity.submit(party=nora.party, document="passport", legal_name="诺拉", number="E12345678", by=nora.user, now=now)
    assert refusal.value.code == "no_consent"
    assert not IdentityCheck.objects.exists()


def test_one_check_at_a_time(nora, now) -> None:
    submit(nora, ending("408"), now)
    with pytest.raises(identity.UnableToSubmit) as refusal:
        submit(nora, ending("002"), now)
    assert refusal.value.code == "being_checked"


def test_a_new_document_replaces_the_old_one_and_a_refused_one_does_not(nora, now) -> None:
    first = after(submit(nora, ending("002"), now), now)
    later = now + timedelta(days=1)
    assert after(submit(nora, ending("404"), later), later).state == "refused"
    assert Party.objects.get(pk=nora.party.pk).verified_at == now
    second = after(submit(nora, "E12345678", later, document="passport"), later)
    first.refresh_from_db()
    assert [first.state, second.state] == ["expired", "verified"]


def test_the_number_is_nowhere_in_the_database(nora, now) -> None:
    after(submit(nora, ending("002"), now), now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT string_agg(c::text, '') FROM accounts_identitycheck c) || (SELECT string_agg(j::text, '') FROM core_job j)")
        stored = cursor.fetchone()[0]
    assert ending("002") not in stored
    assert ending("002").encode().hex() not in stored
    assert "诺拉" not in stored


def agree(browser) -> None:
    assert browser.post(reverse("accounts:identity"), {"consent": "yes", "idempotency_key": "key-000000000000"}).status_code == 302


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_the_page_says_why_and_how_long_and_shows_four_characters(nora, now, language: str) -> None:
    browser = cast.client_of(nora, language=language)
    page = browser.get(reverse("accounts:identity")).content.decode()
    assert ("Why we ask" if language == "en" else "为什么") in page
    with translation.override(language):
        assert str(retention.get("account").label) in page
    assert "number" not in browser.get(reverse("accounts:identity")).context["form"].fields, "asked alone, before anything of the document"
    with translation.override(language):
        assert escape(published.current("identity", language).necessity_text) in page
    agree(browser)
    form = {"document": "resident_id", "legal_name": "诺拉", "number": ending("002"), "idempotency_key": "key-000000000001"}
    assert browser.post(reverse("accounts:identity"), form).url == reverse("accounts:identity")
    page = browser.get(reverse("accounts:identity")).content.decode()
    assert documents.masked(ending("002")) in page
    assert ending("002") not in page
    assert AccessLog.objects.filter(subject=nora.user.subject, page="accounts:identity").exists()
    assert Consent.objects.filter(subject=nora.user.subject, purpose="identity", decision="given").exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"number": "123"}, "number"),
        ({"number": ending("002")[:-1] + "?"}, "number"),
        ({"number": number("002", born="20150101")}, "number"),
        ({"document": "uscc"}, "document"),
        ({"legal_name": ""}, "legal_name"),
        ({"legal_name": "诺" * 10_000}, "legal_name"),
    ],
)
def test_bad_answers_are_said_at_their_field_and_nothing_is_kept(nora, change: dict, field: str) -> None:
    form = {"document": "resident_id", "legal_name": "诺拉", "number": ending("002"), "idempotency_key": "key-000000000002"}
    browser = cast.client_of(nora)
    agree(browser)
    answer = browser.post(reverse("accounts:identity"), form | change)
    assert field in answer.context["form"].errors
    assert not IdentityCheck.objects.exists()


@pytest.mark.parametrize("said", ["", "no", "perhaps"])
def test_without_a_yes_no_document_is_asked_for(nora, said: str) -> None:
    form = {"document": "resident_id", "legal_name": "诺拉", "number": ending("002"), "consent": said, "idempotency_key": "key-000000000002"}
    answer = cast.client_of(nora).post(reverse("accounts:identity"), form)
    assert (answer.status_code, [*answer.context["form"].errors]) == (422, ["consent"])
    assert not IdentityCheck.objects.exists()
    assert not Consent.objects.filter(purpose="identity").exists()


def test_sending_the_form_twice_submits_once(nora) -> None:
    browser = cast.client_of(nora)
    agree(browser)
    form = {"document": "resident_id", "legal_name": "诺拉", "number": ending("002"), "idempotency_key": "key-000000000003"}
    assert [browser.post(reverse("accounts:identity"), form).status_code for _ in range(2)] == [302, 302]
    assert IdentityCheck.objects.count() == 1


def test_the_database_refuses_a_state_that_was_not_decided(nora, now) -> None:
    check = submit(nora, ending("002"), now)
    for change in ({"state": "verified"}, {"state": "expired", "decided_at": now}):
        with pytest.raises(DatabaseError), transaction.atomic():
            IdentityCheck.objects.filter(pk=check.pk).update(**change)
    assert User.objects.filter(pk=nora.user.pk).exists()
