"""The one outbound door to borrowers, co-borrowers and guarantors about their own application or loan.

Every message of loans.notices goes through it, and so does whatever apps above have to say to them. A reminder of a payment has to be allowed by the
contact policy, party by party, before anything is written. Family, friends and other contacts are never addressed from here.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import partial

from django.utils.translation import override, pgettext

from accounts.models import Party
from core.outbox import RetryLater
from loans import outreach
from loans.models import Application
from notifications import catalogue, message
from notifications.catalogue import Context, Template, register
from notifications.channels import email
from notifications.models import Message
from privacy import outreach_texts

# What the clock alone stands in the way of is asked again when the day has begun; what the law or the person stands in the way of is not said.
PASSING = ("D_QUIET_HOURS", "D_FREQUENCY_CAP", "D_COOLDOWN", "D_HOLIDAY")
MORNING = timedelta(hours=8, minutes=5)
UNSENT = timedelta(minutes=15)  # a mail server that is down is tried again then, on a new yes
ROLES = ("borrower", "guarantor")
_PLACE = re.compile(r"%\((\w+)\)s")


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


def register_reminders(*templates: Template) -> None:
    """In the catalogue, and among the fixed texts the contact policy knows: a decision shows the very words it was about."""
    register(*templates)
    for template in templates:
        outreach_texts.add(template.code, partial(_fixed, template))


def _fixed(template: Template) -> outreach_texts.Template:
    texts = {}
    for locale in outreach_texts.LOCALES:
        with override(locale):
            texts[locale] = _PLACE.sub(r"{\1}", f"{template.title}{pgettext('title and text', ': ')}{template.text}")
    return outreach_texts.Template(template.code, 1, ROLES, ("payment_reminder",), ("in_app", "email"), ("debt",), texts)


def remind_obligors(*, template: str, key: str, application: Application, context: Context, now: datetime, link: str = "") -> RetryLater | None:
    """A reminder to each party bound by `application`, each with a yes of its own, its mail with it. Comes back for whom only the hour, or a mail
    server, stands in the way."""
    bound = application.obligors.filter(state__in=["bound", "joined", "signed"], party__isnull=False).select_related("party__subject").order_by("pk")
    later = [_remind(obligor.party, template, key, application, context, now=now, link=link) for obligor in bound if obligor.party]
    waits = [wait for wait in later if wait is not None]
    return RetryLater(min(waits), "not now") if waits else None


def _remind(party: Party, template: str, key: str, application: Application, context: Context, *, now: datetime, link: str) -> float | None:
    """Seconds until it may be asked again; None when it was said, or is not to be. A mail is the same message: the yes is about it, and counts once."""
    if Message.objects.filter(key__startswith=f"{key}:{template}:{party.pk}:").exists():
        return None
    mailed = email.earliest(party.pk, catalogue.get(template), now=now)
    if mailed is not None and mailed > now:
        return (mailed - now).total_seconds()
    own = link if party.pk == application.party_id else ""
    say = partial(message.say_at_once, template=template, key=key, party=party.pk, context=context, link=own, now=now)
    said = {name: str(context[name]) for name in catalogue.get(template).places}
    try:
        outcome = outreach.remind(application, party, template=template, channel="email" if mailed else "in_app", params=said, now=now, say=say)
    except email.Unsent:
        return UNSENT.total_seconds()
    return None if outcome.allowed or outcome.decision.reason not in PASSING else outreach.seconds_until(MORNING, application, party, now=now)
