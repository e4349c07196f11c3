"""An application's life until the offer: saved as it grows, submitted once, then read by people."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from datetime import date, datetime

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import audit
from accounts.models import Party, User
from core import outbox, references, states, storage
from core.refusals import Conflict
from core.uploads import check_upload
from credit import decision as decisions
from credit.models import Decision
from loans import circle, facts, override, product
from loans.models import Application, BorrowerFile, Document, FundsItem, Obligor, Review
from loans.stranger import OWN_APPLICATION, is_stranger_to_application
from privacy import assessments, consents, restriction, subjects

log = logging.getLogger(__name__)
SECTIONS = ("project", "funds", "background", "repayment", "finances", "documents", "privacy")
REQUIRED_CONSENTS = ("application", "automated_decision", "listing_disclosure")
OPTIONAL_CONSENTS = ("credit_source", "bank_source", "named_recipient")
DOCUMENTS_MAX = 12
OPEN = ("draft", "referred")  # while these hold, answers and documents may still be given
SEALED = {
    "background": ("background",),
    "repayment": ("repayment_plan", "repayment_source"),
    "finances": (
        "legal_name",
        "phone",
        "address",
        "occupation",
        "industry",
        "region",
        "housing",
        "months_at_work",
        "income_monthly",
        "debt_monthly",
        "debt_total",
        "debt_other_platforms",
        "overdue_count_6m",
    ),
}
NEEDED = {
    "background": ("background",),
    "repayment": ("repayment_plan", "repayment_source"),
    "finances": ("phone", "region", "income_monthly", "debt_monthly", "debt_total", "occupation"),
}


class UnableToApply(Conflict):
    """The application cannot take this step; `message` is for the person, `sections` are what is missing."""

    def __init__(self, code: str, message: str | Promise, sections: Sequence[str] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.message = message  # type: ignore[assignment]
        self.sections = tuple(sections)


@transaction.atomic
def start(*, party: Party, by: User, language: str, now: datetime) -> Application:
    """A new draft with a file and an affair of its own. Raises Restricted."""
    restriction.refuse(party.subject_id)
    reference = references.make(Application.REFERENCE_PREFIX)  # the affair is called what the application is
    matter = subjects.open_matter(subject=party.subject, jurisdictions=[party.jurisdiction], now=now, reference=reference)
    file = BorrowerFile.objects.create(party=party, subject=party.subject, matter=matter)
    application = Application.objects.create(
        reference=reference, file=file, party=party, created_by=by, jurisdiction=party.jurisdiction, language=language, created_at=now, saved_at=now
    )
    Obligor.objects.create(application=application, role=Obligor.Role.BORROWER, party=party, state="bound", created_at=now)
    return application


def editable(application: Application, *, states: Sequence[str] = ("draft",)) -> Application:
    """The application, locked, still open to its borrower; a submitted one is frozen. Raises UnableToApply."""
    locked = Application.objects.select_for_update(of=("self",)).select_related("file", "party").get(pk=application.pk)
    if locked.state not in states:
        raise UnableToApply("frozen", _("This application was already submitted and can no longer be changed."))
    return locked


@transaction.atomic
def save_project(
    application: Application, *, title: str, summary: str, purpose: str, amount: int | None, term_months: int | None, method: str, now: datetime
) -> None:
    """What is published: the project in the borrower's own words, without names, and what is asked for."""
    draft = editable(application)
    draft.title, draft.summary, draft.purpose = title, summary, purpose
    draft.amount, draft.term_months, draft.method, draft.saved_at = amount, term_months, method, now
    draft.save(update_fields=["title", "summary", "purpose", "amount", "term_months", "method", "saved_at"])


@transaction.atomic
def save_funds(application: Application, *, items: Sequence[tuple[str, int]], now: datetime) -> None:
    """Replace the itemised use of funds by `items` of (label, amount)."""
    draft = editable(application)
    draft.funds.all().delete()
    FundsItem.objects.bulk_create(FundsItem(application=draft, position=k, label=label, amount=amount) for k, (label, amount) in enumerate(items, start=1))
    Application.objects.filter(pk=draft.pk).update(saved_at=now)


@transaction.atomic
def save_answers(application: Application, *, section: str, answers: dict[str, str | None], now: datetime) -> None:
    """Seal the answers of one section into the file. Only the section's own fields are taken. Open again while we ask for more."""
    draft = editable(application, states=OPEN)
    fields = [field for field in SEALED[section] if field in answers]
    for field in fields:
        value = answers[field]
        setattr(draft.file, field, None if value in (None, "") else str(value))
    draft.file.save(update_fields=fields)
    if "phone" in fields:
        circle.bar_own_number(draft, answers["phone"] or "", now=now)
    Application.objects.filter(pk=draft.pk).update(saved_at=now)


