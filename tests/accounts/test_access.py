"""Whose page it is: the acting party, switching, and staff roles."""

import pytest
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.test import RequestFactory
from django.urls import reverse
from django.utils import timezone

from accounts import access, parties
from tests import cast


def request_of(member: cast.Member, **headers):
    request = RequestFactory().get("/", headers=headers)
    request.user = member.user
    request.session = {}
    request._messages = type("Quiet", (), {"add": lambda *_: None})()
    return request


def shown(request) -> HttpResponse:
    return HttpResponse(request.party.reference)


def test_a_page_is_for_the_acting_party() -> None:
    alice = cast.alice()
    business = parties.create_business(user=alice.user, name="月亮面包", now=timezone.now())
    request = request_of(alice)
    assert access.party_required()(shown)(request).content.decode() == alice.party.reference
    access.switch(request, business.reference, now=timezone.now())
    assert access.party_required()(shown)(request).content.decode() == business.reference
    by_header = request_of(alice, **{"Xinqiao-Party": business.reference})
    assert access.party_required()(shown)(by_header).content.decode() == business.reference


def test_nobody_switches_to_somebody_elses_party() -> None:
    alice, eve = cast.alice(), cast.eve()
    assert cast.client_of(eve).post(reverse("accounts:switch"), {"party": alice.party.reference}).status_code == 404
    with pytest.raises(Http404):
        access.acting_party(request_of(eve, **{"Xinqiao-Party": alice.party.reference}), now=timezone.now())
    assert cast.client_of(eve).get(reverse("accounts:switch")).status_code == 405


def test_a_switch_is_forgotten_when_the_membership_ends() -> None:
    alice, bob, now = cast.alice(), cast.bob(), timezone.now()
    business = parties.create_business(user=alice.user, name="月亮面包", now=now)
    membership = parties.accept(parties.invite(party=business, email=bob.email, role="view", by=alice.user, now=now), by=bob.user, now=now)
    browser = cast.client_of(bob)
    browser.post(reverse("accounts:switch"), {"party": business.reference})
    assert business.reference in browser.get(reverse("accounts:onboarding")).content.decode()
    parties.end_membership(membership, by=alice.user, now=timezone.now())
    assert business.reference not in browser.get(reverse("accounts:onboarding")).content.decode()


def test_switching_goes_back_only_to_our_own_pages() -> None:
    alice = cast.alice()
    browser = cast.client_of(alice)
    for wanted, where in (("/account/parties/", "/account/parties/"), ("https://evil.example/", reverse("accounts:onboarding"))):
        assert browser.post(reverse("accounts:switch"), {"party": alice.party.reference, "next": wanted}).url == where


def test_who_may_only_look_does_not_sign() -> None:
    alice, bob, now = cast.alice(), cast.bob(), timezone.now()
    business = parties.create_business(user=alice.user, name="月亮面包", now=now)
    parties.accept(parties.invite(party=business, email=bob.email, role="view", by=alice.user, now=now), by=bob.user, now=now)
    request = request_of(bob, **{"Xinqiao-Party": business.reference})
    assert access.party_required("view")(shown)(request).status_code == 200
    with pytest.raises(PermissionDenied):
        access.party_required("sign")(shown)(request)


def test_a_side_not_taken_leads_to_the_list() -> None:
    bob = cast.bob()
    assert access.party_required(borrows=True)(shown)(request_of(bob)).url == reverse("accounts:onboarding")
    assert access.party_required(invests=True)(shown)(request_of(bob)).status_code == 200


@pytest.mark.parametrize(
    ("who", "role", "opens"), [("dan", "reviewer", True), ("dan", "approver", False), ("fay", "approver", True), ("eve", "reviewer", False)]
)
def test_staff_pages_are_there_for_their_role_only(who: str, role: str, opens: bool) -> None:
    view = access.staff_role(role)(lambda request: HttpResponse("ok"))
    if opens:
        assert view(request_of(cast.make(who))).status_code == 200
    else:
        with pytest.raises(Http404):
            view(request_of(cast.make(who)))


@pytest.mark.parametrize("name", ["settings", "onboarding", "sides", "identity", "parties", "new_business"])
def test_strangers_are_asked_to_sign_in(client, name: str) -> None:
    answer = client.get(reverse(f"accounts:{name}"))
    assert answer.status_code == 302
    assert answer.url.startswith(reverse("account_login"))
