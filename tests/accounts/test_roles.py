"""What each staff role may do, and what staff see of people."""

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.urls import reverse

from accounts import roles
from tests import cast

CAN = {
    "reviewer": ["loans.review_application", "loans.propose_disbursement", "loans.view_application"],
    "approver": ["loans.approve_disbursement", "payments.view_payment"],
    "servicer": ["loans.service_loan", "core.change_job"],
    "auditor": ["accounts.view_act", "ledger.view_transfer", "privacy.view_accesslog"],
}
CANNOT = {
    "reviewer": ["loans.approve_disbursement", "accounts.change_user"],
    "approver": ["loans.propose_disbursement", "loans.review_application"],
    "servicer": ["loans.approve_disbursement", "accounts.view_identitycheck"],
    "auditor": ["core.change_job", "loans.review_application", "loans.disclose_holder"],
}


@pytest.mark.parametrize("role", list(CAN))
def test_each_role_has_its_permissions_and_no_others(role: str) -> None:
    call_command("staff_roles", verbosity=0)
    member = cast.eve()
    member.user.groups.add(Group.objects.get(name=role))
    assert [permission for permission in CAN[role] if not member.user.has_perm(permission)] == []
    assert [permission for permission in CANNOT[role] if member.user.has_perm(permission)] == []


def test_nobody_both_proposes_and_approves_by_one_role() -> None:
    for wanted in roles.ROLES.values():
        assert not {"loans.propose_disbursement", "loans.approve_disbursement"} <= set(wanted)


def test_making_roles_again_takes_away_what_was_added_by_hand() -> None:
    roles.ensure()
    group = Group.objects.get(name="auditor")
    before = group.permissions.count()
    group.permissions.add(Group.objects.get(name="reviewer").permissions.get(codename="review_application"))
    roles.ensure()
    assert group.permissions.count() == before


@pytest.mark.parametrize("model", ["user", "party", "identitycheck", "membership", "act"])
def test_no_page_of_the_admin_shows_a_name_a_number_or_an_address(model: str) -> None:
    alice, dan = cast.alice(), cast.dan()
    dan.user.is_superuser = True
    dan.user.save(update_fields=["is_superuser"])
    client = cast.client_of(dan)
    pages = [client.get(reverse(f"admin:accounts_{model}_changelist"))]
    rows = {"user": alice.user, "party": alice.party, "identitycheck": alice.party.identity_checks.get(), "membership": alice.party.memberships.get()}
    if model in rows:
        pages.append(client.get(reverse(f"admin:accounts_{model}_change", args=[rows[model].pk])))
    for page in pages:
        assert page.status_code == 200
        text = page.content.decode()
        assert cast.PEOPLE["alice"].legal_name not in text
        assert cast.PEOPLE["alice"].number not in text
        assert alice.email not in text


def test_a_reviewer_does_not_make_staff() -> None:
    dan, eve = cast.dan(), cast.eve()
    client = cast.client_of(dan)
    assert client.post(reverse("admin:accounts_user_change", args=[eve.user.pk]), {"is_staff": "on"}).status_code == 403
    eve.user.refresh_from_db()
    assert not eve.user.is_staff
