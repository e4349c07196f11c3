"""Whose applications, documents, offers and loans these are. Pages and the API ask here; anybody else's is not there."""

from __future__ import annotations

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404

from accounts.models import Party
from loans.models import Application, Document, HardshipEvidence, Loan, Obligor, Offer, Plan


def own_application(reference: str, *, party: Party) -> Application:
    rows = Application.objects.select_related("file__subject", "file__matter", "party", "decision")
    return get_object_or_404(rows, reference=reference, party=party)


def own_document(reference: str, *, party: Party) -> Document:
    rows = Document.objects.select_related("application__file__subject").filter(removed_at=None, application__party=party)
    return get_object_or_404(rows, reference=reference)


def own_offers(party: Party) -> QuerySet[Offer]:
    """Offers to a party that is bound by them: the borrower or a co-borrower."""
    return Offer.objects.select_related("application__file__subject", "decision").filter(application__in=own_places(party).values("application"))


def own_places(party: Party) -> QuerySet[Obligor]:
    """Where the party stands in an application. Whoever stepped back stands nowhere and reads nothing of it."""
    return Obligor.objects.filter(party=party).exclude(state__in=["declined", "expired"])


def own_offer(reference: str, *, party: Party) -> Offer:
    return get_object_or_404(own_offers(party), reference=reference)


def own_loan(reference: str, *, party: Party) -> Loan:
    return get_object_or_404(Loan.objects.select_related("agreement__offer__application", "party", "file"), reference=reference, party=party)


def own_plan(reference: str, *, party: Party) -> Plan:
    rows = Plan.objects.select_related("loan__agreement__offer__application", "loan__party", "loan__file", "request")
    return get_object_or_404(rows, reference=reference, loan__party=party)


def own_evidence(reference: str, *, party: Party) -> HardshipEvidence:
    rows = HardshipEvidence.objects.select_related("request__loan__file").filter(removed_at=None, request__loan__party=party)
    return get_object_or_404(rows, reference=reference)
