"""Alice makes a token for a program of hers, sees it once, and ends it."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import AccessToken, User
from tests.cast import PASSWORD, alice, bob

pytestmark = pytest.mark.django_db
KEY = "key-0000000000aa"


@pytest.fixture
def browser(db: None) -> Client:
    """Alice's, where she has just proved that it is her."""
    client, user = Client(), alice(now=timezone.now()).user
    User.objects.filter(pk=user.pk).update(language="en")
    client.force_login(user)
    return client


def prove(client: Client) -> None:
    assert client.post(reverse("account_reauthenticate"), {"password": PASSWORD}).status_code == 302


def wish(key: str = KEY, **changed: str) -> dict[str, str]:
    return {"name": "bookkeeping", "days": "30", "may_write": "", "idempotency_key": key, **changed}


def made(client: Client, key: str = KEY) -> str:
    """The token's text, from the one page that shows it."""
    prove(client)
    page = client.post(reverse("accounts:new_token"), wish(key)).content.decode()
    return page.partition('id="token">')[2].partition("<")[0]


def test_a_token_is_made_after_a_fresh_proof_and_shown_once(browser: Client) -> None:
    assert reverse("account_reauthenticate") in browser.get(reverse("accounts:new_token"))["Location"]
    text = made(browser)
    assert text.startswith("xq_")
    program = Client(headers={"authorization": f"Bearer {text}"})
    assert program.get("/api/v1/wallet/").status_code == 200
    listed = browser.get(reverse("accounts:tokens")).content.decode()
    assert "bookkeeping" in listed
    assert text not in listed
    assert text[-4:] in listed


def test_the_form_sent_twice_makes_one_and_says_so(browser: Client) -> None:
    made(browser)
    again = browser.post(reverse("accounts:new_token"), wish())
    assert again.status_code == 422
    assert "was made already" in again.content.decode()
    assert AccessToken.objects.count() == 1


def test_a_revoked_token_opens_nothing(browser: Client) -> None:
    text, token = made(browser), AccessToken.objects.get()
    browser.post(reverse("accounts:revoke_token", args=[token.reference]))
    assert Client(headers={"authorization": f"Bearer {text}"}).get("/api/v1/wallet/").status_code == 401
    assert "No program acts for you" in browser.get(reverse("accounts:tokens")).content.decode()


def test_a_stranger_ends_nothing(browser: Client) -> None:
    made(browser)
    stranger, token = Client(), AccessToken.objects.get()
    stranger.force_login(bob(now=timezone.now()).user)
    assert stranger.post(reverse("accounts:revoke_token", args=[token.reference])).status_code == 404
    assert AccessToken.objects.filter(revoked_at=None).exists()


@pytest.mark.parametrize("wrong", [{"name": ""}, {"name": "x" * 61}, {"days": "31"}, {"days": "forever"}])
def test_bad_wishes_are_answered_at_the_field(browser: Client, wrong: dict[str, str]) -> None:
    prove(browser)
    answer = browser.post(reverse("accounts:new_token"), wish(**wrong))
    assert answer.status_code == 422
    assert 'aria-invalid="true"' in answer.content.decode()
    assert not AccessToken.objects.exists()


def test_ten_are_the_most(browser: Client) -> None:
    for number in range(10):
        made(browser, f"key-00000000000{number}")
    assert "which is the most" in browser.get(reverse("accounts:tokens")).content.decode()
    assert browser.post(reverse("accounts:new_token"), wish("key-of-the-eleventh")).status_code == 422
