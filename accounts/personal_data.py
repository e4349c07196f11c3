"""What this app holds about a person: for the copy, and what goes at erasure. Sealed columns go with the key; the rest is taken out here."""

import secrets
from datetime import datetime

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.utils.translation import gettext_lazy as _

from privacy import disclosure, rights
from privacy.models import DataSubject

from .models import AccessToken, Act, IdentityCheck, Membership, Party, User

PAGE = "privacy:export"


def export(*, subject: DataSubject, now: datetime) -> dict:
    """The account, the party, memberships, identity checks (numbers in full: they are the person's), sessions and acts."""
    user = User.objects.filter(subject=subject).first()
    party = Party.objects.filter(subject=subject).first()
    return {"user": _user(user) if user else None, "party": _party(party, now=now) if party else None}


def _user(user: User) -> dict:
    return {
        "email": user.email,
        "language": user.language,
        "time_zone": user.time_zone,
        "joined_at": user.joined_at.isoformat(),
        "last_sign_in": user.last_login.isoformat() if user.last_login else None,
        "authenticators": [{"type": a.type, "since": a.created_at.isoformat()} for a in Authenticator.objects.filter(user=user)],
        "sessions": [{"network": s.ip, "browser": s.user_agent, "since": s.created_at.isoformat()} for s in UserSession.objects.filter(user=user)],
        "access_tokens": [_token(token) for token in AccessToken.objects.filter(user=user).order_by("pk")],
        "memberships": [
            {"party": m.party.reference, "role": m.role, "since": m.created_at.isoformat(), "ended": m.ended_at.isoformat() if m.ended_at else None}
            for m in Membership.objects.filter(user=user).select_related("party")
        ],
        "acts": [{"action": act.action, "target": act.target, "at": act.at.isoformat()} for act in Act.objects.filter(actor=user).order_by("pk")],
    }


def _token(token: AccessToken) -> dict:
    used = token.last_used_at.isoformat() if token.last_used_at else None
    return {"reference": token.reference, "since": token.created_at.isoformat(), "until": token.expires_at.isoformat(), "last_used": used}


def _party(party: Party, *, now: datetime) -> dict:
    checks = list(IdentityCheck.objects.filter(party=party).order_by("pk"))
    opened = disclosure.reveal_many(checks, ["legal_name", "number", "birth_date"], actor=_owner(party), purpose="rights", page=PAGE, now=now)
    return {
        "reference": party.reference,
        "kind": party.kind,
        "name": disclosure.reveal(party, ["name"], actor=_owner(party), purpose="rights", page=PAGE, now=now)["name"],
        "borrows": party.borrows,
        "invests": party.invests,
        "identity_checks": [
            {"document": check.document, "state": check.state, "submitted_at": check.submitted_at.isoformat(), **(opened[check.pk] or {})} for check in checks
        ],
    }


def _owner(party: Party) -> disclosure.Actor:
    return disclosure.Actor(kind="user", subject_id=party.subject_id, role="self")


def erase(*, subject: DataSubject, now: datetime) -> None:
    """The account cannot be entered any more; address, authenticators, sessions and the index of the identity number are gone. Acts stay, pseudonymous."""
    user = User.objects.filter(subject=subject).first()
    if user is None:
        return
    sessions = UserSession.objects.filter(user=user)
    Session.objects.filter(session_key__in=list(sessions.values_list("session_key", flat=True))).delete()
    sessions.delete()
    EmailAddress.objects.filter(user=user).delete()
    Authenticator.objects.filter(user=user).delete()
    AccessToken.objects.filter(user=user, revoked_at=None).update(revoked_at=now)
    Membership.objects.filter(user=user, ended_at=None).update(ended_at=now)
    user.email, user.is_active = f"{subject.pseudonym}@erased.invalid", False
    user.set_unusable_password()
    user.save(update_fields=["email", "is_active", "password"])
    for check in IdentityCheck.objects.filter(party__subject=subject):
        IdentityCheck.objects.filter(pk=check.pk).update(number_index=secrets.token_bytes(32))


def holds(*, subject: DataSubject) -> list[str]:
    """A person who alone signs for a business hands it on first."""
    signing = Membership.objects.filter(user__subject=subject, role="sign", ended_at=None, party__kind=Party.Kind.BUSINESS).values("party_id")
    for party in Party.objects.filter(pk__in=signing):
        if Membership.objects.filter(party=party, role="sign", ended_at=None).count() == 1:
            return ["signs_alone_for_business"]
    return []


rights.register("accounts", export=export, erase=erase, holds=holds)
# How our software appears in "who looked at me".
disclosure.ROLES |= {"accounts.identity": _("identity check")}
