"""What a borrower is told about a request for help and the plan that came of it. The reason is in none of it."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from loans.models import HardshipRequest, Plan
from loans.notices.door import tell_obligors
from notifications.catalogue import Template, register

register(
    Template(
        code="hardship.open",
        kind="loan",
        title=_("We have your request for help"),
        text=_("Request %(reference)s for loan %(loan)s is with us. A person looks at it. Until we have answered, nobody reminds you of a payment."),
        action=_("See your request"),
    ),
    Template(
        code="hardship.refused",
        kind="loan",
        title=_("We have answered your request"),
        text=_("For loan %(loan)s we could not agree on a new plan. Why not stands on the page of request %(reference)s; you can ask again."),
        action=_("See your request"),
    ),
    Template(
        code="plan.proposed",
        kind="loan",
        title=_("A new plan for your loan"),
        text=_("We propose a new plan for loan %(loan)s. See the old and the new schedule side by side, and answer by %(answer_on)s. Nothing changes before."),
        action=_("Compare and answer"),
    ),
    Template(
        code="plan.voting",
        kind="loan",
        title=_("The holders vote on your plan"),
        text=_("You agreed to the new terms for loan %(loan)s. The people who fund it vote until %(answer_on)s. You are told what they decided."),
        action=_("See the plan"),
    ),
    Template(
        code="plan.in_force",
        kind="loan",
        title=_("The new plan for your loan holds"),
        text=_("For loan %(loan)s the new schedule holds from today. The next payment is due on %(due_on)s."),
        action=_("See your loan"),
    ),
    Template(
        code="plan.outvoted",
        kind="loan",
        title=_("The holders did not agree"),
        text=_("The new terms for loan %(loan)s did not find enough votes, so the schedule stays as it was. We look for another way and write to you."),
        action=_("See your request"),
    ),
    Template(
        code="plan.lapsed",
        kind="loan",
        title=_("The proposed plan has run out"),
        text=_("The plan for loan %(loan)s was not answered in time, so the schedule stays as it was. You can ask again."),
        action=_("See your request"),
    ),
)
TO_BORROWER = ("open", "refused")
TOLD = ("proposed", "voting", "in_force", "outvoted", "lapsed")


@handles("hardship.changed")
def on_request(*, job: JobContext) -> None:
    """That it has come in, and that it was refused; a plan speaks for itself."""
    if (state := job.payload["state"]) not in TO_BORROWER:
        return
    request = HardshipRequest.objects.select_related("loan__agreement__offer__application").get(pk=job.payload["request"])
    tell_obligors(
        template=f"hardship.{state}",
        key=job.key,
        application=request.loan.agreement.offer.application,
        context={"reference": request.reference, "loan": request.loan.reference},
        link=reverse("loans:hardship", args=[request.loan.reference]),
        borrower_only=True,
        now=job.now,
    )


@handles("plan.changed")
def on_plan(*, job: JobContext) -> None:
    """To everybody bound by the loan once it holds; before that to the borrower, who answers for it."""
    if (state := job.payload["state"]) not in TOLD:
        return
    plan = Plan.objects.select_related("loan__agreement__offer__application").get(pk=job.payload["plan"])
    page = reverse("loans:loan", args=[plan.loan.reference]) if state == "in_force" else reverse("loans:plan", args=[plan.reference])
    tell_obligors(
        template=f"plan.{state}",
        key=job.key,
        application=plan.loan.agreement.offer.application,
        context=_facts(plan),
        link=page,
        borrower_only=state != "in_force",
        now=job.now,
    )


def _facts(plan: Plan) -> dict[str, Any]:
    answer_on = plan.votes_until or plan.answer_by
    return {"loan": plan.loan.reference, "answer_on": answer_on.isoformat(), "due_on": plan.first_due_on.isoformat()}
