"""What the people bound by a loan are told about entries that are no payment: undone, charged back, credited, waived, charged, returned, disputed."""

from __future__ import annotations

from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from loans.models import LoanEvent
from loans.notices.door import tell_obligors
from loans.replay import Kind
from notifications.catalogue import Template, register

SEE = _("See your loan")
register(
    Template(
        code="loan.payment_undone",
        kind="loan",
        title=_("A payment no longer counts"),
        text=_(
            "The payment of %(amount)s on %(paid_on)s no longer counts for loan %(reference)s: it was returned, or entered by mistake. "
            "The money is in your wallet, and that much is owed again."
        ),
        action=SEE,
    ),
    Template(
        code="loan.entry_undone",
        kind="loan",
        title=_("An entry on your loan was undone"),
        text=_("An entry of %(paid_on)s on loan %(reference)s was undone. The schedule shows what is owed now."),
        action=SEE,
    ),
    Template(
        code="loan.charged_back",
        kind="loan",
        title=_("A part of a payment was taken back"),
        text=_("%(amount)s of a payment for loan %(reference)s was taken back through your bank. That much is owed again since %(paid_on)s."),
        action=SEE,
    ),
    Template(
        code="loan.goodwill",
        kind="loan",
        title=_("We have credited your loan"),
        text=_("%(amount)s was credited to loan %(reference)s from our own money. You need do nothing."),
        action=SEE,
    ),
    Template(
        code="loan.waived",
        kind="loan",
        title=_("We have waived a part of what you owe"),
        text=_("Up to %(amount)s of interest or charges on loan %(reference)s is no longer asked for. The schedule shows what is left."),
        action=SEE,
    ),
    Template(
        code="loan.fee",
        kind="loan",
        title=_("A fee was charged"),
        text=_("A fee of %(amount)s was charged on loan %(reference)s. If you think it is wrong, answer us; we look at it again."),
        action=SEE,
    ),
    Template(
        code="loan.overpaid_returned",
        kind="loan",
        title=_("What you paid too much is back"),
        text=_("%(amount)s was paid beyond what was owed on loan %(reference)s. It is back in your wallet."),
        action=SEE,
    ),
    Template(
        code="loan.disputed",
        kind="loan",
        title=_("Your loan is marked as disputed"),
        text=_(
            "What is owed on loan %(reference)s is disputed since %(paid_on)s. Until that is settled nothing is taken, no charge is added "
            "and no day counts as late."
        ),
        action=SEE,
    ),
    Template(
        code="loan.dispute_over",
        kind="loan",
        title=_("The dispute about your loan is over"),
        text=_("The dispute about loan %(reference)s ended on %(paid_on)s. The schedule shows what is owed now."),
        action=SEE,
    ),
)
TEMPLATES = {
    Kind.CHARGEBACK: "loan.charged_back",
    Kind.GOODWILL: "loan.goodwill",
    Kind.WAIVER: "loan.waived",
    Kind.FEE: "loan.fee",
    Kind.RETURNED: "loan.overpaid_returned",
    Kind.DISPUTE: "loan.disputed",
    Kind.DISPUTE_OVER: "loan.dispute_over",
}
MONEY_OF_THEIRS = (Kind.PAYMENT, Kind.SETTLEMENT, Kind.RECOVERY)


@handles("loan.entered")
def on_entered(*, job: JobContext) -> None:
    """Each once, to everybody bound. Kinds of the trouble a loan can be in have notices of their own."""
    event = LoanEvent.objects.select_related("loan__agreement__offer__application").get(pk=job.payload["event"])
    about, template = event, TEMPLATES.get(Kind(event.kind), "")
    if event.kind == Kind.VOID:
        about = event.loan.events.get(number=event.undoes or 0)
        template = "loan.payment_undone" if about.kind in MONEY_OF_THEIRS else "loan.entry_undone"
    if not template:
        return
    tell_obligors(
        template=template,
        key=job.key,
        application=event.loan.agreement.offer.application,
        context={"reference": event.loan.reference, "amount": about.amount, "currency": event.loan.currency, "paid_on": about.on.isoformat()},
        link=reverse("loans:loan", args=[event.loan.reference]),
        now=job.now,
    )
