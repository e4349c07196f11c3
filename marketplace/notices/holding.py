"""How the loans fare that people fund: paid out, late, back on schedule, in default, repaid; and what came back, one line a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Min, Sum
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from core.outbox import JobContext, handles
from loans.models import Loan, Participation, Repayment, Share
from marketplace.notices import crowd
from notifications.catalogue import Context, Template, register

SEE = _("See your portfolio")
register(
    Template(
        code="holding.paid_out",
        kind="holding",
        title=_("A loan you fund is paid out"),
        text=_("The loan of listing %(reference)s was paid out on %(paid_out_on)s. Your share is %(amount)s. The first payment is due on %(due_on)s."),
        action=SEE,
    ),
    Template(
        code="holding.unwound",
        kind="holding",
        title=_("A loan you funded is not paid out"),
        text=_("The loan of listing %(reference)s was ended before it was paid out. Your %(amount)s is available in your wallet again; nothing was charged."),
        action=_("See your wallet"),
    ),
    Template(
        code="holding.late",
        kind="holding",
        title=_("A loan you fund is late"),
        text=_(
            "A payment for listing %(reference)s, due on %(due_on)s, has not arrived within the days of grace. %(left_amount)s of your principal is still out. "
            "Late charges go to the holders. You need do nothing."
        ),
        action=SEE,
    ),
    Template(
        code="holding.caught_up",
        kind="holding",
        title=_("A loan you fund is on schedule again"),
        text=_("Nothing is overdue for listing %(reference)s any more. The next payment is due on %(due_on)s."),
        action=SEE,
    ),
    Template(
        code="holding.defaulted",
        kind="holding",
        title=_("A loan you fund is in default"),
        text=_(
            "The loan of listing %(reference)s has been overdue since %(due_on)s and counts as in default. %(left_amount)s of your principal is still out, "
            "and you may lose it in part or in full. Whatever still comes is shared among the holders to the cent."
        ),
        action=SEE,
    ),
    Template(
        code="holding.written_off",
        kind="holding",
        title=_("A loan you fund was written off"),
        text=_("The loan of listing %(reference)s is booked as a loss. %(left_amount)s of your principal has not come back. Whatever still comes reaches you."),
        action=SEE,
    ),
    Template(
        code="holding.repaid",
        kind="holding",
        title=_("A loan you fund is repaid in full"),
        text=_("The loan of listing %(reference)s is repaid. All %(amount)s of your principal has come back."),
        action=SEE,
    ),
    Template(
        code="holding.corrected",
        kind="holding",
        title=_("Earlier repayments were corrected"),
        text=_(
            "For listing %(reference)s, what earlier repayments brought you was corrected on %(day_on)s: a payment was returned, or one was found late. "
            "Your wallet shows the difference."
        ),
        action=SEE,
    ),
    Template(
        code="receipt.day",
        kind="receipt",
        title=_("%(amount)s came back from loans you fund"),
        text=_(
            "On %(day_on)s, after the servicing fee: principal %(principal_amount)s, interest and late charges %(interest_amount)s. Number of loans: %(loans)s."
        ),
        action=SEE,
        live=lambda messages: received(messages),
    ),
)
TOLD = ("active", "late", "defaulted", "written_off", "repaid")


@handles("loan.state_changed")
def on_loan_changed(*, job: JobContext) -> None:
    """Told to every holder, in neutral words, while it is still so."""
    state, why = job.payload["state"], job.payload["why"]
    template = {"disbursed": "holding.paid_out", "caught_up": "holding.caught_up"}.get(why, f"holding.{state}")
    if state in TOLD and Loan.objects.filter(pk=job.payload["loan"], state=state).exists():
        crowd.tell(crowd="holders", about=job.payload["loan"], template=template, fact=job.key, link=reverse("marketplace:portfolio"), now=job.now)


@handles("loan.unwound")
def on_unwound(*, job: JobContext) -> None:
    """The money is back: told to everybody who had funded it."""
    crowd.tell(crowd="unwound", about=job.payload["loan"], template="holding.unwound", fact=job.key, link=reverse("payments:wallet"), now=job.now)


@crowd.source("unwound")
def unwound(about: int, after: int) -> list[tuple[int, Context]]:
    """Everybody who had put money into the loan, with how much."""
    loan = Loan.objects.select_related("listing").get(pk=about)
    rows = Participation.objects.filter(loan=loan, party__gt=after, ended_at=None).order_by("party").values_list("party", "amount")
    facts = {"reference": loan.listing.reference, "currency": loan.currency}
    return [(party, {**facts, "amount": amount}) for party, amount in rows[: crowd.PAGE]]


@crowd.source("holders")
def holders(about: int, after: int) -> list[tuple[int, Context]]:
    """Everybody who holds a part of the loan, with their own figures."""
    loan = Loan.objects.select_related("listing").get(pk=about)
    due_on = loan.installments.filter(paid_on=None).aggregate(oldest=Min("due_on"))["oldest"] or loan.closed_on or loan.disbursed_on
    assert due_on is not None
    assert loan.disbursed_on is not None
    facts = {"reference": loan.listing.reference, "currency": loan.currency, "paid_out_on": loan.disbursed_on.isoformat(), "due_on": due_on.isoformat()}
    rows = Participation.objects.filter(loan=loan, party__gt=after, ended_at=None).order_by("party").values_list("party", "amount", "received_principal")
    return [(party, {**facts, "amount": amount, "left_amount": amount - back}) for party, amount, back in rows[: crowd.PAGE]]


@handles("repayment.booked")
def on_repayment(*, job: JobContext) -> None:
    """One line a day for each holder: the first repayment of the day writes it, each later one makes it new again."""
    made = Repayment.objects.select_related("loan").get(pk=job.payload["repayment"])
    fact, link = f"receipts:{made.paid_on.isoformat()}:{made.loan.currency}", reverse("marketplace:portfolio")
    crowd.tell(crowd="receivers", about=made.pk, template="receipt.day", fact=fact, link=link, renew=True, now=job.now)


@handles("repayment.corrected")
def on_corrected(*, job: JobContext) -> None:
    """Told to everybody whose part of earlier repayments changed."""
    crowd.tell(
        crowd="corrected", about=job.payload["repayment"], template="holding.corrected", fact=job.key, link=reverse("marketplace:portfolio"), now=job.now
    )


@crowd.source("corrected")
def corrected(about: int, after: int) -> list[tuple[int, Context]]:
    """Everybody whose share of this correction is not nothing."""
    made = Repayment.objects.select_related("loan__listing").get(pk=about)
    rows = Share.objects.filter(repayment=made, participation__party__gt=after).exclude(net=0).order_by("participation__party")
    facts = {"reference": made.loan.listing.reference, "day_on": made.paid_on.isoformat()}
    return [(party, facts) for party in rows.values_list("participation__party", flat=True)[: crowd.PAGE]]


@crowd.source("receivers")
def receivers(about: int, after: int) -> list[tuple[int, Context]]:
    """Everybody to whom this repayment brought something. How much the whole day brought is read when the line is read."""
    made = Repayment.objects.select_related("loan").get(pk=about)
    rows = Share.objects.filter(repayment=made, participation__party__gt=after).order_by("participation__party").values_list("participation__party", flat=True)
    return [(party, {"day_on": made.paid_on.isoformat(), "currency": made.loan.currency}) for party in rows[: crowd.PAGE]]


def received(messages: Sequence[tuple[Any, Context]]) -> Mapping[int, Context]:
    """What each of these days brought each of these parties, from the register of shares, in one query."""
    wanted = {message.pk: (message.party_id, date.fromisoformat(kept["day_on"]), kept["currency"]) for message, kept in messages}
    parties, days = {party for party, _day, _currency in wanted.values()}, {day for _party, day, _currency in wanted.values()}
    rows = Share.objects.filter(participation__party__in=parties, repayment__paid_on__in=days)
    sums = rows.values_list("participation__party", "repayment__paid_on", "repayment__loan__currency").annotate(
        total=Sum("net"),
        capital=Sum("principal"),
        loans=Count("repayment__loan", distinct=True),
    )
    found = {
        (party, day, currency): {"amount": total, "principal_amount": capital, "interest_amount": total - capital, "loans": loans}
        for party, day, currency, total, capital, loans in sums.order_by()
    }
    return {pk: found[key] for pk, key in wanted.items() if key in found}
