"""Who decides about a loan is a stranger to it: not the borrower's hand, no co-borrower's or guarantor's, no holder's.

Somebody's contact cannot be recognized here: a contact is a number of its own under a key, tied to no account, and stays so.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts import parties
from accounts.models import User
from loans.models import Loan, Obligor

OWN_LOAN = _("You are bound by this loan or hold a part of it. Somebody else has to do this.")


def is_stranger(loan: Loan, user: User) -> bool:
    """Neither bound by the loan nor holding a part of it, by any party the person acts for today."""
    theirs = {"party__memberships__user": user, "party__memberships__ended_at": None}
    bound = Obligor.objects.filter(application__offers__agreement__loan=loan, **theirs).exclude(state__in=["declined", "expired"])
    return not (user.pk in parties.persons_behind(loan.party) or loan.participations.filter(**theirs).exists() or bound.exists())
