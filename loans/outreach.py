"""Reaching the people of a loan: what the policy has to know from this side, and the errands of staff and software.

The policy is asked in `privacy.outreach`, under its lock, with the decision and the message in one transaction. Nothing is sent that was decided earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.access import actor
from accounts.models import Act, Membership, Party, User, live
from loans import ladder
from loans.collections import quiet
from loans.models import Application, LadderCase, Loan, Obligor, Repayment
from notifications.models import Message
from privacy import asking, assessments, numbers, outreach
from privacy.circle import PURPOSE_OF
from privacy.models import Contact, OutboundMessage
from privacy.outreach import Errand, Facts, Outcome, Recipient

UNREACHED_CALLS, UNREACHED_DAYS = 3, 3
RUNG_OF = {"verify_reference": 4, "locate_borrower": 5, "relay_message": 5}


def loan_of(application: Application) -> Loan | None:
    return Loan.objects.filter(file=application.file_id).first()


def dpd(application: Application) -> int:
    """Days past due of the loan that came of it; 0 before there is one."""
    loan = loan_of(application)
    return loan.days_late if loan else 0


def facts(application: Application, *, purpose: str, case: LadderCase | None, party: Party | None, now: datetime) -> Facts:
    """What this side knows, for one purpose. A guarantee counts only by the person's own signature."""
    return Facts(
        dpd=dpd(application),
        necessity_recorded=case is not None and purpose in RUNG_OF and _may_ask(case, purpose),
        borrower_unreachable=unreachable(application, now=now),
        guarantee_signed=party is not None and signed_guarantee(application, party),
        minor=False,
        flags=ladder.flags(application),
        episode_since=case.opened_at if case else None,
    )


def _may_ask(case: LadderCase, purpose: str) -> bool:
    """The rung of this purpose is the open one, and its need is agreed."""
    level = RUNG_OF[purpose]
    return case.closed_at is None and ladder.next_level(case) == level and ladder.needed(case, level)


def signed_guarantee(application: Application, party: Party) -> bool:
    """The one way to be a guarantor: that person's own signature under this agreement."""
    return Obligor.objects.filter(application=application, party=party, role="guarantor", state="signed", signature__isnull=False).exists()


def unreachable(application: Application, *, now: datetime) -> bool:
    """Three calls nobody answered, on two days at least where the borrower is, within the last week; and no word, visit or payment since the first."""
    subject = application.party.subject_id
    calls = OutboundMessage.objects.filter(subject_id=subject, channel="voice", at__gt=now - timedelta(days=7)).order_by("at")
    missed = [call.at for call in calls if call.result == OutboundMessage.Result.NO_ANSWER]
    if len(missed) < UNREACHED_CALLS or not _on_two_days(missed[0], missed[-1], application, now=now):
        return False
    answered = calls.filter(result__in=["connected", "answered"], at__gte=now - timedelta(days=UNREACHED_DAYS)).exists()
    return not (answered or _heard_of(application, since=missed[0], now=now))


def _on_two_days(first: datetime, last: datetime, application: Application, *, now: datetime) -> bool:
    """In every time zone in which the borrower may be: an evening is one day, whatever the date elsewhere."""
    zones = recipient(application, application.party, now=now).zones or (settings.TIME_ZONE,)
    return all(first.astimezone(ZoneInfo(zone)).date() < last.astimezone(ZoneInfo(zone)).date() for zone in zones)


def _heard_of(application: Application, *, since: datetime, now: datetime) -> bool:
    """Anything the borrower did here: signed in, was on the site, did something that is recorded, read a message, or paid."""
    people = User.objects.filter(live(since, prefix="memberships__"), memberships__party=application.party)
    signs = (
        people.filter(last_login__gte=since),
        UserSession.objects.filter(user__in=people, last_seen_at__gt=since, last_seen_at__lte=now),
        Act.objects.filter(actor__in=people, at__gt=since, at__lte=now),
        Message.objects.filter(user__in=people, read_at__gt=since, read_at__lte=now),
        Repayment.objects.filter(loan__file=application.file_id, paid_on__gte=since.date()),
    )
    return any(rows.exists() for rows in signs)


