"""What loans hold about a person, as borrower, co-borrower or holder: for the copy, what still holds on, and what goes at erasure or when its time is over.

Answers, documents, reasons and the words of projects are sealed and go with the person's key; what pages still read (the words, the bands) is taken
out here as well. Amounts and dates stay, about nobody: the books have to balance.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from core import business_day, states, storage
from credit.personal_data import take_out
from loans import file as files
from loans.models import (
    Accrual,
    Agreement,
    Amendment,
    Application,
    AutopayOrder,
    BorrowerFile,
    Charge,
    Clawback,
    CollectionsCase,
    DebtSale,
    Disbursement,
    DisclosureGrant,
    Document,
    FundsItem,
    HardshipEvidence,
    HardshipRequest,
    HoldingTransfer,
    Installment,
    Loan,
    LoanEvent,
    Necessity,
    Obligor,
    Offer,
    Override,
    ParkedLoan,
    Participation,
    PayoffQuote,
    Plan,
    PlanVote,
    Promise,
    Recovery,
    RecoveryProposal,
    Repayment,
    Reply,
    Review,
    Rung,
    SecondLook,
    Share,
    Signature,
    Standing,
    WriteOff,
)
from privacy import copies, disclosure, emptying, restriction, retention, rights, sweeps
from privacy.fields import encrypted_fields
from privacy.models import DataSubject

UNDECIDED = ("submitted", "in_review", "referred", "approved", "offered")
OVER = ("repaid", "cancelled")
BOUND = ("bound", "joined", "signed")


def export(*, subject: DataSubject, now: datetime) -> dict[str, Any]:
    """Everything of every application and loan of theirs, what they are bound by with others, and what they hold."""
    mine = Q(file__subject=subject)
    return {
        "applications": copies.rows(Application.objects.filter(mine), now=now),
        "answers": copies.rows(BorrowerFile.objects.filter(subject=subject), now=now),
        "use_of_funds": copies.rows(FundsItem.objects.filter(application__file__subject=subject), now=now),
        "documents": copies.rows(Document.objects.filter(application__file__subject=subject), now=now),
        "amendments": copies.rows(Amendment.objects.filter(application__file__subject=subject), now=now),
        "second_looks": copies.rows(SecondLook.objects.filter(application__file__subject=subject), now=now),
        "overrides": copies.rows(Override.objects.filter(application__file__subject=subject), now=now),
        "reviews": copies.rows(Review.objects.filter(application__file__subject=subject), now=now),
        "obligations": copies.rows(Obligor.objects.filter(party__subject=subject), now=now),
        "offers": copies.rows(Offer.objects.filter(application__file__subject=subject), now=now),
        "agreements": copies.rows(Agreement.objects.filter(offer__application__file__subject=subject), now=now),
        "signatures": copies.rows(Signature.objects.filter(obligor__party__subject=subject), now=now),
        "loans": copies.rows(Loan.objects.filter(mine), now=now),
        "payouts": copies.rows(Disbursement.objects.filter(loan__file__subject=subject), now=now, without=["source"]),
        "schedule": copies.rows(Installment.objects.filter(loan__file__subject=subject), now=now),
        "standing": copies.rows(Standing.objects.filter(loan__file__subject=subject), now=now),
        "interest_earned": copies.rows(Accrual.objects.filter(loan__file__subject=subject), now=now),
        "standing_orders": copies.rows(AutopayOrder.objects.filter(loan__file__subject=subject), now=now),
        "set_aside": copies.rows(ParkedLoan.objects.filter(loan__file__subject=subject), now=now),
        "charges": copies.rows(Charge.objects.filter(loan__file__subject=subject), now=now),
        "events": copies.rows(LoanEvent.objects.filter(loan__file__subject=subject), now=now),
        "payoff_quotes": copies.rows(PayoffQuote.objects.filter(loan__file__subject=subject), now=now),
        "hardship_requests": copies.rows(HardshipRequest.objects.filter(loan__file__subject=subject), now=now),
        "hardship_evidence": copies.rows(HardshipEvidence.objects.filter(request__loan__file__subject=subject), now=now),
        "plans": copies.rows(Plan.objects.filter(loan__file__subject=subject), now=now),
        "collections_cases": copies.rows(CollectionsCase.objects.filter(loan__file__subject=subject), now=now),
        "promises": copies.rows(Promise.objects.filter(loan__file__subject=subject), now=now),
        "write_offs": copies.rows(WriteOff.objects.filter(loan__file__subject=subject), now=now),
        "claim_sales": copies.rows(DebtSale.objects.filter(loan__file__subject=subject), now=now),
        "recoveries": copies.rows(Recovery.objects.filter(loan__file__subject=subject), now=now),
        "recoveries_proposed": copies.rows(RecoveryProposal.objects.filter(loan__file__subject=subject), now=now),
        "votes": copies.rows(PlanVote.objects.filter(participation__party__subject=subject), now=now),
        "repayments": copies.rows(Repayment.objects.filter(loan__file__subject=subject), now=now),
        "opened_to": _grants(subject),
        "holdings": copies.rows(Participation.objects.filter(party__subject=subject), now=now),
        "received": copies.rows(Share.objects.filter(participation__party__subject=subject), now=now),
        "handed_on": copies.rows(HoldingTransfer.objects.filter(Q(giver__party__subject=subject) | Q(taker__party__subject=subject)), now=now),
        "holders_changed": copies.rows(HoldingTransfer.objects.filter(loan__file__subject=subject), now=now, without=["price"]),
        "advanced": copies.rows(Clawback.objects.filter(participation__party__subject=subject), now=now),
    }


def _grants(subject: DataSubject) -> list[dict[str, Any]]:
    """To whom the file is or was open, by the pseudonym they are known by here."""
    rows = DisclosureGrant.history.filter(content_object__subject=subject).select_related("user__subject", "content_object").order_by("pk")
    return [
        {
            "file": grant.content_object.reference,
            "viewer": grant.user.pseudonym,
            "relation": grant.relation,
            "since": grant.granted_at.isoformat(),
            "ended": grant.ended_at.isoformat() if grant.ended_at else None,
        }
        for grant in rows
    ]


def holds(*, subject: DataSubject) -> list[str]:
    """What must end first, and what the law has us keep after it has ended (records of a loan: five years)."""
    bound = Loan.objects.filter(agreement__offer__application__obligors__party__subject=subject, agreement__offer__application__obligors__state__in=BOUND)
    standing = {
        "open_application": Application.objects.filter(file__subject=subject, state__in=UNDECIDED),
        "open_loan": bound.exclude(state__in=OVER),
        "loan_file_kept_by_law": bound.filter(state="repaid", closed_on__gt=_kept_from(business_day.current())),
        "holding": Participation.objects.filter(party__subject=subject).exclude(loan__state__in=OVER),
    }
    return [reason for reason, rows in standing.items() if rows.exists()]


def _kept_from(today: date) -> date:
    days = retention.get("loan_file").days
    assert days is not None
    return today - timedelta(days=days)


def erase(*, subject: DataSubject, now: datetime) -> None:
    """Drafts are given up, the words of projects and all documents go, and nobody's file is open any more."""
    for draft in Application.objects.filter(file__subject=subject, state="draft"):
        states.move(draft, "withdrawn", now=now, why="erased")
    _empty(Application.objects.filter(file__subject=subject), now=now)
    Obligor.objects.filter(party__subject=subject).update(token_hash=None)


