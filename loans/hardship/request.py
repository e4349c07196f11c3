"""A request for help: made and taken back by the borrower, claimed and answered by staff. While it is open nobody presses the borrower."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import User
from core import outbox, states, storage
from core.outbox import JobContext, handles
from core.refusals import Conflict
from core.uploads import CleanUpload, check_upload
from loans import event as events
from loans import product, repayment
from loans.event import Entry
from loans.models import HardshipEvidence, HardshipRequest, Loan
from loans.models.hardship import WAITING
from loans.replay import Kind
from loans.stranger import OWN_LOAN, is_stranger
from privacy import assessments, consents

PURPOSE = "hardship"
EVIDENCE_MAX = 5


class UnableToHelp(Conflict):
    """Nothing was recorded; `message` says why, `code` is stable."""

    def __init__(self, code: str, message: str | Promise) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]


def open_request(loan: Loan) -> HardshipRequest | None:
    """The request that waits for somebody, or None."""
    return loan.hardships.filter(state__in=WAITING).first()


def may_give_reason(loan: Loan, *, now: datetime) -> bool:
    """Whether a reason may be given: with the borrower's yes, while the impact assessment of reading reasons lives."""
    given = consents.is_given(subject=loan.file.subject, purpose=PURPOSE, matter=loan.file.matter, now=now)
    return given and assessments.is_on("hardship", now=now)


@transaction.atomic
def ask(
    loan: Loan,
    *,
    wish: str,
    by: User,
    as_of: date,
    now: datetime,
    affordable: int | None = None,
    reason: str = "",
    uploads: Iterable[UploadedFile] = (),
) -> HardshipRequest:
    """The borrower asks. Words and papers are kept only with a yes to the notice about them. Raises UnableToHelp, ValidationError for a harmful paper.

    For some days no late charges are made; see `cooling_days` of the product.
    """
    clean = [check_upload(upload) for upload in uploads]
    allowed = may_give_reason(loan, now=now)
    _check(loan, reason=reason, papers=len(clean), allowed=allowed)
    try:
        with transaction.atomic():
            made = HardshipRequest.objects.create(
                loan=loan, requested_by=by, wish=wish, affordable=affordable, reason=reason or None, cools_until=_cools_until(loan, as_of), requested_at=now
            )
    except IntegrityError as error:
        raise UnableToHelp("already_open", _("Your request is already with us.")) from error
    for paper in clean:
        _keep(made, paper, now=now)
    if made.cools_until is not None:
        pause = Entry(Kind.PAUSE, as_of, data={"until": made.cools_until.isoformat(), "why": "hardship"})
        events.enter(loan, pause, by=None, key=f"hardship:{made.pk}:cooling", as_of=as_of, now=now)
    audit.record(actor=by, action="hardship.ask", target=made.reference, now=now)
    _tell(made)
    return made


def _check(loan: Loan, *, reason: str, papers: int, allowed: bool) -> None:
    if loan.state not in repayment.REPAYABLE:
        raise UnableToHelp("not_living", _("This loan has nothing to repay."))
    if open_request(loan) is not None:
        raise UnableToHelp("already_open", _("Your request is already with us."))
    if (reason or papers) and not allowed:
        raise UnableToHelp("not_allowed", _("You chose that we do not read a reason. Leave the text and the papers out, or allow it."))
    if papers > EVIDENCE_MAX:
        raise UnableToHelp("too_many_papers", _("You can add at most 5 papers."))


def _cools_until(loan: Loan, as_of: date) -> date | None:
    """The last day without late charges; None when there was such a time not long ago."""
    terms = product.STANDARD
    recent = loan.hardships.filter(cools_until__gt=as_of - timedelta(days=terms.cooling_every_days)).exists()
    return None if recent else as_of + timedelta(days=terms.cooling_days - 1)


def _keep(request: HardshipRequest, paper: CleanUpload, *, now: datetime) -> HardshipEvidence:
    stored = storage.save_document(subject_id=request.loan.file.subject_id, context=f"hardship:{request.reference}", content=paper.content, name=paper.name)
    return HardshipEvidence.objects.create(
        request=request,
        name=paper.name,
        stored_name=stored,
        content_type=paper.content_type,
        size=len(paper.content),
        sha256=hashlib.sha256(paper.content).hexdigest(),
        uploaded_at=now,
    )


def open_content(paper: HardshipEvidence) -> bytes:
    """The paper's bytes. The caller has noted the look in the access log."""
    request = paper.request
    return storage.open_document(subject_id=request.loan.file.subject_id, context=f"hardship:{request.reference}", path=paper.stored_name)


