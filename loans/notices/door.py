"""The one outbound door to borrowers, co-borrowers and guarantors about their own application or loan.

Every message of loans.notices goes through it, and so does whatever apps above have to say to them. A reminder of a payment has to be allowed by the
contact policy, party by party, before anything is written. Family, friends and other contacts are never addressed from here.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from accounts.models import Party
from core.outbox import RetryLater
from loans import outreach
from loans.models import Application
from notifications import message
from notifications.catalogue import Context
from notifications.models import Message

# What the clock alone stands in the way of is asked again when the day has begun; what the law or the person stands in the way of is not said.
PASSING = ("D_QUIET_HOURS", "D_FREQUENCY_CAP", "D_COOLDOWN", "D_HOLIDAY")
MORNING = timedelta(hours=8, minutes=5)


def tell_obligors(*, template: str, key: str, application: Application, context: Context, now: datetime, link: str = "", borrower_only: bool = False) -> int:
    """The outbound door to the people bound by `application`: the borrower and every co-borrower who is in. Returns how many were told.

    `link` is a page of the borrower's; the others are told without it. `borrower_only`: what rests on the borrower's own answers.
    """
    bound = application.obligors.filter(state__in=["bound", "joined", "signed"], party__isnull=False).order_by("pk")
    parties = list(bound.values_list("party_id", flat=True))
    borrower = [party for party in parties if party == application.party_id]
    others = [] if borrower_only else [party for party in parties if party != application.party_id]
    told = message.say_alike(template=template, key=key, parties=borrower, context=context, link=link, now=now)
    return told + message.say_alike(template=template, key=key, parties=others, context=context, now=now)


def remind_obligors(*, template: str, key: str, application: Application, context: Context, now: datetime, link: str = "") -> RetryLater | None:
    """A reminder to each party bound by `application`, each with a yes of its own. Comes back in the morning for whom only the hour forbids."""
    bound = application.obligors.filter(state__in=["bound", "joined", "signed"], party__isnull=False).select_related("party__subject").order_by("pk")
    later = [_remind(obligor.party, template, key, application, context, now=now, link=link) for obligor in bound if obligor.party]
    waits = [wait for wait in later if wait is not None]
    return RetryLater(min(waits), "not at this hour") if waits else None


def _remind(party: Party, template: str, key: str, application: Application, context: Context, *, now: datetime, link: str) -> float | None:
    """Seconds until it may be asked again; None when it was said, or is not to be."""
    if Message.objects.filter(key__startswith=f"{key}:{template}:{party.pk}:").exists():
        return None
    own = link if party.pk == application.party_id else ""

    def say() -> int:
        return message.say_alike(template=template, key=key, parties=[party.pk], context=context, link=own, now=now)

    outcome = outreach.remind(application, party, now=now, say=say)
    return None if outcome.allowed or outcome.decision.reason not in PASSING else outreach.seconds_until(MORNING, application, party, now=now)
