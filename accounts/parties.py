"""Parties and who acts for them: made, shared by invitation, ended; and which persons stand behind one."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from core import outbox
from core.refusals import Conflict
from core.states import move
from privacy import subjects, vault
from privacy.models import DataSubject

from . import audit
from .models import Invitation, Membership, Party, Role, User, live

INVITATION_DAYS = 7  # the retention rule "invitation"
_INCLUDED = {Role.VIEW: ("view", "prepare", "sign"), Role.PREPARE: ("prepare", "sign"), Role.SIGN: ("sign",)}


class UnableToChange(Conflict):
    """A change of roles or members that would leave nobody to sign, or that the acting user may not make."""

    def __init__(self, code: str, message: StrOrPromise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message


@transaction.atomic
def create_person(*, user: User, legal_name: str = "", now: datetime, borrows: bool = False, invests: bool = False) -> Party:
    """The party that is the user: same data subject, the user signs. Returns the one there is when made before."""
    existing = Party.objects.filter(subject=user.subject_id).first()
    if existing:
        return existing
    party = Party.objects.create(kind=Party.Kind.PERSON, subject=user.subject, name=legal_name, borrows=borrows, invests=invests, created_at=now)
    Membership.objects.create(user=user, party=party, role=Role.SIGN, created_at=now)
    return party


@transaction.atomic
def create_business(*, user: User, name: str, now: datetime, borrows: bool = False, invests: bool = False) -> Party:
    """A business with its own data subject; its maker signs for it. Its code is checked like any identity (accounts.identity)."""
    subject = subjects.create(DataSubject.Kind.BUSINESS, now=now)
    party = Party.objects.create(kind=Party.Kind.BUSINESS, subject=subject, name=name, borrows=borrows, invests=invests, created_at=now)
    Membership.objects.create(user=user, party=party, role=Role.SIGN, created_at=now)
    audit.record(actor=user, action="party.create", target=party.reference, now=now)
    return party


def choose_sides(party: Party, *, borrows: bool, invests: bool, by: User, now: datetime) -> None:
    """What the party does here. A side once taken stays open to it: leaving it is a matter of its loans and holdings, not of this page."""
    borrows, invests = borrows or party.borrows, invests or party.invests
    Party.objects.filter(pk=party.pk).update(borrows=borrows, invests=invests)
    party.borrows, party.invests = borrows, invests
    audit.record(actor=by, action="party.choose_sides", target=party.reference, now=now)


def for_user(user: User, *, role: str = Role.VIEW, now: datetime) -> QuerySet[Party]:
    """The parties a user may act for in at least that role. Anything not in here is a 404 to them."""
    mine = Membership.objects.filter(live(now), user=user, role__in=_INCLUDED[Role(role)])
    return Party.objects.filter(pk__in=mine.values("party_id"))


def may(user: User, party: Party, role: str, *, now: datetime) -> bool:
    """Whether the user acts for the party in at least that role at `now`."""
    return Membership.objects.filter(live(now), user=user, party=party, role__in=_INCLUDED[Role(role)]).exists()


def persons_behind(party: Party) -> set[int]:
    """User ids of everyone who acts for the party today. Two parties with a common person are one hand: own-loan and exposure checks compare these sets."""
    return set(Membership.objects.filter(party=party, ended_at=None).values_list("user_id", flat=True))


def sharing_persons(party: Party) -> QuerySet[Party]:
    """The party and every other one with a person of it behind them, in one query."""
    persons = Membership.objects.filter(party=party, ended_at=None).values("user_id")
    return Party.objects.filter(pk__in=Membership.objects.filter(user__in=persons, ended_at=None).values("party_id"))


def members(party: Party, *, now: datetime) -> QuerySet[Membership]:
    """Who acts for the party at `now`, longest first."""
    return Membership.objects.filter(live(now), party=party).select_related("user").order_by("created_at", "pk")


@transaction.atomic
def invite(*, party: Party, email: str, role: str, by: User, now: datetime) -> Invitation:
    """Lets whoever owns the address join once they accept. The same row is written whether or not the address has an account.

    Raises UnableToChange for a person's own party, and when an open invitation to that address exists.
    """
    if party.kind != Party.Kind.BUSINESS:
        raise UnableToChange("person_is_alone", _("Only a business can have more members. Nobody else can act for a person."))
    _expire_old(party=party, now=now)
    index = email_index(email)
    try:
        with transaction.atomic():
            invitation = Invitation.objects.create(
                party=party,
                email=email.strip().lower(),
                email_index=index,
                role=role,
                invited_by=by,
                created_at=now,
                expires_at=now + timedelta(days=INVITATION_DAYS),
            )
    except IntegrityError as error:
        raise UnableToChange("already_invited", _("This address has an open invitation already.")) from error
    audit.record(actor=by, action="party.invite", target=invitation.reference, now=now)
    outbox.enqueue("party.invited", key=f"party.invited:{invitation.reference}", payload={"invitation": invitation.pk})
    return invitation


def email_index(email: str) -> bytes:
    """How an invited address is found again without being readable."""
    return vault.blind_index("accounts.invitation.email", email)


def _expire_old(*, party: Party, now: datetime) -> None:
    for old in Invitation.objects.filter(party=party, state="open", expires_at__lte=now):
        move(old, "expired", now=now, decided_at=now)


def invitations_for(emails: Iterable[str], *, now: datetime) -> QuerySet[Invitation]:
    """Open invitations to any of these (verified) addresses."""
    return Invitation.objects.filter(state="open", expires_at__gt=now, email_index__in=[email_index(email) for email in emails]).select_related("party")


@transaction.atomic
def accept(invitation: Invitation, *, by: User, now: datetime) -> Membership:
    """The invited user joins in the offered role; an older, other role of theirs ends. Raises StaleState when it was withdrawn meanwhile."""
    move(invitation, "accepted", now=now, by=by.pk, decided_at=now)
    Membership.objects.filter(user=by, party=invitation.party, ended_at=None).update(ended_at=now)
    membership = Membership.objects.create(user=by, party=invitation.party, role=invitation.role, created_at=now)
    _keep_a_signer(invitation.party)
    audit.record(actor=by, action="party.join", target=invitation.party.reference, now=now)
    return membership


@transaction.atomic
def withdraw(invitation: Invitation, *, by: User, now: datetime) -> None:
    """The party takes its invitation back."""
    move(invitation, "withdrawn", now=now, by=by.pk, decided_at=now)
    audit.record(actor=by, action="party.withdraw_invitation", target=invitation.reference, now=now)


@transaction.atomic
def end_membership(membership: Membership, *, by: User, now: datetime) -> None:
    """The member stops acting for the party at `now`. Raises UnableToChange when nobody would be left to sign."""
    Membership.objects.filter(pk=membership.pk, ended_at=None).update(ended_at=now)
    _keep_a_signer(membership.party)
    membership.ended_at = now
    audit.record(actor=by, action="party.end_membership", target=membership.party.reference, now=now)


def _keep_a_signer(party: Party) -> None:
    """Locks the party, so that two signers cannot leave each other at once."""
    Party.objects.select_for_update().get(pk=party.pk)
    if not Membership.objects.filter(party=party, role=Role.SIGN, ended_at=None).exists():
        raise UnableToChange("last_signer", _("Somebody has to be able to sign. Invite another signer first."))
