"""E-mail: a job of its own for each mail, so that it goes out only after the fact has committed, at an hour the person allows, and once.

The mail says that there is something to read and where; amounts, names and what it is about stay behind the sign-in. A mail server has no look-up, so
one killed between taking a mail and our commit is given it again under the same Message-ID, by which mail programs know it is the same mail.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPRecipientsRefused
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, override

from accounts.models import Membership, live
from core import outbox
from notifications import catalogue, preferences
from notifications.catalogue import KINDS, Template
from notifications.models import Message

JOB = "mail.send"
GIVE_UP_AFTER = timedelta(days=3)  # a message that old is news no longer
LONGEST_WAIT_SECONDS = 3600


class Unsent(Exception):
    """The mail server did not take it: nothing was said, and the whole is to be tried again."""

    code = "mail_unsent"


def plan(messages: Sequence[Message], template: Template, *, now: datetime) -> None:
    """A job for each mail that is wanted, due when the quiet hours of its reader allow it."""
    due = {
        message.key: preferences.mail_from(message.user, preferences.of(message.user), template, now=now) for message in messages if message.mail == "waiting"
    }
    if due:
        rows = Message.objects.filter(key__in=due, mail="waiting").values_list("pk", "key")
        outbox.enqueue_many(JOB, [(f"mail:{pk}", {"message": pk}, None if due[key] <= now else due[key]) for pk, key in rows])


def earliest(party: int, template: Template, *, now: datetime) -> datetime | None:
    """From when on everybody who acts for the party, and wants such mails, may be written to; None where nobody wants one."""
    rows = Membership.objects.filter(live(now), party=party, user__is_active=True, user__subject__erased_at=None).select_related("user__message_preference")
    wanting = [row.user for row in rows if preferences.wants_mail(preferences.of(row.user), template.kind)]
    return max((preferences.mail_from(user, preferences.of(user), template, now=now) for user in wanting), default=None)


def send_now(messages: Sequence[Message], template: Template, *, now: datetime) -> None:
    """The mails that are wanted, within the caller's transaction: what was allowed a moment ago is said now or not at all. Raises Unsent."""
    for message in Message.objects.filter(key__in=[each.key for each in messages], mail="waiting").select_related("user"):
        try:
            compose(message, template).send()
        except SMTPRecipientsRefused:
            _settle(message, "refused")
        except (OSError, SMTPException) as error:
            raise Unsent(type(error).__name__) from error
        else:
            _settle(message, "sent", at=now)


@outbox.handles(JOB)
def send_job(*, job: outbox.JobContext) -> outbox.RetryLater | None:
    """Sends one mail, unless it was read, erased, switched off or is stale by now; waits for the morning and for a server that is down."""
    message = (
        Message.objects.select_for_update(of=("self",)).select_related("user__message_preference").filter(pk=job.payload["message"], mail="waiting").first()
    )
    if message is None:
        return None
    template = catalogue.get(message.template)
    if not _is_wanted(message, template, now=job.now):
        _settle(message, "dropped")
        return None
    wait = preferences.mail_from(message.user, preferences.of(message.user), template, now=job.now) - job.now
    if wait > timedelta(0):
        return outbox.RetryLater(wait.total_seconds(), "quiet_hours")
    try:
        compose(message, template).send()
    except SMTPRecipientsRefused:
        _settle(message, "refused")
        return None
    except (OSError, SMTPException) as error:
        return outbox.RetryLater(min(30 * 2 ** min(job.attempts, 10), LONGEST_WAIT_SECONDS), type(error).__name__)
    _settle(message, "sent", at=job.now)
    return None


def _is_wanted(message: Message, template: Template, *, now: datetime) -> bool:
    fresh = message.read_at is None and now - message.said_at < GIVE_UP_AFTER
    return fresh and message.user.is_active and preferences.wants_mail(preferences.of(message.user), template.kind)


def _settle(message: Message, state: str, *, at: datetime | None = None) -> None:
    Message.objects.filter(pk=message.pk, mail="waiting").update(mail=state, mailed_at=at)


def compose(message: Message, template: Template) -> EmailMultiAlternatives:
    """The mail in its reader's language: a neutral subject, one sentence, and the way to the message. Nothing in it is fetched from anywhere."""
    kind = KINDS[template.kind]
    with override(message.user.language), timezone.override(ZoneInfo(message.user.time_zone)):
        context = {
            "sentence": template.mail or kind.mail,
            "kind": kind,
            "subject": kind.subject,
            "link": settings.SITE_URL + reverse("notifications:message", args=[message.reference]),
            "preferences": settings.SITE_URL + reverse("notifications:preferences"),
            "operator": settings.OPERATOR_NAME,
        }
        mail = _mail(str(kind.subject), render_to_string("notifications/email/message.txt", context), to=message.user.email, reference=message.reference)
        mail.attach_alternative(render_to_string("notifications/email/message.html", context), "text/html")
    return mail


def _mail(subject: str, body: str, *, to: str, reference: str) -> EmailMultiAlternatives:
    number = f"<{reference}@{urlsplit(settings.SITE_URL).hostname}>"
    return EmailMultiAlternatives(subject=subject, body=body, to=[to], headers={"Message-ID": number, "Auto-Submitted": "auto-generated"})


def invite(address: str, *, reference: str) -> None:
    """One mail to somebody who may have no account and whose language nobody knows: in all of ours, without a name of anybody."""
    context = {"link": settings.SITE_URL + reverse("accounts:parties"), "operator": settings.OPERATOR_NAME}
    subjects, bodies = [], []
    for language, _name in settings.LANGUAGES:
        with override(language):
            subjects.append(gettext("An invitation at Xinqiao"))
            bodies.append(render_to_string("notifications/email/invitation.txt", context))
    _mail(" · ".join(subjects), "\n\n".join(bodies), to=address, reference=reference).send()
