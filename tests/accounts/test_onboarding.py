"""A stranger becomes a member, in both languages: signs up, answers two notices, proves the address, and sees what is still to do."""

import re
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts import onboarding
from accounts.models import Membership, Party, User
from privacy import keystore
from privacy.models import Consent, DataSubject
from tests import cast

SIGN_UP = {
    "email": "Hanna@Example.COM",
    "password1": "a-long-walk-to-the-bridge",
    "language": "en",
    "account": "yes",
    "marketing": "no",
}


def reader(language: str) -> Client:
    client = Client(headers={"accept-language": language})
    client.cookies["django_language"] = language
    return client


def code_in_mail() -> str:
    found = re.search(r"\b([A-Z0-9]{3,5}-?[A-Z0-9]{3,5})\b\s*$", mail.outbox[-1].body, re.MULTILINE)
    assert found, mail.outbox[-1].body
    return found.group(1)


@pytest.mark.parametrize(("language", "proof", "start"), [("en", "Confirm your e-mail address", "Getting started"), ("zh-hans", "确认您的邮箱", "新手清单")])
def test_sign_up_from_the_form_to_the_list_of_what_is_to_do(notices: None, language: str, proof: str, start: str) -> None:
    browser = reader(language)
    assert browser.get(reverse("account_signup")).status_code == 200
    answer = browser.post(reverse("account_signup"), SIGN_UP | {"language": language})
    assert answer.status_code == 302, answer.context["form"].errors

    user = User.objects.get(email="hanna@example.com")
    party = Party.objects.get(subject=user.subject)
    assert user.language == language
    assert party.kind == "person"
    assert Membership.objects.get(user=user, party=party).role == "sign"
    assert "_auth_user_id" not in browser.session, "nobody is in before the address is proven"
    assert "hanna@example.com" in mail.outbox[-1].to

    assert proof in browser.get(answer.url).content.decode()
    answer = browser.post(answer.url, {"code": code_in_mail()}, follow=True)
    assert EmailAddress.objects.get(user=user).verified
    assert answer.redirect_chain[-1][0] == reverse("accounts:onboarding")
    assert start in answer.content.decode()


def test_consents_stand_unanswered_on_the_form_each_on_its_own(notices: None) -> None:
    page = reader("en").get(reverse("account_signup")).content.decode()
    radios = re.findall(r'<input type="radio" name="(account|marketing)"[^>]*>', page)
    assert sorted(radios) == ["account", "account", "marketing", "marketing"]
    assert not re.search(r'<input type="radio" name="(account|marketing)"[^>]*checked', page)


def test_each_answer_is_recorded_by_itself_and_a_no_to_news_changes_nothing(notices: None) -> None:
    reader("en").post(reverse("account_signup"), SIGN_UP)
    user = User.objects.get(email="hanna@example.com")
    answers = {consent.purpose: (consent.decision, consent.locale) for consent in Consent.objects.filter(subject=user.subject)}
    assert answers == {"account": ("given", "en"), "marketing": ("refused", "en")}


@pytest.mark.parametrize("missing", ["account", "marketing"])
def test_no_answer_is_taken_for_granted(notices: None, missing: str) -> None:
    answer = reader("en").post(reverse("account_signup"), {name: value for name, value in SIGN_UP.items() if name != missing})
    assert missing in answer.context["form"].errors
    assert not User.objects.filter(email="hanna@example.com").exists()
    assert not DataSubject.objects.filter(kind="person").exists(), "all or nothing"


def test_a_no_to_the_account_notice_opens_no_account(notices: None) -> None:
    answer = reader("en").post(reverse("account_signup"), SIGN_UP | {"account": "no"})
    assert "account" in answer.context["form"].errors
    assert not User.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "not an address"),
        ("email", "a" * 300 + "@example.com"),
        ("password1", "short"),
        ("password1", "password1234"),
        ("password1", "hanna@example.com"),
        ("language", "xx"),
        ("account", "maybe"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(notices: None, field: str, value: str) -> None:
    answer = reader("en").post(reverse("account_signup"), SIGN_UP | {field: value})
    assert answer.status_code == 200
    assert field in answer.context["form"].errors
    assert not User.objects.exists()


def test_signing_up_with_a_known_address_looks_the_same_and_writes_to_its_owner(notices: None) -> None:
    alice = cast.alice()
    known = reader("en").post(reverse("account_signup"), SIGN_UP | {"email": alice.email}, follow=True)
    unknown = reader("en").post(reverse("account_signup"), SIGN_UP, follow=True)
    assert known.redirect_chain == unknown.redirect_chain
    assert known.status_code == unknown.status_code
    assert comparable(known.content, alice.email) == comparable(unknown.content, "hanna@example.com")
    assert [message.to for message in mail.outbox] == [[alice.email], ["hanna@example.com"]]
    assert User.objects.filter(email=alice.email).count() == 1


def test_signing_up_with_a_known_address_costs_the_same_and_leaves_nothing(notices: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted, not timed: one password is worked out and the same rows are written in both, and of the known address nothing stays."""
    alice = cast.alice()
    hashed, encode = [], MD5PasswordHasher.encode
    monkeypatch.setattr(MD5PasswordHasher, "encode", lambda *args, **values: hashed.append(1) or encode(*args, **values))
    people, made = User.objects.count(), []
    monkeypatch.setattr(keystore, "make", _noting(made, keystore.make))
    work = []
    for email in (alice.email, "nobody@example.com"):
        hashed.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = reader("en").post(reverse("account_signup"), SIGN_UP | {"email": email})
        tables = Counter(re.findall(r'INSERT INTO "((?:accounts|privacy)_\w+)"', " ".join(query["sql"] for query in queries)))
        work.append((answer.status_code, answer.url, len(hashed), tables))
        if email != "nobody@example.com":
            assert (User.objects.count(), [path for path in map(keystore._path, made) if path.exists()]) == (people, [])
            assert made
    assert work[0] == work[1]
    assert work[0][2] == 1
    assert len(mail.outbox) == 2


def _noting(noted: list[Any], work: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda subject_id: noted.append(subject_id) or work(subject_id)


def comparable(content: bytes, email: str) -> str:
    page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", content.decode())
    return page.replace(email, "ADDRESS")


def test_the_list_follows_what_the_party_has_done(notices: None, now) -> None:
    user = onboarding.register(email="new@example.com", password=cast.PASSWORD, language="en", now=now)
    party = Party.objects.get(subject=user.subject)
    assert [task.state for task in onboarding.tasks(party)] == ["todo", "todo", "locked"]
    assert onboarding.is_open(user, now=now)
    alice = cast.alice(now=now)
    assert [task.state for task in onboarding.tasks(alice.party)] == ["done", "done", "todo"]
    assert not onboarding.is_open(alice.user, now=now)


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_choosing_a_side(notices: None, now, language: str) -> None:
    user = onboarding.register(email="new@example.com", password=cast.PASSWORD, language=language, now=now)
    party = Party.objects.get(subject=user.subject)
    browser = cast.client_of(cast.Member(user, party), language=language)
    assert "borrows" in browser.post(reverse("accounts:sides"), {}).context["form"].errors
    assert browser.post(reverse("accounts:sides"), {"invests": "on"}).url == reverse("accounts:onboarding")
    party.refresh_from_db()
    assert (party.borrows, party.invests) == (False, True)


def test_a_side_once_taken_stays_open(now) -> None:
    alice = cast.alice(now=now)
    cast.client_of(alice).post(reverse("accounts:sides"), {"invests": "on"})
    alice.party.refresh_from_db()
    assert (alice.party.borrows, alice.party.invests) == (True, True)
