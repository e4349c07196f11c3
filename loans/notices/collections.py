"""What a borrower is told while a payment is missing. Each reminder asks the contact policy first; none is said while help was asked for or a promise runs."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import business_day
from core.outbox import JobContext, RetryLater, handles
from loans import delinquency, repayment
from loans.collections import quiet
from loans.models import CollectionsCase, DebtSale, Loan, Promise
from loans.notices.door import register_reminders, remind_obligors, tell_obligors
from notifications.catalogue import Context, Template, register

register_reminders(
    Template(
        code="case.talking",
        kind="loan",
        title=_("Let us find a way together"),
        text=_(
            "For loan %(reference)s, %(amount)s has been open since %(due_on)s. Say on the loan's page by when you can pay, or ask for another plan. "
            "Nobody around you is told."
        ),
        action=_("See what is possible"),
    ),
    Template(
        code="case.last_notice",
        kind="loan",
        title=_("Before your loan counts as in default"),
        text=_(
            "For loan %(reference)s, %(amount)s has been open since %(due_on)s. Without a payment or a plan it will soon count as in default, and the "
            "people who fund it are told so. There is still time to ask for help. Nobody around you is told."
        ),
        action=_("See what is possible"),
    ),
    Template(
        code="promise.broken",
        kind="loan",
        title=_("What you promised has not arrived"),
        text=_(
            "For loan %(reference)s you said %(promised_amount)s by %(promised_on)s. If it is on its way, nothing more is needed; else say a new day, "
            "or ask for help."
        ),
        action=_("See your loan"),
    ),
)
register(
    Template(
        code="promise.kept",
        kind="loan",
        title=_("You kept your word"),
        text=_("For loan %(reference)s, the %(promised_amount)s you promised by %(promised_on)s has arrived. Thank you."),
        action=_("See your loan"),
    ),
    Template(
        code="claim.sold",
        kind="loan",
        title=_("The claim from your loan has passed to somebody else"),
        text=_(
            "The claim from loan %(reference)s was passed on %(sold_on)s to a buyer licensed for it. Who it is and the license stand on the loan's page. "
            "Pay nobody who does not show that license; everything agreed with you holds toward the buyer too."
        ),
        action=_("See who it is"),
    ),
)


@handles("case.stage")
def on_stage(*, job: JobContext) -> RetryLater | None:
    """A later stage has begun, and it is still so."""
    case = CollectionsCase.objects.select_related("loan__agreement__offer__application").get(pk=job.payload["case"])
    if case.stage != job.payload["stage"]:
        return None
    return _remind(case.loan, f"case.{case.stage}", job=job, context={"currency": case.loan.currency, **_open(case.loan)})


@handles("promise.judged")
def on_promise(*, job: JobContext) -> RetryLater | None:
    """Kept is said plainly; broken is a reminder, and needs a yes."""
    promise = Promise.objects.select_related("loan__agreement__offer__application").get(pk=job.payload["promise"])
    loan = promise.loan
    facts = {"currency": loan.currency, "promised_amount": promise.amount, "promised_on": promise.due_on.isoformat()}
    if promise.state == "broken":
        return _remind(loan, "promise.broken", job=job, context=facts)
    _tell(loan, "promise.kept", job=job, context=facts)
    return None


@handles("claim.sold")
def on_sold(*, job: JobContext) -> None:
    sale = DebtSale.objects.select_related("loan__agreement__offer__application").get(pk=job.payload["sale"])
    _tell(sale.loan, "claim.sold", job=job, context={"sold_on": sale.sold_on.isoformat()})


def _open(loan: Loan) -> Context:
    """What is open and since when."""
    today = business_day.current()
    since = delinquency.oldest_due(loan) or today
    return {"amount": repayment.owed(loan, as_of=today).due, "due_on": since.isoformat()}


def _remind(loan: Loan, template: str, *, job: JobContext, context: Context) -> RetryLater | None:
    if quiet.is_quiet(loan) or loan.state == "repaid":
        return None
    return remind_obligors(
        template=template,
        key=job.key,
        application=loan.agreement.offer.application,
        context={"reference": loan.reference, **context},
        link=reverse("loans:loan", args=[loan.reference]),
        now=job.now,
    )


def _tell(loan: Loan, template: str, *, job: JobContext, context: Context) -> None:
    tell_obligors(
        template=template,
        key=job.key,
        application=loan.agreement.offer.application,
        context={"reference": loan.reference, **context},
        link=reverse("loans:loan", args=[loan.reference]),
        borrower_only=True,
        now=job.now,
    )