def may_read(request: HardshipRequest, *, now: datetime) -> bool:
    """Whether the borrower's yes to reading the reason still stands."""
    return consents.state(subject=request.loan.file.subject, purpose=PURPOSE, matter=request.loan.file.matter, now=now).given


@transaction.atomic
def withdraw(request: HardshipRequest, *, by: User, now: datetime) -> None:
    """The borrower takes it back; a plan that waits for an answer falls with it. A plan the holders vote on stands."""
    held = locked(request)
    if held.state not in WAITING or held.plans.filter(state="voting").exists():
        raise UnableToHelp("not_open", _("There is nothing to take back."))
    for plan in held.plans.filter(state="proposed"):
        states.move(plan, "lapsed", now=now, by=by.pk, why="withdrawn", closed_at=now)
    _close(held, "withdrawn", by=by, why="borrower", now=now)


@transaction.atomic
def claim(request: HardshipRequest, *, by: User, now: datetime) -> None:
    """One member of staff takes it up, a stranger to the loan. Raises UnableToHelp."""
    held = locked(request)
    demand_stranger(held.loan, by)
    states.move(held, "claimed", now=now, by=by.pk, why="claim", reviewer=by)
    audit.record(actor=by, action="hardship.claim", target=request.reference, now=now)


@transaction.atomic
def release(request: HardshipRequest, *, by: User, now: datetime) -> None:
    """Back into the queue."""
    held = claimed_by(request, by)
    states.move(held, "open", now=now, by=by.pk, why="release", reviewer=None, claimed_at=None)
    audit.record(actor=by, action="hardship.release", target=request.reference, now=now)


@transaction.atomic
def refuse(request: HardshipRequest, *, by: User, answer: str, now: datetime) -> None:
    """No new plan, with the words the borrower reads. Raises UnableToHelp."""
    held = claimed_by(request, by)
    demand_stranger(held.loan, by)
    if not answer.strip():
        raise UnableToHelp("reason", _("Give the reason. The borrower reads it."))
    held.answer = answer.strip()
    held.save(update_fields=["answer"])
    _close(held, "refused", by=by, why="refused", now=now)


def demand_stranger(loan: Loan, by: User) -> None:
    """Nobody answers a request on a loan of their own, or one they hold: who had claimed it before may only give it back. Raises UnableToHelp."""
    if not is_stranger(loan, by):
        raise UnableToHelp("own_loan", OWN_LOAN)


def locked(request: HardshipRequest) -> HardshipRequest:
    return HardshipRequest.objects.select_for_update(of=("self",)).select_related("loan__file", "loan__party").get(pk=request.pk)


def claimed_by(request: HardshipRequest, by: User) -> HardshipRequest:
    """The request, held, if that person has claimed it. Raises UnableToHelp."""
    held = locked(request)
    if held.state != "claimed" or held.reviewer_id != by.pk:
        raise UnableToHelp("not_yours", _("Claim it first."))
    return held


def _close(held: HardshipRequest, to: str, *, by: User | None, why: str, now: datetime) -> None:
    states.move(held, to, now=now, by=by.pk if by else None, why=why, closed_at=now)
    if by is not None:
        audit.record(actor=by, action=f"hardship.{to}", target=held.reference, now=now)
    _tell(held)


def agreed(request: HardshipRequest, *, now: datetime) -> None:
    """A plan of it is in force."""
    _close(locked(request), "agreed", by=None, why="plan_in_force", now=now)


def _tell(request: HardshipRequest) -> None:
    outbox.enqueue("hardship.changed", key=f"hardship:{request.pk}:{request.state}", payload={"request": request.pk, "state": request.state})


@handles("loan.state_changed")
def on_loan_changed(*, job: JobContext) -> None:
    """Nothing is left to help with once the loan is repaid or written off."""
    if job.payload["state"] not in ("repaid", "written_off"):
        return
    for request in HardshipRequest.objects.filter(loan=job.payload["loan"], state__in=WAITING):
        with transaction.atomic():
            for plan in request.plans.filter(state__in=["proposed", "voting"]):
                states.move(plan, "lapsed", now=job.now, why="loan_closed", closed_at=job.now)
            _close(locked(request), "withdrawn", by=None, why="loan_closed", now=job.now)


def is_cooling(loan: Loan) -> bool:
    """Whether nobody presses the borrower now: a request is open."""
    return open_request(loan) is not None
