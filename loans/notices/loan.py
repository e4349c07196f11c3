"""What the people bound by a loan are told while it lives: payout, receipts, lateness in plain words, the end."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core import business_day
from core.outbox import JobContext, RetryLater, handles
from loans import delinquency, repayment
from loans.collections import quiet
from loans.models import Loan, Recovery, Repayment
from loans.notices.door import register_reminders, remind_obligors, tell_obligors
from notifications.catalogue import Template, register

REMINDERS = ("loan.late", "loan.defaulted")

register(
    Template(
        code="loan.paid_out",
        kind="loan",
        title=_("Your loan is paid out"),
        text=_("%(paid_amount)s was sent to your bank account for loan %(reference)s. The first payment is %(amount)s, due on %(due_on)s."),
        action=_("See your loan"),
    ),
    Template(
        code="loan.unwound",
        kind="loan",
        title=_("Your loan is not paid out"),
        text=_("Loan %(reference)s was ended before it was paid out, and everybody who funded it has their money back. You owe nothing."),
        action=_("See your loan"),
    ),
    Template(
        code="loan.caught_up",
        kind="loan",
        title=_("Your loan is on schedule again"),
        text=_("Nothing is overdue for loan %(reference)s. The next payment is %(amount)s, due on %(due_on)s."),
        action=_("See your loan"),
    ),
    Template(
        code="loan.written_off",
        kind="loan",
        title=_("Your loan was taken out of our books"),
        text=_("Loan %(reference)s is a loss in our books from today. That does not end what is owed; whatever you pay still reaches the people who fund it."),
        action=_("See your loan"),
    ),
    Template(
        code="loan.repaid",
        kind="loan",
        title=_("Your loan is repaid in full"),
        text=_("Nothing more is owed for loan %(reference)s. The agreement and all receipts stay here for you."),
        action=_("See your loan"),
    ),
    Template(
        code="repayment.receipt",
        kind="loan",
        title=_("Receipt: %(amount)s received"),
        text=_(
            "Receipt %(reference)s of %(paid_on)s for loan %(loan)s: principal %(principal_amount)s, interest %(interest_amount)s, "
            "late charges and fees %(charges_amount)s."
        ),
        action=_("See your loan"),
    ),
)

register_reminders(
    Template(
        code="loan.late",
        kind="loan",
        title=_("A payment has not arrived yet"),
        text=_(
            "For loan %(reference)s, %(amount)s has been open since %(due_on)s. If you have paid, nothing more is needed. "
            "If you cannot pay now, tell us early and we look for a way together. Nobody around you is told."
        ),
        action=_("See what is open"),
    ),
    Template(
        code="loan.defaulted",
        kind="loan",
        title=_("Please talk with us about your loan"),
        text=_(
            "For loan %(reference)s, %(amount)s has been open since %(due_on)s, and we now count the loan as in default. "
            "Whatever you pay still counts, and another plan is possible. Nobody around you is told."
        ),
        action=_("See what is open"),
    ),
)


@handles("loan.state_changed")
def on_loan_changed(*, job: JobContext) -> RetryLater | None:
    """Paid out, late, in default, back on schedule, repaid: in plain words, and only while it is still so. What reminds of a payment needs a yes,
    and nobody is reminded while help was asked for or a promise runs."""
    loan = Loan.objects.select_related("agreement__offer__application", "disbursement").get(pk=job.payload["loan"])
    state, why = job.payload["state"], job.payload["why"]
    template = {"disbursed": "loan.paid_out", "caught_up": "loan.caught_up"}.get(why, f"loan.{state}")
    if state not in ("active", "late", "defaulted", "written_off", "repaid") or loan.state != state:
        return None
    if template in REMINDERS and quiet.is_quiet(loan):
        return None
    if template in REMINDERS:
        link = reverse("loans:loan", args=[loan.reference])
        facts = {"reference": loan.reference, **_standing(loan)}
        return remind_obligors(template=template, key=job.key, application=loan.agreement.offer.application, context=facts, link=link, now=job.now)
    _about_loan(template, loan, job=job, **_standing(loan))
    return None


@handles("loan.unwound")
def on_unwound(*, job: JobContext) -> None:
    """It was funded, and two people ended it before the payout."""
    loan = Loan.objects.select_related("agreement__offer__application").get(pk=job.payload["loan"])
    _about_loan("loan.unwound", loan, job=job)


def _standing(loan: Loan) -> dict[str, Any]:
    """What is open and since when; when nothing is, what comes next."""
    owed = repayment.owed(loan, as_of=business_day.current())
    since = delinquency.oldest_due(loan)
    day = since if owed.due else owed.next_due_on
    return {
        "amount": owed.due or owed.next_amount,
        "paid_amount": loan.disbursement.amount,
        "currency": loan.currency,
        "due_on": (day or business_day.current()).isoformat(),
    }


@handles("repayment.booked")
def on_repaid(*, job: JobContext) -> None:
    """The receipt. What a buyer paid for the claim is none of the borrower's payments."""
    made = Repayment.objects.select_related("loan__agreement__offer__application", "event").get(pk=job.payload["repayment"])
    if made.event.data.get("source") == Recovery.Source.BUYER:
        return
    _about_loan(
        "repayment.receipt",
        made.loan,
        job=job,
        reference=made.reference,
        loan=made.loan.reference,
        amount=made.amount,
        principal_amount=made.principal,
        interest_amount=made.interest,
        charges_amount=made.penalties + made.fees,
        currency=made.loan.currency,
        paid_on=made.paid_on.isoformat(),
    )


def _about_loan(template: str, loan: Loan, /, *, job: JobContext, **facts: Any) -> None:
    tell_obligors(
        template=template,
        key=job.key,
        application=loan.agreement.offer.application,
        context={"reference": loan.reference, **facts},
        link=reverse("loans:loan", args=[loan.reference]),
        now=job.now,
    )
