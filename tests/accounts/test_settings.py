"""Language and time zone, and the way to everything else."""

import pytest
from django.urls import reverse

from tests import cast


@pytest.mark.parametrize("language", ["en", "zh-hans"])
def test_settings_lead_to_everything_about_signing_in(language: str) -> None:
    alice = cast.alice()
    page = cast.client_of(alice, language=language).get(reverse("accounts:settings")).content.decode()
    for name in ("account_email", "account_change_password", "mfa_list_webauthn", "mfa_index", "usersessions_list", "accounts:parties", "privacy:centre"):
        assert reverse(name) in page


def test_the_language_is_kept_on_the_account_and_in_the_browser() -> None:
    alice = cast.alice()
    client = cast.client_of(alice, language="zh-hans")
    answer = client.post(reverse("accounts:settings"), {"language": "en", "time_zone": "Europe/Berlin"})
    assert answer.cookies["django_language"].value == "en"
    alice.user.refresh_from_db()
    assert (alice.user.language, alice.user.time_zone) == ("en", "Europe/Berlin")


@pytest.mark.parametrize("change", [{"language": "xx"}, {"time_zone": "Mars/Olympus"}, {"time_zone": "../../etc/passwd"}])
def test_what_does_not_exist_is_refused(change: dict) -> None:
    alice = cast.alice()
    answer = cast.client_of(alice).post(reverse("accounts:settings"), {"language": "en", "time_zone": "Asia/Shanghai"} | change)
    assert set(answer.context["form"].errors) == set(change)
    alice.user.refresh_from_db()
    assert alice.user.time_zone == "Asia/Shanghai"


def test_more_fields_than_the_form_has_change_nothing() -> None:
    eve = cast.eve()
    cast.client_of(eve).post(
        reverse("accounts:settings"), {"language": "en", "time_zone": "Asia/Shanghai", "is_staff": "on", "is_superuser": "1", "email": "x@y.zz"}
    )
    eve.user.refresh_from_db()
    assert (eve.user.is_staff, eve.user.is_superuser, eve.user.email) == (False, False, "eve@xinqiao.example")
