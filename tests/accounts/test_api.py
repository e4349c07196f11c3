"""The door of the API: who comes in, how, for whom, how often, and in which language it answers."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts import parties, tokens
from accounts.models import AccessToken, Act
from tests import cast
from tests.programs import Program, problem

pytestmark = pytest.mark.django_db


def test_nobody_comes_in_without_saying_who_they_are() -> None:
    answer = Program().get("me/")
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Bearer xq_nothing", "Token abc", "Basic YWxpY2U6eA==", "Bearer 键", "Bearer \x00"])
def test_a_wrong_header_is_refused_even_beside_a_good_session(header: str) -> None:
    alice = Program(cast.alice())
    problem(alice.get("me/", Authorization=header.encode().decode("latin-1")), 401, "not_authenticated")
    assert alice.get("me/").status_code == 200


def test_a_token_opens_what_its_user_may_and_is_kept_as_a_digest_only() -> None:
    alice = cast.alice()
    program = Program(alice, by_token=True)
    assert program.get("me/").json() == {
        "pseudonym": alice.user.pseudonym,
        "language": "zh-hans",
        "time_zone": "Asia/Shanghai",
        "party": alice.party.reference,
    }
    row = AccessToken.objects.get()
    assert row.last_used_at is not None
    assert program.token.text not in repr(AccessToken.objects.values_list().get())
    assert Act.objects.filter(action="token.make", target=row.reference).exists()


@pytest.mark.parametrize("how", ["revoked", "expired", "deactivated"])
def test_a_token_that_has_ended_opens_nothing(how: str) -> None:
    alice, now = cast.alice(), timezone.now()
    program = Program(alice, by_token=True)
    token = program.token.token
    if how == "revoked":
        tokens.revoke(token=token, by=alice.user, now=now)
    elif how == "expired":
        AccessToken.objects.filter(pk=token.pk).update(created_at=now - timedelta(days=2), expires_at=now - timedelta(seconds=1))
    else:
        type(alice.user).objects.filter(pk=alice.user.pk).update(is_active=False)
    problem(program.get("me/"), 401, "not_authenticated")


def test_a_token_that_only_reads_changes_nothing() -> None:
    program = Program(cast.bob(), by_token=True, may_write=False)
    assert program.get("wallet/").status_code == 200
    problem(program.post("wallet/deposit/", {"amount": 100}), 403, "token_reads_only")


def test_one_has_ten_tokens_at_most_and_the_same_form_makes_one() -> None:
    user, now = cast.alice().user, timezone.now()
    for serial in range(tokens.LIVE_MAX):
        tokens.make(user=user, name="x", may_write=False, days=30, form_key=f"form-{serial}", now=now)
    for form, code in (("form-3", "made_already"), ("another", "too_many")):
        with pytest.raises(tokens.UnableToMake) as refused:
            tokens.make(user=user, name="x", may_write=False, days=30, form_key=form, now=now)
        assert refused.value.code == code


def test_a_session_needs_its_csrf_token_to_change_something() -> None:
    bob = cast.bob()
    browser = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
    browser.force_login(bob.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert browser.get("/api/v1/wallet/").status_code == 200
    send = {"data": {"amount": 100}, "content_type": "application/json"}
    problem(browser.post("/api/v1/wallet/deposit/", **send, headers={"Idempotency-Key": "abcdefgh"}), 403, "csrf_failed")
    browser.get("/wallet/deposit/")
    csrf = browser.cookies["csrftoken"].value
    assert browser.post("/api/v1/wallet/deposit/", **send, headers={"Idempotency-Key": "abcdefgh", "X-CSRFToken": csrf}).status_code == 202


def test_staff_without_a_second_factor_get_nothing() -> None:
    from allauth.mfa.models import Authenticator

    dan = cast.dan()
    by_token, by_session = Program(dan, by_token=True), Program(dan)
    assert by_token.get("me/").status_code == by_session.get("me/").status_code == 200
    Authenticator.objects.all().delete()
    for program in (by_token, by_session):
        assert problem(program.get("me/"), 403, "second_factor_required")["page"] == "/accounts/2fa/"


def test_one_acts_for_the_party_named_in_the_header_if_it_is_ones_own() -> None:
    alice, eve = cast.alice(), cast.eve()
    business = parties.create_business(user=alice.user, name="月亮面包", now=timezone.now(), invests=True)
    program = Program(alice, by_token=True)
    assert {row["reference"] for row in program.get("parties/").json()["results"]} == {alice.party.reference, business.reference}
    assert program.get("me/", Xinqiao_Party=business.reference).json()["party"] == business.reference
    assert program.get("portfolio/", Xinqiao_Party=business.reference).status_code == 200
    for other in (eve.party.reference, "PT-00000000", "x", "\x00"):
        problem(program.get("wallet/", Xinqiao_Party=other), 404, "not_found")


def test_who_only_looks_at_a_party_changes_nothing_for_it() -> None:
    alice, bob, now = cast.alice(), cast.bob(), timezone.now()
    business = parties.create_business(user=alice.user, name="月亮面包", now=now, invests=True)
    parties.accept(parties.invite(party=business, email=bob.email, role="view", by=alice.user, now=now), by=bob.user, now=now)
    program = Program(bob, by_token=True)
    assert program.get("wallet/", Xinqiao_Party=business.reference).status_code == 200
    problem(program.post("wallet/deposit/", {"amount": 100}, Xinqiao_Party=business.reference), 403, "role_needed")


def test_a_party_does_what_it_chose_to_do() -> None:
    answer = Program(cast.alice()).get("portfolio/")
    assert problem(answer, 403, "not_chosen_yet")["page"] == "/account/start/"


ASKED = (("en", "Sign in"), ("zh-CN,en;q=0.5", "登录"), ("fr, en;q=0.3", "Sign in"), ("", "登录"), ("xx;q=bad", "登录"))


@pytest.mark.parametrize(("language", "words"), ASKED)
def test_it_answers_in_the_language_asked_for(language: str, words: str) -> None:
    assert words in Program(language=language).get("me/").json()["title"]


def test_a_program_that_says_nothing_is_answered_in_the_accounts_language() -> None:
    alice = cast.alice()
    type(alice.user).objects.update(language="en")
    assert Program(alice, by_token=True, language="").get("wallet/payments/PM-00000000/").json()["title"] == "Nothing here"


def test_asking_too_often_waits(settings) -> None:
    settings.API_PACES = settings.API_PACES | {"read": (60, 3), "token_read": (60, 2), "stranger": (60, 2)}
    bob = cast.bob()
    for program, allowed in ((Program(bob, by_token=True), 2), (Program(bob), 1), (Program(), 2)):
        answers = [program.get("me/") for _ in range(allowed + 1)]
        assert {answer.status_code for answer in answers[:-1]} <= {200, 401}
        problem(answers[-1], 429, "throttled")
        assert 1 <= int(answers[-1]["Retry-After"]) <= 3


def test_private_answers_are_stored_nowhere() -> None:
    for program in (Program(cast.bob()), Program(cast.bob(), by_token=True)):
        assert "no-store" in program.get("wallet/")["Cache-Control"]
