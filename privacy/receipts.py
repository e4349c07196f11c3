"""Receipts: what a person takes away from each answer, signed with the installation's key so that anybody can check it.

Two forms of one fact: the Kantara consent receipt 1.1 for the person, and the record of ISO/IEC TS 27560:2023 as JSON-LD in the terms of the
W3C Data Privacy Vocabulary for machines. Neither holds a name: the person is their pseudonym here.
"""

import base64
from typing import Any

from django.conf import settings

from . import consents, kinds, purposes, seals
from .models import Consent, DataSubject, Notice

CONTEXT = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "eu-gdpr": "https://w3id.org/dpv/legal/eu/gdpr#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
LEGAL_BASES = {"contract": "dpv:Contract", "consent": "dpv:ExplicitlyExpressedConsent", "legal_obligation": "dpv:LegalObligation"}
INDICATION = {"page": "dpv:WebForm", "api": "dpv:API", "paper": "dpv:PaperForm"}


def document(consent: Consent) -> dict:
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
        "policyUrl": _address(notice),
        "services": [{"service": settings.OPERATOR_NAME, "purposes": [_receipt_purpose(consent)]}],
        "sensitive": bool(purpose and purpose.sensitive),
        "spiCat": [code for code in notice.kinds if code in kinds.KINDS and kinds.KINDS[code].sensitive],
        "decision": consent.decision,
        "dpvStatus": consents.DPV_STATUS[consent.decision],
        "expiresAt": int(consent.expires_at.timestamp()) if consent.expires_at else None,
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
    content = document(consent)
    return {"receipt": content, "signature": _signed(content)}


def of(subject: DataSubject) -> list[dict]:
    """Signed receipts of all answers of this person, oldest first."""
    answers = Consent.objects.filter(subject=subject).select_related("notice", "matter", "subject").order_by("pk")
    return [receipt(consent) for consent in answers]


def verify(signed: dict) -> bool:
    """Whether a receipt or record as downloaded is ours and unchanged."""
    try:
        content = signed["receipt"] if "receipt" in signed else {name: value for name, value in signed.items() if name != "signature"}
        return seals.verify(seals.canonical(content), base64.b64decode(signed["signature"], validate=True))
    except (KeyError, TypeError, ValueError):
        return False


def _signed(content: dict) -> str:
    return base64.b64encode(seals.sign(seals.canonical(content))).decode()


def _address(notice: Notice) -> str:
    return f"{settings.SITE_URL}/privacy/notices/{notice.code}/?version={notice.version}&locale={notice.locale}"


def record(consent: Consent) -> dict:
    """The consent record of ISO/IEC TS 27560:2023 as JSON-LD, with its `signature` over the canonical JSON of everything else."""
    notice = consent.notice
    content = {
        "@context": CONTEXT,
        "@type": ["dpv:ConsentRecord", "dpv:ConsentReceipt"],
        "@id": f"{settings.SITE_URL}/privacy/receipts/{consent.receipt_id}/",
        "dct:conformsTo": "ISO/IEC TS 27560:2023",
        "dct:identifier": consent.receipt_id,
        "dct:language": consent.locale,
        "dpv:hasDataSubject": {"@type": "dpv:DataSubject", "dct:identifier": consent.subject.pseudonym},
        "dpv:hasDataController": {"@type": "dpv:DataController", "dpv:hasName": notice.controller, "dpv:hasContact": notice.contact},
        "dpv:hasJurisdiction": list(consent.matter.jurisdictions) if consent.matter else ["CN"],
        "dpv:hasNotice": {
            "@type": "dpv:ConsentNotice",
            "@id": _address(notice),
            "dct:hasVersion": notice.version,
            "dct:language": notice.locale,
            "dpv:hasHash": {"algorithm": "sha-256", "value": notice.sha256, "shown": consent.screen_hash},
        },
        "dpv:hasProcess": [_process(consent)],
        "dpv:hasConsentStatus": [_event(consent)],
    }
    return content | {"signature": _signed(content)}


def _process(consent: Consent) -> dict[str, Any]:
    notice, purpose = consent.notice, purposes.PURPOSES.get(consent.purpose)
    return {
        "@type": "dpv:Process",
        "dpv:hasPurpose": {"@type": purpose.dpv_term if purpose else "dpv:Purpose", "dct:identifier": consent.purpose, "dct:title": notice.title},
        "dpv:hasLegalBasis": LEGAL_BASES[purpose.basis] if purpose else "dpv:LegalBasis",
        "dpv:hasPersonalData": [
            {"@type": "dpv:SensitivePersonalData" if code in kinds.KINDS and kinds.KINDS[code].sensitive else "dpv:PersonalData", "dct:identifier": code}
            for code in notice.kinds
        ],
        "dpv:hasProcessing": ["dpv:Collect", "dpv:Store", "dpv:Use", *(["dpv:Disclose"] if notice.recipients else [])],
        "dpv:hasProcessingContext": notice.methods,
        "dpv:hasRecipient": list(notice.recipients),
        "dpv:hasStorageCondition": {"@type": "dpv:StorageDuration", "dct:description": notice.retention},
        "dpv:hasRight": notice.rights_howto,
        "dpv:hasNecessity": notice.necessity_text,
        "dpv:hasImpact": notice.impact_text,
    }


def _event(consent: Consent) -> dict[str, Any]:
    event = {
        "@type": consents.DPV_STATUS[consent.decision],
        "dct:date": {"@type": "xsd:dateTime", "@value": consent.at.isoformat()},
        "dpv:isIndicatedBy": consent.subject.pseudonym,
        "dpv:hasIndicationMethod": INDICATION[consent.method],
        "dpv:hasOrder": consent.sequence,
    }
    if consent.expires_at:
        event["dpv:hasExpiry"] = {"@type": "xsd:dateTime", "@value": consent.expires_at.isoformat()}
    return event
