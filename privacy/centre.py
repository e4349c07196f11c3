"""What the privacy page shows: one line for each purpose, what withdrawing would change, and the figures above."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from . import consents, disclosure, notices, purposes, restriction
from .models import AccessLog, DataSubject, Matter, Notice, Restriction

SHOWN_LOOKS = 20
FIGURE_DAYS = 30
# Asked on the person's own initiative, whether or not there was an occasion before.
ALWAYS = ("marketing",)
TAGS = {
    consents.GIVEN: "given",
    consents.REFUSED: "not_given",
    consents.ASKED: "not_given",
    consents.WITHDRAWN: "withdrawn",
    consents.ASK_AGAIN: "changed",
    consents.EXPIRED: "expired",
}


@dataclass(frozen=True)
class Line:
    """One purpose (in one affair) with where it stands and the notice it is asked with."""

    state: consents.State
    purpose: purposes.Purpose
    notice: Notice
    matter: Matter | None

    @property
    def tag(self) -> str:
        """The state's code in the look's list of tones."""
        return TAGS[self.state.code]

    @property
    def can_withdraw(self) -> bool:
        return self.purpose.basis == "consent" and self.state.code in (consents.GIVEN, consents.ASK_AGAIN)

    @property
    def can_give(self) -> bool:
        still_open = self.matter is None or self.matter.closed_at is None
        asked_here = self.notice.code == self.purpose.code  # the circle's are given where a person is chosen
        return self.purpose.basis == "consent" and self.state.code != consents.GIVEN and still_open and asked_here


def lines(subject: DataSubject, *, locale: str, now: datetime) -> list[Line]:
    """A line for each purpose asked so far, newest answer first, then those a person may always give."""
    states = [state for state in consents.states(subject, now=now) if state.purpose in purposes.PURPOSES]
    seen = {state.purpose for state in states}
    states += [consents.State(code, None, consents.ASKED, None) for code in ALWAYS if code not in seen]
    published = {notice.code: notice for notice in Notice.objects.filter(locale=locale, published_at__isnull=False).order_by("version")}
    matters = Matter.objects.in_bulk({state.matter_id for state in states if state.matter_id})
    return [
        Line(state, purposes.get(state.purpose), _notice_of(state, published), matters.get(state.matter_id) if state.matter_id else None) for state in states
    ]


def _notice_of(state: consents.State, published: dict[str, Notice]) -> Notice:
    code = state.last.notice.code if state.last else state.purpose
    if code not in published:
        raise notices.NoNotice(code)
    return published[code]


@dataclass(frozen=True)
class Figures:
    """The numbers at the top: looks by others in 30 days, consents in force, consents asked."""

    looks: int
    staff_looks: int
    given: int
    asked: int


def figures(subject: DataSubject, shown: list[Line], *, now: datetime) -> Figures:
    """Counted from the log and the lines on the same page."""
    looks = AccessLog.objects.filter(subject=subject, at__gte=now - timedelta(days=FIGURE_DAYS)).exclude(actor=subject)
    by_staff = looks.filter(actor__kind=DataSubject.Kind.STAFF).count()
    answered = [line for line in shown if line.state.last]
    return Figures(looks=looks.count(), staff_looks=by_staff, given=sum(line.state.given for line in answered), asked=len(answered))


def locks(subject: DataSubject, *, now: datetime) -> list[tuple[Restriction, str]]:
    """What is locked of this person's, with the reason as it was written for them."""
    found = list(restriction.standing(subject))
    actor = disclosure.Actor(kind="user", subject_id=subject.pk, role="self")
    opened = disclosure.reveal_many(found, ["why"], actor=actor, purpose="rights", page="privacy.centre", now=now)
    return [(lock, (opened[lock.pk] or {}).get("why") or "") for lock in found]


def recent_looks(subject: DataSubject) -> list[disclosure.Look]:
    return disclosure.who_looked(subject, limit=SHOWN_LOOKS)
