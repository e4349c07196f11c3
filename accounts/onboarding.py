"""Becoming a member: registration in one transaction, and the list of what is still to do."""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from privacy import keystore
from privacy.forms import Answer, record_answers

from . import identity, parties
from .models import IdentityCheck, Party, User


@transaction.atomic
def register(*, email: str, password: str | None, language: str, now: datetime, answers: Iterable[Answer] = (), staff: bool = False) -> User:
    """A user, their data subject, the party that is them, and what they answered to each notice: all or nothing. Staff are persons too."""
    user = User.objects.create_user(email, password, now=now, language=language, is_staff=staff)
    parties.create_person(user=user, now=now)
    record_answers(answers, subject=user.subject, now=now)
    return user


@transaction.atomic
def rehearse(*, password: str, language: str, now: datetime, answers: Iterable[Answer]) -> None:
    """All the work of registering somebody, undone: for an address that has an account already, and takes as long to answer about."""
    address = f"{secrets.token_hex(16)}@rehearsal.invalid"
    user = register(email=address, password=password, language=language, now=now, answers=answers)
    keystore.drop(user.subject_id)
    transaction.set_rollback(True)


@dataclass(frozen=True)
class Task:
    """One line of the list. `state` and `words` are what templates/components/tasks.html draws; no `url`: not open yet."""

    code: str
    title: str
    state: str
    words: str
    url: str = ""


def tasks(party: Party) -> list[Task]:
    """What the party has to do before it can borrow or invest, with where each thing stands."""
    return [_sides(party), _identity(party), _bank_account(party)]


def is_open(user: User, *, now: datetime) -> bool:
    """Whether none of the user's parties has chosen a side and been verified yet."""
    ready = parties.for_user(user, now=now).filter(verified_at__isnull=False)
    return not (ready.filter(borrows=True) | ready.filter(invests=True)).exists()


def _sides(party: Party) -> Task:
    chosen = [words for chosen, words in ((party.borrows, _("borrow")), (party.invests, _("invest"))) if chosen]
    words = _(" and ").join(chosen) if chosen else _("Not chosen yet")
    return Task("sides", _("What you want to do"), "done" if chosen else "todo", words, reverse("accounts:sides"))


def _identity(party: Party) -> Task:
    check = identity.latest(party)
    state, words = _identity_words(party, check)
    return Task("identity", _("Who you are") if party.kind == Party.Kind.PERSON else _("Which business this is"), state, words, reverse("accounts:identity"))


def _identity_words(party: Party, check: IdentityCheck | None) -> tuple[str, str]:
    if check is not None and check.state == "submitted":
        return "now", _("Being checked")
    if party.verified_at is not None:
        return "done", _("Verified")
    if check is not None and check.state == "refused":
        return "attention", _("Not confirmed. Please look at it again")
    return "todo", _("Not started")


def _bank_account(party: Party) -> Task:
    """The bank account lives in an app above this one: here is only the way to it."""
    title = _("Where your money comes from and goes to")
    if party.verified_at is None:
        return Task("bank_account", title, "locked", _("Opens once your identity is verified"))
    try:
        return Task("bank_account", title, "todo", _("Add or look at your bank accounts"), reverse("payments:bank_accounts"))
    except NoReverseMatch:
        return Task("bank_account", title, "locked", _("Not available on this installation"))
