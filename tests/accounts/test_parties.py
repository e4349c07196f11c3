"""For whom people act: businesses, invitations that tell nothing, roles, and who stands behind whom."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import parties
from accounts.models import Act, Invitation, Membership
from core.refusals import StaleState
from tests import cast

KEY = "key-0000000000aa"


@pytest.fixture
def bakery(now):
    """Alice's business."""
    alice = cast.alice(now=now)
    return parties.create_business(user=alice.user, name="月亮面包", now=now, borrows=True)


def join(party, member: cast.Member, role: str, now) -> Membership:
    signer = party.memberships.filter(role="sign").first().user
    return parties.accept(parties.invite(party=party, email=member.email, role=role, by=signer, now=now), by=member.user, now=now)


def test_who_makes_a_business_signs_for_it(bakery, now) -> None:
    alice, eve = cast.alice(), cast.eve()
    assert set(parties.for_user(alice.user, now=now)) == {alice.party, bakery}
    assert parties.may(alice.user, bakery, "sign", now=now)
    assert list(parties.for_user(eve.user, now=now)) == [eve.party]
    assert Act.objects.filter(actor=alice.user, action="party.create", target=bakery.reference).exists()


@pytest.mark.parametrize(("role", "may"), [("view", ["view"]), ("prepare", ["view", "prepare"]), ("sign", ["view", "prepare", "sign"])])
def test_each_role_includes_the_one_before(bakery, now, role: str, may: list[str]) -> None:
    bob = cast.bob(now=now)
    join(bakery, bob, role, now)
    assert [each for each in ("view", "prepare", "sign") if parties.may(bob.user, bakery, each, now=now)] == may


def test_a_membership_ends_at_its_moment(bakery, now) -> None:
    bob, later = cast.bob(now=now), now + timedelta(hours=1)
    membership = join(bakery, bob, "prepare", now)
    parties.end_membership(membership, by=cast.alice().user, now=later)
    assert parties.may(bob.user, bakery, "view", now=now)
    assert not parties.may(bob.user, bakery, "view", now=later + timedelta(seconds=1))
    assert parties.persons_behind(bakery) == {cast.alice().user.pk}


def test_somebody_can_always_sign(bakery, now) -> None:
    alice = cast.alice()
    membership = bakery.memberships.get()
    with pytest.raises(parties.UnableToChange) as refusal:
        parties.end_membership(membership, by=alice.user, now=now)
    assert refusal.value.code == "last_signer"
    membership.refresh_from_db()
    assert membership.ended_at is None


def test_the_only_signer_cannot_step_down_by_accepting_a_smaller_role(bakery, now) -> None:
    alice = cast.alice()
    invitation = parties.invite(party=bakery, email=alice.email, role="view", by=alice.user, now=now)
    with pytest.raises(parties.UnableToChange):
        parties.accept(invitation, by=alice.user, now=now)
    assert parties.may(alice.user, bakery, "sign", now=now)


def test_nobody_else_acts_for_a_person(now) -> None:
    alice = cast.alice(now=now)
    with pytest.raises(parties.UnableToChange) as refusal:
        parties.invite(party=alice.party, email="bob@xinqiao.example", role="sign", by=alice.user, now=now)
    assert refusal.value.code == "person_is_alone"


def test_persons_behind_a_party_are_compared_for_own_loans(bakery, now) -> None:
    alice, bob, carol = cast.alice(), cast.bob(now=now), cast.carol(now=now)
    join(bakery, bob, "view", now)
    assert parties.persons_behind(bakery) == {alice.user.pk, bob.user.pk}
    assert parties.persons_behind(bakery) & parties.persons_behind(bob.party)
    assert not parties.persons_behind(bakery) & parties.persons_behind(carol.party)
    assert set(parties.sharing_persons(bob.party)) == {bob.party, bakery}
    assert set(parties.sharing_persons(alice.party)) == {alice.party, bakery}


def test_one_live_membership_per_person_and_party(bakery, now) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Membership.objects.create(user=cast.alice().user, party=bakery, role="view", created_at=now)


def test_an_invitation_tells_nothing_about_the_address(bakery, now) -> None:
    bob = cast.bob(now=now)
    browser = cast.client_of(cast.alice())
    page = reverse("accounts:party", args=[bakery.reference])
    answers = [browser.post(page, {"email": email, "role": "view", "idempotency_key": KEY + email[0]}) for email in (bob.email, "nobody@example.com")]
    assert {answer.url for answer in answers} == {page}
    shown = browser.get(page).content.decode()
    assert bob.email in shown
    assert "nobody@example.com" in shown
    assert not parties.may(bob.user, bakery, "view", now=now), "invited is not joined"
    assert Invitation.objects.filter(state="open").count() == 2


