"""The agreement: drawn up from an offer, signed by every obligor, fixed, and sealed with its holders when the listing has filled."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from accounts.models import User
from accounts.reauthentication import Reauthentication
from core import states, storage
from loans import paper, schedule
from loans.models import Agreement, AgreementPaper, Loan, Obligor, Offer, Signature
from privacy import seals, vault


def draft(offer: Offer, *, now: datetime) -> Agreement:
    """The agreement of an offer, drawn up once. Its terms never change: the database refuses it."""
    terms = terms_of(offer)
    contract, _created = Agreement.objects.get_or_create(
        offer=offer, defaults={"terms": terms, "terms_sha256": hashlib.sha256(seals.canonical(terms)).hexdigest(), "drawn_up_at": now}
    )
    return contract


def terms_of(offer: Offer) -> dict[str, Any]:
    """The terms as plain data, without anything that identifies a person. Amounts in minor units, rates as fractions."""
    application = offer.application
    plan = schedule.build(
        schedule.Terms(method=offer.method, principal=offer.principal, annual_rate=offer.annual_rate, periods=offer.term_months)  # type: ignore[arg-type]
    )
    return {
        "offer": offer.reference,
        "application": application.reference,
        "obligors": [{"party": obligor.party.reference, "role": obligor.role} for obligor in bound(offer) if obligor.party],
        "purpose": application.purpose,
        "principal": offer.principal,
        "currency": offer.currency,
        "annual_rate": str(offer.annual_rate.normalize()),
        "apr": str(offer.apr.normalize()),
        "term_months": offer.term_months,
        "method": offer.method,
        "origination_fee": offer.origination_fee,
        "servicing_fee_rate": str(offer.servicing_fee_rate.normalize()),
        "penalty_rate": str(offer.penalty_rate.normalize()),
        "grace_days": offer.grace_days,
        "schedule": [[row.number, row.principal, row.interest] for row in plan.installments],
        "total_interest": plan.totals.interest,
    }


def bound(offer: Offer) -> list[Obligor]:
    """The obligors who are in: the borrower and every co-borrower who joined, in order."""
    return list(offer.application.obligors.exclude(state__in=["invited", "declined", "expired"]).select_related("party").order_by("pk"))


def sign(contract: Agreement, *, obligor: Obligor, by: User, reauthentication: Reauthentication, now: datetime) -> Signature:
    """One obligor's signature, with the re-authentication it rests on."""
    states.move(obligor, "signed", now=now, by=by.pk, why="signed")
    return Signature.objects.create(
        agreement=contract,
        obligor=obligor,
        user=by,
        terms_sha256=contract.terms_sha256,
        method=reauthentication.method,
        reauthenticated_at=reauthentication.at,
        signed_at=now,
    )


def fix(contract: Agreement, *, language: str, now: datetime) -> None:
    """All have signed: the paper is made and signed with the installation's key."""
    Agreement.objects.filter(pk=contract.pk, fixed_at=None).update(fixed_at=now, language=language)
    contract.refresh_from_db()
    _keep(contract, kind="fixed", holders=(), now=now)


def seal(*, loan: Loan, now: datetime) -> None:
    """The listing has filled: the holders are named in the sealed paper by their party references and amounts."""
    contract = loan.agreement
    holders = list(loan.participations.order_by("pk").values_list("party__reference", "amount"))
    digest = hashlib.sha256(seals.canonical([list(holder) for holder in holders])).hexdigest()
    if Agreement.objects.filter(pk=contract.pk, sealed_at=None).update(sealed_at=now, holders_sha256=digest):
        contract.refresh_from_db()
        _keep(contract, kind="sealed", holders=holders, now=now)


def preview(offer: Offer, *, language: str, now: datetime) -> bytes:
    """The agreement as it would be signed, for those who are to sign it. Nothing is kept."""
    terms = terms_of(offer)
    contract = Agreement(
        offer=offer, reference=offer.reference, terms=terms, terms_sha256=hashlib.sha256(seals.canonical(terms)).hexdigest(), language=language
    )
    return paper.agreement(contract, obligors=_names(contract, now=now), holders=(), signatures=Signature.objects.none())


def _keep(contract: Agreement, *, kind: str, holders: Any, now: datetime) -> None:
    """Render, hash, sign and encrypt one paper. Names are opened for the paper only and stay sealed everywhere else."""
    subject_id = contract.offer.application.file.subject_id
    content = paper.agreement(contract, obligors=_names(contract, now=now), holders=holders, signatures=contract.signatures.order_by("pk"))
    digest = hashlib.sha256(content).digest()
    stored = storage.save_document(subject_id=subject_id, context=_context(contract, kind), content=content, name=f"{contract.reference}.pdf")
    AgreementPaper.objects.create(agreement=contract, kind=kind, stored_name=stored, sha256=digest.hex(), signature=seals.sign(digest), made_at=now)


def _names(contract: Agreement, *, now: datetime) -> list[tuple[Obligor, str]]:
    obligors = bound(contract.offer)
    return [(obligor, _name(obligor, now=now)) for obligor in obligors]


def _name(obligor: Obligor, *, now: datetime) -> str:
    assert obligor.party is not None
    opened = vault.open_sealed(obligor.party, ("name",), engine="loans.agreement", purpose="agreement", now=now)
    return opened["name"] or obligor.party.reference


def _context(contract: Agreement, kind: str) -> str:
    return f"agreement:{contract.reference}:{kind}"


def open_paper(kept: AgreementPaper) -> bytes:
    """The PDF's bytes. The caller has noted the look in the access log."""
    contract = kept.agreement
    return storage.open_document(subject_id=contract.offer.application.file.subject_id, context=_context(contract, kept.kind), path=kept.stored_name)


def verify(kept: AgreementPaper, content: bytes) -> bool:
    """Whether these bytes are the paper this installation signed."""
    digest = hashlib.sha256(content).digest()
    return digest.hex() == kept.sha256 and seals.verify(digest, kept.signature)
