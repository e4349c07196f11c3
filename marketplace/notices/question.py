"""A question that staff have let through: told to those who are bound by the loan."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from loans.notices import tell_obligors
from marketplace.models import Question
from notifications.catalogue import Template, register

register(
    Template(
        code="question.open",
        kind="application",
        title=_("An investor asks something about your project"),
        text=_("There is a question about listing %(reference)s. You need not answer; what you write is read by us before investors see it."),
        action=_("Read the question"),
    )
)


@handles("question.open")
def on_open(*, job: JobContext) -> None:
    question = Question.objects.select_related("listing__loan__agreement__offer__application").get(pk=job.payload["question"])
    tell_obligors(
        template="question.open",
        key=job.key,
        application=question.listing.loan.agreement.offer.application,
        context={"reference": question.listing.reference},
        link=reverse("marketplace:questions"),
        now=job.now,
    )