def test_the_invited_person_accepts_in_the_browser(bakery, now) -> None:
    bob = cast.bob(now=now)
    invitation = parties.invite(party=bakery, email=" BOB@xinqiao.example", role="prepare", by=cast.alice().user, now=now_here())
    browser = cast.client_of(bob)
    assert "月亮面包" in browser.get(reverse("accounts:parties")).content.decode()
    browser.post(reverse("accounts:accept_invitation", args=[invitation.reference]))
    assert parties.may(bob.user, bakery, "prepare", now=now_here())
    assert browser.session["party"] == bakery.reference


def now_here():
    from django.utils import timezone

    return timezone.now()


def test_nobody_accepts_for_somebody_else_nor_what_was_withdrawn_or_ran_out(bakery, now) -> None:
    bob, eve, alice = cast.bob(now=now), cast.eve(now=now), cast.alice()
    invitation = parties.invite(party=bakery, email=bob.email, role="view", by=alice.user, now=now_here())
    accept = reverse("accounts:accept_invitation", args=[invitation.reference])
    assert cast.client_of(eve).post(accept).status_code == 404
    stale = Invitation.objects.get(pk=invitation.pk)
    assert cast.client_of(alice).post(reverse("accounts:withdraw_invitation", args=[invitation.reference])).status_code == 302
    assert cast.client_of(bob).post(accept).status_code == 404
    with pytest.raises(StaleState):
        parties.accept(stale, by=bob.user, now=now)
    old = parties.invite(party=bakery, email=bob.email, role="view", by=alice.user, now=now_here() - timedelta(days=8))
    assert cast.client_of(bob).post(reverse("accounts:accept_invitation", args=[old.reference])).status_code == 404
    assert parties.invite(party=bakery, email=bob.email, role="view", by=alice.user, now=now_here()).state == "open"


def test_two_open_invitations_to_one_address_are_refused(bakery, now) -> None:
    alice = cast.alice()
    parties.invite(party=bakery, email="x@example.com", role="view", by=alice.user, now=now)
    with pytest.raises(parties.UnableToChange) as refusal:
        parties.invite(party=bakery, email="X@Example.com ", role="sign", by=alice.user, now=now)
    assert refusal.value.code == "already_invited"


def test_who_only_looks_neither_invites_nor_ends(bakery, now) -> None:
    bob = cast.bob(now=now)
    join(bakery, bob, "view", now)
    browser = cast.client_of(bob)
    assert browser.get(reverse("accounts:party", args=[bakery.reference])).status_code == 200
    form = {"email": "x@example.com", "role": "sign", "idempotency_key": KEY}
    assert browser.post(reverse("accounts:party", args=[bakery.reference]), form).status_code == 403
    ending = {"member": cast.alice().user.pseudonym}
    assert browser.post(reverse("accounts:end_membership", args=[bakery.reference]), ending).status_code == 403
    assert browser.post(reverse("accounts:end_membership", args=[bakery.reference]), {"member": bob.user.pseudonym}).url == reverse("accounts:parties")


@pytest.mark.parametrize("name", ["party", "end_membership"])
def test_a_stranger_finds_nothing(bakery, now, name: str) -> None:
    browser = cast.client_of(cast.eve(now=now))
    address = reverse(f"accounts:{name}", args=[bakery.reference])
    assert browser.post(address, {"idempotency_key": KEY, "member": cast.alice().user.pseudonym}).status_code == 404
    assert browser.get(address).status_code in (404, 405)


def test_ending_the_last_signer_in_the_browser_is_a_conflict(bakery) -> None:
    alice = cast.alice()
    answer = cast.client_of(alice).post(reverse("accounts:end_membership", args=[bakery.reference]), {"member": alice.user.pseudonym})
    assert answer.status_code == 409


def test_adding_a_business_in_the_browser_acts_for_it_at_once(now) -> None:
    alice = cast.alice(now=now)
    browser = cast.client_of(alice)
    form = {"name": "月亮面包", "idempotency_key": KEY}
    assert [browser.post(reverse("accounts:new_business"), form).status_code for _ in range(2)] == [302, 302]
    business = alice.user.parties.get(kind="business")
    assert browser.session["party"] == business.reference
    assert "Which business this is" in browser.get(reverse("accounts:onboarding")).content.decode()