def _empty(applications: Iterable[Application], *, now: datetime) -> list[int]:
    """Takes out what says something about the person. Returns the applications' ids."""
    found = [application.pk for application in applications]
    Application.objects.filter(pk__in=found).update(title=None, summary=None, emptied_at=now)
    FundsItem.objects.filter(application__in=found).update(label=None)
    BorrowerFile.objects.filter(application__in=found).update(**dict.fromkeys(encrypted_fields(BorrowerFile)), stage=BorrowerFile.Stage.CLOSED, spoken={})
    for file in BorrowerFile.objects.filter(application__in=found):
        files.end_grants(file=file, now=now)
    _destroy(Document.objects.filter(application__in=found, removed_at=None), now=now)
    HardshipRequest.objects.filter(loan__file__application__in=found).update(reason=None, answer=None)
    _destroy(HardshipEvidence.objects.filter(request__loan__file__application__in=found, removed_at=None), now=now)
    return found


# What says something of the person beside the file itself, and where its application is.
BESIDE = (
    (Obligor, "application"),
    (Review, "application"),
    (Reply, "application"),
    (SecondLook, "application"),
    (Amendment, "application"),
    (Override, "application"),
    (Rung, "case__application"),
    (Necessity, "case__application"),
    (Document, "application"),
    (HardshipEvidence, "request__loan__file__application"),
    (WriteOff, "loan__file__application"),
    (DebtSale, "loan__file__application"),
)