def ask_contact(case: LadderCase, contact: Contact, *, purpose: str, channel: str, by: User, now: datetime) -> Outcome:
    """Ask somebody of the borrower's circle, if everything allows it. Kept and shown either way; a contact of another affair is none of this one's."""
    application = case.application
    if contact.matter_id != application.file.matter_id or purpose not in PURPOSE_OF:
        raise ladder.UnableToClimb("not_here", "no such contact in this case")
    ladder.not_own(application, by)
    if not assessments.is_on("circle", now=now):
        raise ladder.UnableToClimb("feature_off", assessments.FeatureOff.message)
    known = facts(application, purpose=purpose, case=case, party=None, now=now)
    return asking.ask(contact, purpose=purpose, channel=channel, facts=known, actor="servicing_agent", asked_by=actor(by, role="servicer"), now=now)


def recipient(application: Application, party: Party, *, now: datetime) -> Recipient:
    """Somebody bound by the loan, as the policy sees them: in every time zone in which they may be."""
    members = list(Membership.objects.filter(live(now), party=party, user__is_active=True).select_related("user").order_by("pk"))
    role = "guarantor" if Obligor.objects.filter(application=application, party=party, role="guarantor").exists() else "borrower"
    return Recipient(
        subject=party.subject,
        role=role,
        relationship="self",
        jurisdictions=tuple(application.file.matter.jurisdictions),
        zones=tuple(dict.fromkeys(member.user.time_zone for member in members)),
        region=numbers.region_of(application.jurisdiction),
        locale=members[0].user.language if members else application.language,
    )


def call_borrower(application: Application, *, by: User, now: datetime) -> Outcome:
    """A call by a member of staff: with a yes it is under way, and counts, until `privacy.outreach.ended` says what came of it.

    Raises UnableToClimb while the borrower's request for help is open, or a promise to pay; and for whoever stands on a side of the loan.
    """
    ladder.not_own(application, by)
    party, loan = application.party, loan_of(application)
    if loan is not None and quiet.is_quiet(loan):
        raise ladder.UnableToClimb("quiet", _("The borrower has asked for help, or a promise still runs. Nobody calls about the payment before that is over."))
    return outreach.reach(
        to=recipient(application, party, now=now),
        errand=Errand("payment_reminder", "voice", "sign_in_please", actor="servicing_agent", asked_by=actor(by, role="servicer")),
        facts=facts(application, purpose="payment_reminder", case=None, party=party, now=now),
        matter=application.file.matter,
        now=now,
    )


def remind(
    application: Application, party: Party, *, template: str, channel: str, params: Mapping[str, str], now: datetime, say: Callable[[], object]
) -> Outcome:
    """A reminder by the software to one party bound by the loan. `say` writes and sends it, in the same transaction, when the rules allow it."""
    return outreach.reach(
        to=recipient(application, party, now=now),
        errand=Errand("payment_reminder", channel, template, params=params),
        facts=facts(application, purpose="payment_reminder", case=None, party=party, now=now),
        matter=application.file.matter,
        now=now,
        deliver=lambda _message, _text: say(),
    )


def seconds_until(clock: timedelta, application: Application, party: Party, *, now: datetime) -> float:
    """Until that time of day comes next where the person is; in the latest of their zones, where it is not certain."""
    zones = recipient(application, party, now=now).zones or (settings.TIME_ZONE,)
    return max(_until(clock, zone, now=now) for zone in zones)


def _until(clock: timedelta, zone: str, *, now: datetime) -> float:
    there = now.astimezone(ZoneInfo(zone))
    today = there.replace(hour=0, minute=0, second=0, microsecond=0) + clock
    return ((today if today > there else today + timedelta(days=1)) - there).total_seconds()
