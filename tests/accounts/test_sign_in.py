"""Coming in: nothing told to guessers, a second proof for staff, secrets sealed, addresses cut, proof asked again."""

import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts import adapter, reauthentication
from accounts import cast as people
from accounts.middleware import lacks_second_factor
from accounts.models import User
from tests import cast


def browser_at(ip: str) -> Client:
    client = Client(headers={"accept-language": "en"}, REMOTE_ADDR=ip)
    client.cookies["django_language"] = "en"
    return client


def sign_in(client: Client, member: cast.Member, password: str = cast.PASSWORD):
    return client.post(reverse("account_login"), {"login": member.email, "password": password})


def test_a_wrong_password_and_an_unknown_address_look_the_same() -> None:
    alice = cast.alice()
    pages = [
        browser_at("10.1.1.1").post(reverse("account_login"), {"login": login, "password": "not-the-password"}) for login in (alice.email, "nobody@example.com")
    ]
    errors = [page.context["form"].errors.as_json() for page in pages]
    assert errors[0] == errors[1]
    assert [page.status_code for page in pages] == [200, 200]


def test_asking_for_a_new_password_tells_nothing() -> None:
    alice = cast.alice()
    answers = [browser_at("10.1.1.1").post(reverse("account_reset_password"), {"email": email}) for email in (alice.email, "nobody@example.com")]
    assert len({(answer.status_code, answer.url) for answer in answers}) == 1
    assert [message.to for message in mail.outbox] == [[alice.email], ["nobody@example.com"]]


def test_guessing_is_stopped_even_with_the_right_password_at_last() -> None:
    alice, client = cast.alice(), browser_at("10.1.1.2")
    for _attempt in range(5):
        sign_in(client, alice, "not-the-password")
    answer = sign_in(client, alice)
    assert answer.status_code == 200
    assert "_auth_user_id" not in client.session


def test_a_member_signs_in_and_lands_where_something_is_to_do() -> None:
    alice, client = cast.alice(), browser_at("10.1.1.3")
    assert sign_in(client, alice).url == "/"
    assert client.session["_auth_user_id"] == str(alice.user.pk)


def test_staff_need_the_code_too(settings) -> None:
    dan, client = cast.dan(), browser_at("10.1.1.4")
    assert sign_in(client, dan).url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session
    assert client.get("/admin/").status_code == 302
    assert client.post(reverse("mfa_authenticate"), {"code": "000000"}).status_code == 200
    answer = client.post(reverse("mfa_authenticate"), {"code": fresh_code()})
    assert answer.url == reverse("admin:index")
    assert client.get("/admin/").status_code == 200


def fresh_code() -> str:
    """A code that is still good when it arrives."""
    code, seconds = cast.one_time_code()
    if seconds < 3:
        time.sleep(seconds)
        code, _seconds = cast.one_time_code()
    return code


def test_a_code_is_good_once() -> None:
    dan, first, second = cast.dan(), browser_at("10.1.1.5"), browser_at("10.1.1.6")
    code = fresh_code()
    for client in (first, second):
        sign_in(client, dan)
    assert first.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert second.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/user/", "/account/", "/account/start/"])
def test_staff_without_a_second_proof_are_led_to_set_one_up(path: str) -> None:
    dan = cast.dan()
    Authenticator.objects.filter(user=dan.user).delete()
    client = cast.client_of(dan)
    assert client.get(path).url == reverse("mfa_index")
    assert client.get(reverse("mfa_index")).status_code == 200
    assert client.get(reverse("mfa_activate_totp")).status_code == 302, "asks for the password first"
    assert client.post(path).url == reverse("mfa_index")