def _empty_all(applications: Iterable[Application], *, now: datetime) -> list[int]:
    """Their time is over: all that anybody wrote about them goes as well, and what decisions saw."""
    found = list(applications)
    ids = _empty(found, now=now)
    for model, path in BESIDE:
        emptying.empty(model._base_manager.filter(**{f"{path}__in": ids}), rule="loan_file", now=now)
    take_out([application.reference for application in found], now=now)
    return ids


def _destroy(documents: Iterable[Document | HardshipEvidence], *, now: datetime) -> None:
    """The files themselves go once this is committed; the rows say that there was one."""
    for document in documents:
        type(document).objects.filter(pk=document.pk).update(removed_at=now, sha256="")
        path = document.stored_name
        transaction.on_commit(lambda path=path: storage.delete_document(path=path))  # type: ignore[misc]


def _free(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Those that no legal hold keeps beyond their time."""
    return applications.exclude(file__subject__in=restriction.on_hold())


def _old_drafts(*, cutoff: datetime, now: datetime) -> Sequence[object]:
    """Begun, never submitted, and not touched since."""
    drafts = list(_free(Application.objects.filter(state="draft", saved_at__lt=cutoff))[:500])
    for draft in drafts:
        states.move(draft, "withdrawn", now=now, why="draft_expired")
    return _empty_all(drafts, now=now)


def _old_applications(*, cutoff: datetime, now: datetime) -> Sequence[object]:
    """Declined, withdrawn or lapsed, and over since before the cutoff."""
    ended = _free(Application.objects.filter(state__in=["declined", "withdrawn", "lapsed"], saved_at__lt=cutoff, emptied_at=None))
    return _empty_all([application for application in ended[:500] if states.history(application)[-1].at < cutoff], now=now)


def _old_loans(*, cutoff: datetime, now: datetime) -> Sequence[object]:
    """Repaid or cancelled loans whose records the law no longer asks for."""
    over = Q(loan__state="repaid", loan__closed_on__lt=cutoff.date()) | Q(loan__state="cancelled", loan__created_at__lt=cutoff)
    files_over = BorrowerFile.objects.filter(over)
    return _empty_all(_free(Application.objects.filter(pk__in=files_over.values("application"), emptied_at=None))[:500], now=now)


rights.register("loans", export=export, erase=erase, holds=holds)
sweeps.register("draft", app="loans", sweep=_old_drafts)
sweeps.register("application", app="loans", sweep=_old_applications)
sweeps.register("loan_file", app="loans", sweep=_old_loans)
# How our software appears in "who looked at me".
disclosure.ROLES |= {
    "loans.agreement": _("writing of agreements"),
    "loans.notices": _("writing of messages"),
    "loans.override": _("decision by a person"),
    "loans.population": _("counting of like borrowers, so that nobody stands out"),
}
