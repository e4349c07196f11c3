"""The one outbound door to borrowers, co-borrowers and guarantors about their own application or loan.

Every message of loans.notices goes through it, and so does whatever apps above have to say to them. A contact policy that has to allow a message is asked
here, before anything is written. Family, friends and other contacts are never addressed from here.
"""

from __future__ import annotations

from datetime import datetime

from loans.models import Application
from notifications import message
from notifications.catalogue import Context


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
