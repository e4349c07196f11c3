"""Consents: one answer to one notice for one purpose, appended and never changed; today's state is a projection of the answers.

Withdrawing is the same call as giving and holds from the same commit. A yes may expire; a material change of the notice asks again.
Each answer has a signed receipt (receipts.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core import outbox
from core.references import make

from . import notices, purposes
from .disclosure import Restricted
from .models import Consent, DataSubject, Matter, Notice
from .purposes import PURPOSES

__all__ = ["PURPOSES", "UnableToRecord", "current", "is_given", "record", "state", "states", "withdraw"]

ASKED, GIVEN, REFUSED, WITHDRAWN, ASK_AGAIN, EXPIRED = "not_asked", "given", "refused", "withdrawn", "reconsent_needed", "expired"
# W3C Data Privacy Vocabulary 2, consent status.
DPV_STATUS = {
    ASKED: "dpv:ConsentUnknown",
    GIVEN: "dpv:ConsentGiven",
    REFUSED: "dpv:ConsentRefused",
    WITHDRAWN: "dpv:ConsentWithdrawn",
    ASK_AGAIN: "dpv:ConsentInvalidated",
    EXPIRED: "dpv:ConsentExpired",
}
METHODS = ("page", "api", "paper")


class UnableToRecord(Exception):
    """This answer proves nothing: unknown or bundled purpose, unpublished or foreign notice, nothing to withdraw."""

    code = "unable_to_record_consent"


@dataclass(frozen=True)
class State:
    """Where one purpose stands for one person (and matter): a code, the last answer, and the newest notice version there is to answer."""

    purpose: str
    matter_id: UUID | None
    code: str
    last: Consent | None

    @property
    def given(self) -> bool:
        return self.code == GIVEN


@transaction.atomic
def record(
    *,
    subject: DataSubject,
    purpose: str,
    decision: str,
    notice: Notice,
    locale: str,
    now: datetime,
    matter: Matter | None = None,
    method: str = "page",
    screen_hash: str = "",
) -> Consent:
    """Append one answer (given | refused | withdrawn) to a published notice in the language it was read.

    `screen_hash` is the hex SHA-256 of what was shown; without it, of the notice. Raises UnableToRecord, purposes.UnknownPurpose.
    """
    _require_askable(purpose, decision=decision, notice=notice, locale=locale, method=method)
    if decision != Consent.Decision.GIVEN:
        DataSubject.objects.select_for_update(no_key=True).get(pk=subject.pk)  # whoever is asking on the yes this moment (asking.ask) finishes first
    if matter is not None and matter.subject_id != subject.pk:
        raise UnableToRecord("the matter is another person's")
    if subject.erased_at is not None:
        raise UnableToRecord("the person is erased")
    if decision == Consent.Decision.GIVEN and DataSubject.objects.filter(pk=subject.pk, restricted_at__isnull=False).exists():
        raise Restricted
    values = {"decision": decision, "notice": notice, "locale": locale, "method": method, "at": now, "screen_hash": screen_hash or notice.sha256}
    valid_days = purposes.get(purpose).valid_days if decision == Consent.Decision.GIVEN else None
    values["expires_at"] = now + timedelta(days=valid_days) if valid_days else None
    consent = _append(subject=subject, matter=matter, purpose=purpose, values=values)
    outbox.enqueue("consent.changed", key=f"consent:{consent.pk}", payload={"consent": consent.pk, "purpose": purpose, "decision": decision})
    return consent


def _require_askable(purpose: str, *, decision: str, notice: Notice, locale: str, method: str) -> None:
    asked = purposes.get(purpose)
    wrong = None
    if notice.published_at is None or notice.pk is None:
        wrong = "the notice is not published"
    elif purpose not in notice.purposes:
        wrong = "the notice is not about this purpose"
    elif asked.sensitive and len(notice.purposes) > 1:
        wrong = "a sensitive purpose is asked by itself"
    elif notice.locale != locale:
        wrong = "the notice was shown in another language"
    elif decision not in Consent.Decision.values or method not in METHODS:
        wrong = "unknown answer or method"
    if wrong:
        raise UnableToRecord(wrong)


def _append(*, subject: DataSubject, matter: Matter | None, purpose: str, values: dict) -> Consent:
    """Numbered after the last answer without a lock: of two at once, the unique number lets one through and the other takes the next."""
    answers = _answers(subject, purpose, matter)
    for attempt in range(6):
        last = answers.order_by("-sequence").values_list("sequence", flat=True).first() or 0
        receipt_id = make("CR")
        try:
            with transaction.atomic():
                return answers.create(subject=subject, matter=matter, purpose=purpose, sequence=last + 1, receipt_id=receipt_id, **values)
        except IntegrityError:
            if attempt == 5:
                raise
    raise AssertionError("unreachable")


def _answers(subject: DataSubject, purpose: str, matter: Matter | None) -> QuerySet[Consent]:
    return Consent.objects.filter(subject=subject, purpose=purpose, matter=matter)


def state(*, subject: DataSubject, purpose: str, now: datetime, matter: Matter | None = None) -> State:
    """Where this purpose stands: not_asked | given | refused | withdrawn | expired | reconsent_needed (a material version came after the yes)."""
    last = _answers(subject, purpose, matter).select_related("notice").order_by("-sequence").first()
    return State(purpose, matter.pk if matter else None, _code(last, _material_versions([last] if last else []), now=now), last)


def at_the_time(*, subject: DataSubject, purpose: str, matter: Matter | None, then: datetime, now: datetime) -> str:
    """Where the answer given by `then` stands today, as a code of `state`: one taken back since is not made good by a yes said on another occasion."""
    answers = _answers(subject, purpose, matter).select_related("notice").order_by("-sequence")
    last = answers.filter(at__lte=then).first()
    ended = answers.filter(sequence__gt=last.sequence).exclude(decision=Consent.Decision.GIVEN).first() if last else None
    return _code(ended or last, _material_versions([last] if last else []), now=now)


def current(subject: DataSubject, purpose: str, *, now: datetime, matter: Matter | None = None) -> Consent | None:
    """The answer in force: the last one, or None when there is none, a material version has come since a yes, or the yes has expired."""
    found = state(subject=subject, purpose=purpose, matter=matter, now=now)
    return None if found.code in (ASK_AGAIN, EXPIRED) else found.last


def is_given(*, subject: DataSubject, purpose: str, now: datetime, matter: Matter | None = None) -> bool:
    """Whether the last answer is yes, has not expired, and no material version has come since. Of a person erased or locked none counts."""
    return subject.erased_at is None and subject.restricted_at is None and state(subject=subject, purpose=purpose, matter=matter, now=now).given


def states(subject: DataSubject, *, now: datetime) -> list[State]:
    """Every purpose this person was asked about, per matter, newest answer first."""
    answers = Consent.objects.filter(subject=subject).select_related("notice", "matter").order_by("purpose", "matter_id", "-sequence")
    last = list(answers.distinct("purpose", "matter_id"))
    versions = _material_versions(last)
    found = [State(consent.purpose, consent.matter_id, _code(consent, versions, now=now), consent) for consent in last]
    return sorted(found, key=lambda each: each.last.pk if each.last else 0, reverse=True)


def _material_versions(answers: Iterable[Consent]) -> dict[tuple[str, str], int]:
    """{(notice code, language): newest material version}, for the notices of these answers."""
    wanted = {consent.notice.code for consent in answers}
    rows = Notice.objects.filter(code__in=wanted, material=True, published_at__isnull=False).order_by("version")
    return {(code, locale): version for code, locale, version in rows.values_list("code", "locale", "version")}


def _code(last: Consent | None, versions: dict[tuple[str, str], int], *, now: datetime) -> str:
    if last is None:
        return ASKED
    if last.decision != Consent.Decision.GIVEN:
        return str(last.decision)
    if last.expires_at is not None and last.expires_at <= now:
        return EXPIRED
    return ASK_AGAIN if versions.get((last.notice.code, last.notice.locale), 0) > last.notice.version else GIVEN


def withdraw(*, subject: DataSubject, purpose: str, locale: str, now: datetime, matter: Matter | None = None, method: str = "page") -> Consent:
    """Take a yes back, from this commit on. Raises UnableToRecord when there is no yes to take back."""
    before = state(subject=subject, purpose=purpose, matter=matter, now=now)
    if before.code not in (GIVEN, ASK_AGAIN) or before.last is None:
        raise UnableToRecord("there is no consent to withdraw")
    notice = notices.current(before.last.notice.code, notices.supported(locale))
    return record(
        subject=subject, purpose=purpose, decision=Consent.Decision.WITHDRAWN, notice=notice, locale=notice.locale, now=now, matter=matter, method=method
    )
