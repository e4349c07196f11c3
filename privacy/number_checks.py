"""Proving that a number is one's own: typed, then a code by text. What comes back is the same whatever the number is, so nobody learns who stopped.

The text goes out from a job of record, after the answer: a number that is on the never-again list, or unknown, costs the page the same time.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils.crypto import constant_time_compare, salted_hmac

from core import outbox

from . import outreach, subjects, suppression, texts, vault
from .models import Contact, ContactLink, DataSubject, NumberCheck, SandboxText
from .numbers import Number, parse
from .outreach import Errand, Facts, Recipient

GOOD_FOR = timedelta(minutes=10)
TRIES = 5
ASKER_HOUR, ASKER_DAY, PER_LINK = 3, 8, 8  # for one number: whoever asks has an allowance of their own
ALL_HOUR, ALL_DAY = 8, 20  # for one number, over everybody who has not proved it before: nobody's telephone is flooded
KEPT = timedelta(days=1)
OWNER = b"owner"


class TooManyCodes(Exception):
    """This number, or this link, had its codes for now."""

    code = "too_many_codes"


class WrongCode(Exception):
    """Not this code, or no longer. `left`: tries that remain."""

    code = "wrong_code"

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


def start(
    *,
    number: Number,
    aim: str,
    locale: str,
    now: datetime,
    link: ContactLink | None = None,
    draft: Mapping[str, Any] | None = None,
    asked_from: bytes | None = None,
    proved: bool = False,
) -> NumberCheck:
    """Remember the number, sealed, and have a code sent. `asked_from`: a code of who asks; `proved`: from where this very number was proved before.

    Raises TooManyCodes, to whoever asked too often: strangers who type a number take nothing from its owner.
    """
    asked_from = OWNER if proved else asked_from
    _require_pace(number, link, asked_from, now=now)
    owner = subjects.create(DataSubject.Kind.CONTACT, now=now)
    check = NumberCheck.objects.create(
        subject=owner,
        link=link,
        aim=aim,
        number=number.e164,
        draft={**(draft or {}), "locale": locale},
        number_index=number.index,
        asked_from=asked_from,
        code_hash=_hashed(secrets.token_hex(16)),
        created_at=now,
        expires_at=now + GOOD_FOR,
    )
    outbox.enqueue("circle.send_code", key=f"number_check:{check.pk}", payload={"check": check.pk})
    return check


def _require_pace(number: Number, link: ContactLink | None, asked_from: bytes | None, *, now: datetime) -> None:
    same = NumberCheck.objects.filter(number_index=number.index)
    others = same.filter(Q(asked_from=None) | ~Q(asked_from=OWNER))
    pots = [(same.filter(asked_from=asked_from), ASKER_HOUR, ASKER_DAY), *([] if asked_from == OWNER else [(others, ALL_HOUR, ALL_DAY)])]
    by_link = NumberCheck.objects.filter(link=link).count() if link else 0
    if by_link >= PER_LINK or any(_full(pot, hour, day, now=now) for pot, hour, day in pots):
        raise TooManyCodes


def _full(pot: QuerySet[NumberCheck], hour: int, day: int, *, now: datetime) -> bool:
    return pot.filter(created_at__gt=now - timedelta(hours=1)).count() >= hour or pot.filter(created_at__gt=now - timedelta(days=1)).count() >= day


def _hashed(code: str) -> str:
    return salted_hmac("privacy.number_check", code, algorithm="sha256").hexdigest()


@outbox.handles("circle.send_code")
def send_code(*, job: outbox.JobContext) -> None:
    """Draw the code and send it, unless nothing may go to this number: then nobody hears anything, here or on the page."""
    check = NumberCheck.objects.select_related("subject", "link__matter").filter(pk=job.payload["check"], confirmed_at=None).first()
    if check is None or check.expires_at <= job.now or not _may_receive(check):
        return
    code = f"{secrets.randbelow(1_000_000):06}"
    number, draft = opened(check, now=job.now)
    sent = outreach.reach(
        to=_owner(check, number, locale=draft["locale"]),
        errand=Errand(purpose="rights_reply", channel="sms", template="one_time_code", params={"code": code}),
        facts=Facts(minor=False, flags=()),
        matter=check.link.matter if check.link else None,
        now=job.now,
        deliver=lambda _message, body: texts.send(
            subject=check.subject, e164=number.e164, number_index=bytes(check.number_index), body=body, key=job.key, now=job.now
        ),
    )
    if sent.allowed:
        NumberCheck.objects.filter(pk=check.pk).update(code_hash=_hashed(code))


def _may_receive(check: NumberCheck) -> bool:
    """A number on the list gets no text, unless its owner still has a page here to open."""
    known = Contact.objects.filter(number_index=check.number_index).exists()
    if check.aim == NumberCheck.Aim.PASSPORT:
        return known
    return not suppression.holds(bytes(check.number_index))


def _owner(check: NumberCheck, number: Number, *, locale: str) -> Recipient:
    return Recipient(
        subject=check.subject,
        role="contact",
        relationship="other",
        jurisdictions=(number.jurisdiction,),
        zones=number.zones,
        region=number.region,
        locale=locale,
        contact_state="never_invited",
        borrower_consent="none",
    )


def confirm(check_id: int, code: str, *, now: datetime) -> NumberCheck:
    """The check, proven. Each try counts, also the ones that come together. Raises WrongCode."""
    with transaction.atomic():
        taken = NumberCheck.objects.filter(pk=check_id, tries__lt=TRIES, confirmed_at=None, expires_at__gt=now).update(tries=F("tries") + 1)
    check = NumberCheck.objects.select_related("subject", "link__matter").filter(pk=check_id).first()
    if not taken or check is None:
        raise WrongCode(0)
    if not constant_time_compare(check.code_hash, _hashed(code.strip())):
        raise WrongCode(TRIES - check.tries)
    if NumberCheck.objects.filter(pk=check_id, confirmed_at=None).update(confirmed_at=now) != 1:
        raise WrongCode(0)
    check.confirmed_at = now
    return check


def opened(check: NumberCheck, *, now: datetime) -> tuple[Number, dict[str, Any]]:
    """The number and what was filled in with it."""
    found = vault.open_sealed(check, ("number", "draft"), engine="circle", purpose="circle", now=now)
    return parse(found["number"], jurisdiction=""), found["draft"]


def forget_old(*, now: datetime) -> list[int]:
    """Numbers typed a day ago and not made into a contact are gone: rows deleted, keys destroyed. The ids that went."""
    gone = []
    for check in NumberCheck.objects.filter(created_at__lt=now - KEPT).select_related("subject").iterator(chunk_size=200):
        with transaction.atomic():
            if not Contact.objects.filter(subject=check.subject).exists():
                SandboxText.objects.filter(subject=check.subject).delete()
                vault.erase(check.subject, now=now)
            gone.append(check.pk)
            check.delete()
    return gone