@transaction.atomic
def add_document(application: Application, *, kind: str, upload: UploadedFile, now: datetime) -> Document:
    """Check, clean, encrypt and keep one upload. Raises ValidationError for what is not a harmless document."""
    draft = editable(application, states=OPEN)
    if draft.documents.filter(removed_at=None).count() >= DOCUMENTS_MAX:
        raise UnableToApply("too_many_documents", _("You can add at most 12 documents. Remove one first."))
    clean = check_upload(upload)
    stored = storage.save_document(subject_id=draft.file.subject_id, context=f"application:{draft.reference}", content=clean.content, name=clean.name)
    return Document.objects.create(
        application=draft,
        kind=kind,
        name=clean.name,
        stored_name=stored,
        content_type=clean.content_type,
        size=len(clean.content),
        sha256=hashlib.sha256(clean.content).hexdigest(),
        uploaded_at=now,
    )


@transaction.atomic
def remove_document(document: Document, *, now: datetime) -> None:
    """Take a document back while the application is a draft: the content is destroyed, the row says when."""
    editable(document.application)
    removed = Document.objects.filter(pk=document.pk, removed_at=None).update(removed_at=now)
    if removed:
        transaction.on_commit(lambda: storage.delete_document(path=document.stored_name))


def open_content(document: Document) -> bytes:
    """The document's bytes. The caller has noted the look in the access log."""
    application = document.application
    return storage.open_document(subject_id=application.file.subject_id, context=f"application:{application.reference}", path=document.stored_name)


def progress(application: Application, *, now: datetime) -> dict[str, bool]:
    """Each section and whether it is complete."""
    file = application.file
    answered = {section: all(getattr(file, field) is not None for field in fields) for section, fields in NEEDED.items()}
    total = application.funds.aggregate(total=Sum("amount"))["total"]
    return {
        "project": bool(
            application.title and application.summary and application.amount and application.term_months and application.method and application.purpose
        ),
        "funds": total is not None and total == application.amount,
        "background": answered["background"],
        "repayment": answered["repayment"],
        "finances": answered["finances"],
        "documents": True,  # optional: refusing extras never blocks the loan
        "privacy": all(consents.is_given(subject=file.subject, purpose=purpose, matter=file.matter, now=now) for purpose in REQUIRED_CONSENTS),
    }


@transaction.atomic
def submit(application: Application, *, by: User, as_of: date, now: datetime) -> None:
    """Freeze the application, ask the sources it allows, gather the facts, decide. Raises UnableToApply with what is missing. A person reads it next."""
    from loans import sources

    draft = editable(application)
    restriction.refuse(draft.party.subject_id)
    missing = [section for section, done in progress(draft, now=now).items() if not done]
    if missing:
        raise UnableToApply("incomplete", _("Some sections are not complete yet."), missing)
    _check_party(draft, now=now)
    _check_assessed(now=now)
    sources.ask(draft, now=now)
    decision = assess(draft, as_of=as_of, now=now)
    states.move(draft, "submitted", now=now, by=by.pk, why="submitted", decision=decision)
    audit.record(actor=by, action="application.submit", target=draft.reference, now=now)
    outbox.enqueue("application.submitted", key=f"application:{draft.pk}:submitted", payload={"application": draft.pk})


def _check_assessed(*, now: datetime) -> None:
    """Deciding by scorecard is on only while its impact assessment is live."""
    try:
        assessments.require("automated_decision", now=now)
    except assessments.FeatureOff as error:
        raise UnableToApply("feature_off", error.message) from error


def assess(application: Application, *, as_of: date, now: datetime) -> Decision:
    """The decision on the facts as they are now, kept with what it saw. Raises UnableToApply when no model may be used."""
    found = facts.gather(application, as_of=as_of, now=now)
    try:
        return decisions.decide(
            about=application.reference,
            subject=application.file.subject,
            facts=found.facts,
            product=product.priced_for(application),
            as_of=as_of,
            now=now,
            method=application.method,  # type: ignore[arg-type]
            segment=found.segment,
            origin=found.origin,
            open_sources=found.open,
        )
    except decisions.UNUSABLE as error:
        log.exception("the model that should decide cannot be used")
        raise UnableToApply(
            "no_model", _("The scorecard cannot be used at the moment, so nothing was decided. Your answers are kept; please try again later.")
        ) from error


