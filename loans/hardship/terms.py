"""What a plan may be: from the kind of help and a few numbers to the terms of a new schedule, and who may agree to it for the holders.

Due dates stay on the loan's day of the month. The mandate covers time and late charges; interest is the holders' own to give.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from loans import product
from loans.event import Entry
from loans.hardship.request import UnableToHelp
from loans.models import Loan, Plan
from loans.replay import Kind
from loans.schedule.dates import add_months

LEAD_DAYS = 3  # no first due date sooner than this


@dataclass(frozen=True)
class Wanted:
    """What staff chose: how many months without a payment, how many installments more, a lower rate, late charges given up."""

    kind: str
    pause_months: int = 0
    more: int = 0
    annual_rate: Decimal | None = None
    waive_charges: bool = False


@dataclass(frozen=True)
class Terms:
    kind: str
    basis: str
    first_due_on: date
    periods: int
    annual_rate: Decimal
    waive_charges: bool

    def entry(self, on: date) -> Entry:
        """The event that puts them in force."""
        data: dict[str, Any] = {
            "first_due_on": self.first_due_on.isoformat(),
            "periods": self.periods,
            "annual_rate": str(self.annual_rate),
            "charges": "waive" if self.waive_charges else "spread",
            "why": self.kind,
        }
        return Entry(Kind.RESCHEDULE, on, data=data)


def of(plan: Plan) -> Terms:
    return Terms(plan.kind, plan.basis, plan.first_due_on, plan.periods, plan.annual_rate, plan.waive_charges)


def current_rate(loan: Loan) -> Decimal:
    """The rate the loan bears now: the contract's, or what the newest plan lowered it to."""
    newest = loan.plans.filter(state="in_force").order_by("-event__number").values_list("annual_rate", flat=True).first()
    return loan.annual_rate if newest is None else newest


def work_out(loan: Loan, wanted: Wanted, *, as_of: date) -> Terms:
    """The terms, or UnableToHelp when the kind does not go with the numbers or goes past the mandate."""
    _check_numbers(wanted, current_rate(loan))
    basis = Plan.Basis.VOTE if wanted.kind == Plan.Kind.RESTRUCTURE else Plan.Basis.MANDATE
    first = _due_after(loan, as_of + timedelta(days=_lead(basis)))
    left = loan.installments.filter(due_on__gte=first, paid_on=None).count()
    if wanted.kind == Plan.Kind.RE_AMORTIZE and not left:
        raise UnableToHelp("nothing_ahead", _("No installment is still to come. Choose a longer term."))
    terms = Terms(
        kind=wanted.kind,
        basis=basis,
        first_due_on=_months_on(loan, first, wanted.pause_months),
        periods=left + wanted.more,
        annual_rate=current_rate(loan) if wanted.annual_rate is None else wanted.annual_rate,
        waive_charges=wanted.waive_charges,
    )
    _check_length(loan, terms, wanted)
    return terms


def _check_numbers(wanted: Wanted, rate: Decimal) -> None:
    holiday, longer, new = Plan.Kind.MORATORIUM, Plan.Kind.RE_AGE, Plan.Kind.RESTRUCTURE
    if wanted.pause_months < 0 or wanted.more < 0:
        raise UnableToHelp("numbers", _("Months cannot be fewer than none."))
    if (wanted.kind == holiday) != bool(wanted.pause_months) and wanted.kind != new:
        raise UnableToHelp("pause_months", _("A payment holiday has at least one month; the other kinds have none."))
    if (wanted.kind == longer) != bool(wanted.more) and wanted.kind not in (new, holiday):
        raise UnableToHelp("more", _("A longer term has at least one more installment; a spread has none."))
    if wanted.annual_rate is not None and wanted.kind != new:
        raise UnableToHelp("annual_rate", _("Only new terms change the rate, because the holders vote on them."))
    if wanted.annual_rate is not None and not 0 <= wanted.annual_rate <= rate:
        raise UnableToHelp("annual_rate", _("The rate can be lowered, never raised."))


def _check_length(loan: Loan, terms: Terms, wanted: Wanted) -> None:
    rules = product.STANDARD
    if terms.periods < 1:
        raise UnableToHelp("more", _("Say over how many installments it is spread."))
    if terms.basis == Plan.Basis.VOTE:
        return
    if wanted.pause_months > rules.moratorium_months_max or months_past_contract(loan, terms) > rules.extension_months_max:
        raise UnableToHelp("beyond_mandate", _("That is past our mandate. Propose it as new terms; the holders vote."))


def months_past_contract(loan: Loan, terms: Terms) -> int:
    """How much later than in the signed contract the last installment falls due."""
    assert loan.disbursed_on is not None
    last = add_months(terms.first_due_on, terms.periods - 1)
    return (last.year - loan.disbursed_on.year) * 12 + last.month - loan.disbursed_on.month - loan.term_months


def _lead(basis: str) -> int:
    """Days before the first new due date: enough for both sides to answer, and for the vote, which is counted the morning after its last day."""
    rules = product.STANDARD
    return rules.plan_days + rules.vote_days + 1 if basis == Plan.Basis.VOTE else LEAD_DAYS


def _due_after(loan: Loan, day: date) -> date:
    """The loan's next day of the month after `day`."""
    return _months_on(loan, day, 0, after=True)


def _months_on(loan: Loan, day: date, months: int, *, after: bool = False) -> date:
    """`months` later on the loan's own day of the month; with `after` the first such day past `day`."""
    assert loan.disbursed_on is not None
    start = loan.disbursed_on
    count = (day.year - start.year) * 12 + day.month - start.month + months
    found = add_months(start, count)
    return add_months(start, count + 1) if after and found <= day else found