def test_recovery_codes_alone_are_no_second_proof() -> None:
    dan = cast.dan()
    Authenticator.objects.filter(user=dan.user).delete()
    Authenticator.objects.create(user=dan.user, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert lacks_second_factor(dan.user)
    assert not lacks_second_factor(cast.alice().user), "members choose for themselves"


def test_the_admin_is_entered_through_our_own_sign_in(client: Client) -> None:
    assert client.get("/admin/login/").url.startswith(reverse("account_login"))
    assert cast.client_of(cast.alice()).get("/admin/").status_code in (302, 403, 404)
    assert cast.client_of(cast.alice()).get("/admin/login/").status_code == 403


def test_switching_the_second_proof_off_is_for_development(monkeypatch) -> None:
    import environ

    values = {"DEBUG": "0", "STAFF_MFA_REQUIRED": "0"}
    for name, value in values.items():
        monkeypatch.setitem(environ.Env.ENVIRON, name, value)
    source = "from config import settings"
    with pytest.raises(ImproperlyConfigured):
        run_settings(source)


def run_settings(source: str) -> None:
    """Settings afresh, in a module of their own."""
    import importlib.util
    import sys
    from pathlib import Path

    spec = importlib.util.spec_from_file_location("settings_afresh", Path(__file__).parents[2] / "config" / "settings.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules.pop("settings_afresh", None)
    spec.loader.exec_module(module)


def test_secrets_of_authenticators_are_sealed_for_their_owner() -> None:
    dan, fay = cast.dan(), cast.fay()
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(a::text, '') FROM mfa_authenticator a")
        stored = cursor.fetchone()[0]
    assert cast.TOTP_SECRET not in stored
    first, second = (Authenticator.objects.get(user=member.user, type="totp").data["secret"] for member in (dan, fay))
    assert first != second
    assert first.startswith(str(dan.user.subject_id))
    assert adapter.MFAAdapter().decrypt(first) == cast.TOTP_SECRET
    from privacy import vault

    swapped = ".".join([str(fay.user.subject_id), *first.split(".")[1:]])
    with pytest.raises(vault.Unopenable):
        adapter.MFAAdapter().decrypt(swapped)


def test_a_secret_without_an_owner_is_not_kept() -> None:
    with pytest.raises(adapter.UnknownOwner):
        adapter.MFAAdapter().encrypt("secret")


def test_setting_up_an_authenticator_in_the_browser_seals_its_secret() -> None:
    alice = cast.alice()
    client = cast.prove(cast.client_of(alice), alice)
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30))
    assert client.post(reverse("mfa_activate_totp"), {"code": code}).url == reverse("mfa_view_recovery_codes")
    kept = Authenticator.objects.get(user=alice.user, type="totp").data["secret"]
    assert secret not in kept
    assert adapter.MFAAdapter().decrypt(kept) == secret
    assert client.get(reverse("mfa_view_recovery_codes")).status_code == 200
    assert "mfa.totp.secret" not in client.session


@pytest.mark.parametrize(("ip", "kept"), [("203.0.113.77", "203.0.113.0"), ("2001:db8:1234:5678::9", "2001:db8:1234::")])
def test_sessions_keep_the_network_not_the_address(ip: str, kept: str) -> None:
    alice, client = cast.alice(), browser_at(ip)
    sign_in(client, alice)
    assert UserSession.objects.get(user=alice.user).ip == kept
    UserSession.objects.filter(user=alice.user).update(ip=ip)
    assert UserSession.objects.get(user=alice.user).ip == kept, "by whatever road"
    page = client.get(reverse("usersessions_list")).content.decode()
    assert kept in page
    assert ip not in page


def test_proving_again_is_remembered_with_method_and_moment_for_five_minutes(rf) -> None:
    alice = cast.alice()
    client = cast.client_of(alice)
    request = rf.get("/")
    request.user = alice.user
    request.session = client.session
    assert reauthentication.latest(request) is None, "signing in is not signing"
    before = time.time()
    client.post(reverse("account_reauthenticate"), {"password": cast.PASSWORD})
    request.session = client.session
    proof = reauthentication.latest(request)
    assert proof
    assert proof.method == "password"
    assert before <= proof.at.timestamp() <= time.time()
    for seconds, fresh in ((295, True), (305, False)):
        request.session = cast.prove(client, alice, seconds_ago=seconds).session
        assert (reauthentication.latest(request) is not None) is fresh


def test_somebody_elses_proof_in_the_session_counts_for_nothing(rf) -> None:
    alice, bob = cast.alice(), cast.bob()
    request = rf.get("/")
    request.user = bob.user
    request.session = cast.prove(cast.client_of(alice), alice).session
    assert reauthentication.latest(request) is None


def test_a_wrong_password_proves_nothing() -> None:
    alice = cast.alice()
    client = cast.client_of(alice)
    assert client.post(reverse("account_reauthenticate"), {"password": "wrong-wrong-wrong"}).status_code == 200
    assert client.get(reverse("mfa_activate_totp")).status_code == 302


def test_passwords_are_kept_by_argon2_in_the_product() -> None:
    from config import settings as product

    assert product.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_one_address_has_one_spelling() -> None:
    user = User.objects.create_user("  Mixed@Example.COM ", "x")
    assert user.email == "mixed@example.com"
    assert User.objects.get_by_natural_key("MIXED@example.com") == user
    assert "mixed" not in str(user)


def test_the_cast_is_not_for_real_people(settings) -> None:
    settings.DEBUG, settings.SAMPLE_MARKET = False, False
    with pytest.raises(people.NotASandbox):
        cast.alice()