def _check_party(application: Application, *, now: datetime) -> None:
    if application.party.verified_at is None:
        raise UnableToApply("identity", _("Please confirm your identity first. Your draft is kept."))
    if application.obligors.filter(state="invited", expires_at__gt=now).exists():
        raise UnableToApply("obligors", _("A co-borrower you invited has not answered yet. Wait, or take the invitation back."), ["obligors"])
    for obligor in application.obligors.filter(state="invited"):
        states.move(obligor, "expired", now=now, why="time")


@transaction.atomic
def withdraw(application: Application, *, by: User, now: datetime) -> None:
    """The borrower takes the application back, at any point before acceptance."""
    locked = Application.objects.select_for_update().get(pk=application.pk)
    override.withdraw(locked, by=by, now=now)
    states.move(locked, "withdrawn", now=now, by=by.pk, why="by_borrower")
    for obligor in locked.obligors.filter(state="invited"):
        states.move(obligor, "expired", now=now, by=by.pk, why="application_withdrawn")
    locked.offers.filter(state="open").update(state="withdrawn")
    audit.record(actor=by, action="application.withdraw", target=locked.reference, now=now)


@transaction.atomic
def claim(application: Application, *, by: User, now: datetime) -> None:
    """A reviewer takes the application. Nobody reviews their own."""
    _not_own(application, by)
    states.move(application, "in_review", now=now, by=by.pk, why="claimed", reviewer=by, claimed_at=now)
    audit.record(actor=by, action="application.claim", target=application.reference, now=now)


@transaction.atomic
def release(application: Application, *, by: User, now: datetime) -> None:
    """Back to the queue, keeping its place by submission time."""
    override.withdraw(application, by=by, now=now)
    states.move(application, "submitted", now=now, by=by.pk, why="released", reviewer=None, claimed_at=None, submitted_at=application.submitted_at)
    audit.record(actor=by, action="application.release", target=application.reference, now=now)


def approve(application: Application, *, by: User, reason: str, now: datetime) -> None:
    """Approve with a reason and make the offer; against the scorecard's no and over the limit, propose it to a second person instead.

    Raises UnableToApply when the decision has no price, override.UnableToOverride when it waits already.
    """
    from loans import offer

    with transaction.atomic():
        if application.decision is None or application.decision.annual_rate is None:
            raise UnableToApply("no_price", _("There is no price under the cap for this application. It can be referred or declined."))
        if override.needs_second(application, "approve"):
            _may_judge(application, by=by, reason=reason)
            override.propose(application, reason=reason, by=by, now=now)
            return
        _verdict(application, "approved", Review.Verdict.APPROVE, by=by, reason=reason, now=now)
        offer.make(application, now=now)


@transaction.atomic
def refer(application: Application, *, by: User, reason: str, now: datetime) -> None:
    """Ask the borrower for more."""
    _verdict(application, "referred", Review.Verdict.REFER, by=by, reason=reason, now=now)


@transaction.atomic
def decline(application: Application, *, by: User, reason: str, now: datetime) -> None:
    """Decline with a reason. The borrower sees the scorecard's reasons and how to ask for another look."""
    _verdict(application, "declined", Review.Verdict.DECLINE, by=by, reason=reason, now=now)


def _verdict(application: Application, to: str, verdict: str, *, by: User, reason: str, now: datetime) -> None:
    _may_judge(application, by=by, reason=reason)
    override.withdraw(application, by=by, now=now)
    extra = {"decided_at": now} if to in ("approved", "declined") else {}
    states.move(application, to, now=now, by=by.pk, why=verdict, **extra)
    against = override.is_override(application.decision, verdict)
    Review.objects.create(application=application, reviewer=by, verdict=verdict, reason=reason, is_override=against, at=now)
    audit.record(actor=by, action=f"application.{verdict}", target=application.reference, now=now)
    payload = {"application": application.pk, "verdict": to}
    outbox.enqueue("application.reviewed", key=f"application:{application.pk}:{to}:{now.isoformat()}", payload=payload)


def _may_judge(application: Application, *, by: User, reason: str) -> None:
    if not reason.strip():
        raise UnableToApply("reason", _("Write the reason. The borrower may ask for it."))
    if application.reviewer_id != by.pk:
        raise UnableToApply("not_claimed", _("Claim the application before you decide."))
    _not_own(application, by)


def _not_own(application: Application, by: User) -> None:
    if not is_stranger_to_application(application, by):
        raise UnableToApply("own_application", OWN_APPLICATION)
