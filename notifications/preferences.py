"""How each person wants to be written to: e-mail by kind of message, and the hours in which none may come, where they are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from accounts.models import User
from notifications.catalogue import KINDS, Template
from notifications.models import Preference


def of(user: User) -> Preference:
    """The user's choices, or the usual ones."""
    return getattr(user, "message_preference", None) or Preference(user=user)


def choose(*, user: User, mail: Mapping[str, bool], quiet: bool, quiet_from: int, quiet_until: int) -> None:
    """From the next mail on. Kinds that cannot be switched off stay on, whatever is asked."""
    chosen = {kind: bool(wanted) for kind, wanted in mail.items() if kind in KINDS and not KINDS[kind].fixed}
    Preference.objects.update_or_create(user=user, defaults={"mail": chosen, "quiet": quiet, "quiet_from": quiet_from, "quiet_until": quiet_until})


def wants_mail(preference: Preference, kind: str) -> bool:
    """Whether messages of this kind also go out by e-mail."""
    return KINDS[kind].fixed or bool(preference.mail.get(kind, KINDS[kind].mailed))


def mail_from(user: User, preference: Preference, template: Template, *, now: datetime) -> datetime:
    """The earliest moment at which a mail may go out: `now`, or the end of the quiet hours it falls into, by the clock where the user is."""
    if template.urgent or KINDS[template.kind].fixed or not preference.quiet:
        return now
    here = now.astimezone(ZoneInfo(user.time_zone))
    if not _is_quiet(here.hour, preference.quiet_from, preference.quiet_until):
        return now
    end = datetime.combine(here.date(), time(preference.quiet_until), here.tzinfo)
    if here.hour >= preference.quiet_until:
        end = datetime.combine(here.date() + timedelta(days=1), time(preference.quiet_until), here.tzinfo)
    return end.astimezone(now.tzinfo)


def _is_quiet(hour: int, start: int, end: int) -> bool:
    if start == end:
        return False
    return start <= hour < end if start < end else hour >= start or hour < end
