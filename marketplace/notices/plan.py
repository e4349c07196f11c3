"""What holders are told about a new plan of a loan they fund: when they are asked, and when it holds. Never why the borrower needs it."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from loans.models import Participation, Plan
from marketplace.notices import crowd
from notifications.catalogue import Context, Template, register

register(
    Template(
        code="holding.vote",
        kind="holding",
        title=_("Your vote is asked for"),
        text=_(
            "New terms are proposed for the loan of listing %(reference)s, and the borrower has agreed. Your vote counts by your share of %(amount)s. "
            "The vote closes on %(answer_on)s; not answering is no yes."
        ),
        action=_("Compare and vote"),
    ),
    Template(
        code="holding.plan",
        kind="holding",
        title=_("A loan you fund has a new schedule"),
        text=_("For the loan of listing %(reference)s a new schedule holds. The next payment is due on %(due_on)s. No principal of yours was given up."),
        action=_("Compare old and new"),
    ),
)
TOLD = {"voting": "holding.vote", "in_force": "holding.plan"}


@handles("plan.changed")
def on_plan(*, job: JobContext) -> None:
    """Every holder, page by page."""
    template = TOLD.get(job.payload["state"])
    plan = Plan.objects.get(pk=job.payload["plan"])
    if template and plan.state == job.payload["state"]:
        crowd.tell(crowd="plan", about=plan.pk, template=template, fact=job.key, link=reverse("marketplace:plan", args=[plan.reference]), now=job.now)


@crowd.source("plan")
def holders(about: int, after: int) -> list[tuple[int, Context]]:
    plan = Plan.objects.select_related("loan__listing").get(pk=about)
    facts = {
        "reference": plan.loan.listing.reference,
        "currency": plan.loan.currency,
        "answer_on": (plan.votes_until or plan.answer_by).isoformat(),
        "due_on": plan.first_due_on.isoformat(),
    }
    rows = Participation.objects.filter(loan=plan.loan, party__gt=after, ended_at=None).order_by("party").values_list("party", "amount")
    return [(party, {**facts, "amount": amount}) for party, amount in rows[: crowd.PAGE]]
