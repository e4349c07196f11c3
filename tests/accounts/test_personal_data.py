"""The copy a person takes, and what is left when they go."""

import json

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.urls import reverse

from accounts import parties
from accounts.models import Act, User
from privacy import rights
from tests import cast


def test_the_copy_holds_what_we_hold(now) -> None:
    alice = cast.alice(now=now)
    copy = rights.export(alice.user.subject, now=now)
    assert copy["accounts"]["user"]["email"] == alice.email
    assert copy["accounts"]["party"]["name"] == cast.PEOPLE["alice"].legal_name
    assert copy["accounts"]["party"]["identity_checks"][0]["number"] == cast.PEOPLE["alice"].number
    json.dumps(copy)


def test_after_erasure_nobody_signs_in_and_nothing_can_be_read(now) -> None:
    eve = cast.eve(now=now)
    client = cast.client_of(eve)
    client.post(reverse("account_login"), {"login": eve.email, "password": cast.PASSWORD})
    acts = Act.objects.filter(actor=eve.user).count()
    rights.erase(eve.user.subject, now=now)
    user = User.objects.get(pk=eve.user.pk)
    assert not user.is_active
    assert "eve" not in user.email
    assert not EmailAddress.objects.filter(user=user).exists()
    assert not Authenticator.objects.filter(user=user).exists()
    assert not UserSession.objects.filter(user=user).exists()
    assert client.get(reverse("accounts:settings")).status_code == 302
    assert Act.objects.filter(actor=user).count() == acts > 0, "acts stay, under the pseudonym"


def test_an_erased_document_can_be_shown_again_by_its_holder(now) -> None:
    """Somebody who comes back is not refused as their own double."""
    from accounts import identity, onboarding
    from accounts.models import Party
    from core import outbox
    from privacy import notices
    from privacy.forms import Answer

    eve = cast.eve(now=now)
    rights.erase(eve.user.subject, now=now)
    user = onboarding.register(email="back@example.com", password=cast.PASSWORD, language="en", now=now)
    party = Party.objects.get(subject=user.subject)
    yes = [Answer("given", "identity", notices.current("identity", "en"))]
    check = identity.submit(party=party, document="resident_id", legal_name="易未", number=cast.PEOPLE["eve"].number, by=user, now=now, answers=yes)
    outbox.drain(now=now)
    check.refresh_from_db()
    assert check.state == "verified"


def test_who_signs_alone_for_a_business_hands_it_on_first(now) -> None:
    eve = cast.eve(now=now)
    parties.create_business(user=eve.user, name="易商", now=now)
    with pytest.raises(rights.UnableToErase) as refusal:
        rights.erase(eve.user.subject, now=now)
    assert "signs_alone_for_business" in refusal.value.reasons
