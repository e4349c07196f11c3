"""Saying something to people: one template, one fact, any number of parties. In the app at once, by e-mail through the outbox.

Called by handlers of facts (each app's notices.py) or inside the transaction of a fact itself: what is written here commits with it, and nothing goes
out before that. A fact told twice is one message.

The outbound door. Messages to a borrower, co-borrower or guarantor about their own application or loan are made only by `loans.notices.tell_obligors`,
which calls `say`; contacts are never addressed from here at all. Whoever puts the contact policy in front puts it there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

from accounts.models import Membership, live
from core import references
from core.outbox import check_payload
from notifications import catalogue, preferences
from notifications.catalogue import Context, Template
from notifications.channels import email, inbox
from notifications.models import Message

Mail = Callable[..., None]  # (messages, template, *, now)
BATCH = 1000  # parties in one round of statements


def say(*, template: str, key: str, to: Mapping[int, Context], now: datetime, link: str = "", renew: bool = False, mail: Mail = email.plan) -> int:
    """Tells every live member of the parties `to` (party id → facts for the template) about the fact `key`. Returns how many messages were written.

    `mail`: what becomes of the mails; planned as jobs unless said otherwise. `renew`: a line that grows (its template reads its facts from the books);
    told again under the same key it is new again, not a second line.
    Raises catalogue.UnknownTemplate, catalogue.MissingFact, outbox.PersonalPayload: nothing but codes, amounts and references is ever said.
    """
    what = catalogue.get(template)
    for context in to.values():
        check_payload(dict(context))
        catalogue.require_facts(what, context)
    written = 0
    for parties in _batches(to):
        messages = [_message(what, key, member, to[member.party_id], now=now, link=link) for member in _members(parties, now=now)]
        written += inbox.put(messages, renew=renew)
        mail(messages, what, now=now)
    return written


def say_alike(*, template: str, key: str, parties: Iterable[int], context: Context, now: datetime, link: str = "") -> int:
    """The same facts for every party."""
    return say(template=template, key=key, to=dict.fromkeys(parties, context), now=now, link=link)


def say_at_once(*, template: str, key: str, party: int, context: Context, now: datetime, link: str = "") -> int:
    """To one party, its mails sent within this transaction, for what somebody allowed a moment ago. Raises email.Unsent: then nothing is to be kept."""
    return say(template=template, key=key, to={party: context}, now=now, link=link, mail=email.send_now)


def _batches(to: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(to)
    while batch := list(islice(rest, BATCH)):
        yield batch


def _members(parties: list[int], *, now: datetime) -> Iterable[Membership]:
    """Everybody who acts for one of the parties today, with what writing to them needs, in one query."""
    rows = Membership.objects.filter(live(now), party__in=parties, user__is_active=True, user__subject__erased_at=None)
    return rows.select_related("user__subject", "user__message_preference").order_by("party_id", "user_id")


def _message(what: Template, key: str, member: Membership, context: Context, *, now: datetime, link: str) -> Message:
    told = f"{key}:{what.code}:{member.party_id}:{member.user_id}"
    wanted = preferences.wants_mail(preferences.of(member.user), what.kind)
    return Message(
        reference=references.derived(Message.REFERENCE_PREFIX, told),  # a mail that went out before a crash still leads to it
        user=member.user,
        party_id=member.party_id,
        template=what.code,
        params=dict(context),
        locale=member.user.language,
        link=link,
        key=told,
        said_at=now,
        mail="waiting" if wanted else "none",
    )
