"""Consents: one answer to one notice for one purpose, appended and never changed; today's state is a projection of the answers.

Withdrawing is the same call as giving and holds from the same commit. Each answer has a receipt signed with the installation's key.
"""

import base64
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from core import outbox
from core.references import make

from . import kinds, notices, purposes, seals
from .models import Consent, DataSubject, Matter, Notice
from .purposes import PURPOSES

__all__ = ["PURPOSES", "UnableToRecord", "current", "is_given", "receipt_document", "receipts", "record", "state", "states", "withdraw"]

ASKED, GIVEN, REFUSED, WITHDRAWN, ASK_AGAIN = "not_asked", "given", "refused", "withdrawn", "reconsent_needed"
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
    if matter is not None and matter.subject_id != subject.pk:
        raise UnableToRecord("the matter is another person's")
    if subject.erased_at is not None:
        raise UnableToRecord("the person is erased")
    values = {"decision": decision, "notice": notice, "locale": locale, "method": method, "at": now, "screen_hash": screen_hash or notice.sha256}
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


def state(*, subject: DataSubject, purpose: str, matter: Matter | None = None) -> State:
    """Where this purpose stands: not_asked | given | refused | withdrawn | reconsent_needed (a material version came after the answer)."""
    last = _answers(subject, purpose, matter).select_related("notice").order_by("-sequence").first()
    return State(purpose, matter.pk if matter else None, _code(last, _material_versions([last] if last else [])), last)


def current(subject: DataSubject, purpose: str, *, matter: Matter | None = None) -> Consent | None:
    """The answer in force: the last one, or None when there is none or a material version has come since a yes."""
    found = state(subject=subject, purpose=purpose, matter=matter)
    return None if found.code == ASK_AGAIN else found.last


def is_given(*, subject: DataSubject, purpose: str, matter: Matter | None = None) -> bool:
    """Whether the last answer is yes and no material version has come since. An erased person has given nothing."""
    return subject.erased_at is None and state(subject=subject, purpose=purpose, matter=matter).given


def states(subject: DataSubject) -> list[State]:
    """Every purpose this person was asked about, per matter, newest answer first."""
    answers = Consent.objects.filter(subject=subject).select_related("notice", "matter").order_by("purpose", "matter_id", "-sequence")
    last = list(answers.distinct("purpose", "matter_id"))
    versions = _material_versions(last)
    found = [State(consent.purpose, consent.matter_id, _code(consent, versions), consent) for consent in last]
    return sorted(found, key=lambda each: each.last.pk if each.last else 0, reverse=True)


def _material_versions(answers: Iterable[Consent]) -> dict[tuple[str, str], int]:
    """{(notice code, language): newest material version}, for the notices of these answers."""
    wanted = {consent.notice.code for consent in answers}
    rows = Notice.objects.filter(code__in=wanted, material=True, published_at__isnull=False).order_by("version")
    return {(code, locale): version for code, locale, version in rows.values_list("code", "locale", "version")}


def _code(last: Consent | None, versions: dict[tuple[str, str], int]) -> str:
    if last is None:
        return ASKED
    newest = versions.get((last.notice.code, last.notice.locale), 0)
    if last.decision == Consent.Decision.GIVEN and newest > last.notice.version:
        return ASK_AGAIN
    return str(last.decision)


def withdraw(*, subject: DataSubject, purpose: str, locale: str, now: datetime, matter: Matter | None = None, method: str = "page") -> Consent:
    """Take a yes back, from this commit on. Raises UnableToRecord when there is no yes to take back."""
    before = state(subject=subject, purpose=purpose, matter=matter)
    if before.code not in (GIVEN, ASK_AGAIN) or before.last is None:
        raise UnableToRecord("there is no consent to withdraw")
    notice = notices.current(before.last.notice.code, notices.supported(locale))
    return record(
        subject=subject, purpose=purpose, decision=Consent.Decision.WITHDRAWN, notice=notice, locale=notice.locale, now=now, matter=matter, method=method
    )


def receipt_document(consent: Consent) -> dict:
    """The receipt's content: the fields of the Kantara consent receipt 1.1, and the decision with its DPV term."""
    notice, purpose = consent.notice, purposes.PURPOSES.get(consent.purpose)
    return {
        "version": "KI-CR-v1.1.0",
        "jurisdiction": ",".join(consent.matter.jurisdictions) if consent.matter else "CN",
        "consentTimestamp": int(consent.at.timestamp()),
        "collectionMethod": consent.method,
        "consentReceiptID": consent.receipt_id,
        "publicKey": base64.b64encode(seals.public_key()).decode(),
        "language": consent.locale,
        "piiPrincipalId": consent.subject.pseudonym,
        "piiControllers": [{"piiController": notice.controller, "contact": notice.contact}],
        "policyUrl": f"{settings.SITE_URL}/privacy/notices/{notice.code}/?version={notice.version}",
        "services": [{"service": settings.OPERATOR_NAME, "purposes": [_receipt_purpose(consent)]}],
        "sensitive": bool(purpose and purpose.sensitive),
        "spiCat": [code for code in notice.kinds if code in kinds.KINDS and kinds.KINDS[code].sensitive],
        "decision": consent.decision,
        "dpvStatus": {"given": "dpv:ConsentGiven", "refused": "dpv:ConsentRefused", "withdrawn": "dpv:ConsentWithdrawn"}[consent.decision],
        "noticeVersion": notice.version,
        "noticeHash": notice.sha256,
        "screenHash": consent.screen_hash,
        "sequence": consent.sequence,
    }


def _receipt_purpose(consent: Consent) -> dict:
    purpose = purposes.PURPOSES.get(consent.purpose)
    return {
        "purpose": consent.purpose,
        "purposeCategory": [purpose.dpv_term] if purpose else [],
        "consentType": "EXPLICIT",
        "piiCategory": list(consent.notice.kinds),
        "primaryPurpose": bool(purpose and purpose.basis != "consent"),
        "termination": consent.notice.retention,
        "thirdPartyDisclosure": bool(consent.notice.recipients),
        "thirdPartyName": "; ".join(consent.notice.recipients),
    }


def receipt(consent: Consent) -> dict:
    """{"receipt": document, "signature": base64 Ed25519 over its canonical JSON (seals.canonical)}; anyone with the public key can check it."""
    document = receipt_document(consent)
    return {"receipt": document, "signature": base64.b64encode(seals.sign(seals.canonical(document))).decode()}


def receipts(subject: DataSubject) -> list[dict]:
    """Signed receipts of all answers of this person, oldest first."""
    answers = Consent.objects.filter(subject=subject).select_related("notice", "matter", "subject").order_by("pk")
    return [receipt(consent) for consent in answers]


def verify_receipt(signed: dict) -> bool:
    """Whether a receipt as downloaded is ours and unchanged."""
    try:
        return seals.verify(seals.canonical(signed["receipt"]), base64.b64decode(signed["signature"], validate=True))
    except (KeyError, TypeError, ValueError):
        return False
