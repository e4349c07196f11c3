"""Who decides about an application or a loan is a stranger to it: not the borrower's hand, no co-borrower's or guarantor's, no holder's.

Somebody's contact cannot be recognized here: a contact is a number of its own under a key, tied to no account, and stays so.
"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import parties
from accounts.models import User
from loans.models import Application, Loan, Obligor

OWN_APPLICATION = _("You belong to a party that applies here. Somebody else has to do this.")
OWN_LOAN = _("You are bound by this loan or hold a part of it. Somebody else has to do this.")


def is_stranger(loan: Loan, user: User) -> bool:
    """Neither bound by the loan nor holding a part of it, by any party the person acts for today."""
    bound = _live(Obligor.objects.filter(application__offers__agreement__loan=loan, **_theirs(user)))
    return not (user.pk in parties.persons_behind(loan.party) or loan.participations.filter(**_theirs(user)).exists() or bound.exists())


def is_stranger_to_application(application: Application, user: User) -> bool:
    """Neither the borrower nor beside the borrower, by any party the person acts for today."""
    return not (user.pk in parties.persons_behind(application.party) or _live(application.obligors.filter(**_theirs(user))).exists())


def _theirs(user: User) -> dict[str, Any]:
    return {"party__memberships__user": user, "party__memberships__ended_at": None}


def _live(obligors: QuerySet[Obligor]) -> QuerySet[Obligor]:
    """Whoever declined or stepped back is bound by nothing."""
    return obligors.exclude(state__in=["declined", "expired"])
