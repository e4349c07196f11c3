"""The loan in life, for the borrower: what is owed, the schedule, repaying, settling early."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.api import paces
from accounts.api.endpoint import Endpoint, reads, writes
from core import business_day
from core.api import bodies
from core.api.fields import AmountIn, Body
from core.api.problems import Problem
from loans import access, forms, repayment
from loans.api import shapes
from loans.models import Loan


class SettleBody(Body):
    """`expected`: the total of the quote you saw; another total is refused."""

    expected = AmountIn()


class LoansEndpoint(Endpoint):
    """Loans of the acting party."""

    borrows = True

    @reads("loans", shapes.LoanRow, summary=_("My loans"), order=("-created_at", "-pk"))
    def get(self, request: Any) -> Any:
        return Loan.objects.filter(party=self.party)


class LoanEndpoint(Endpoint):
    """One loan."""

    borrows = True

    @reads("loan", shapes.LoanDetail, summary=_("One loan, and what is owed today"))
    def get(self, request: Any, reference: str) -> Any:
        found = access.own_loan(reference, party=self.party)
        found.owed = repayment.owed(found, as_of=business_day.current())  # type: ignore[attr-defined]
        return found


class ScheduleEndpoint(Endpoint):
    """The schedule of a loan."""

    borrows = True

    @reads("schedule", shapes.Schedule, summary=_("The repayment schedule"))
    def get(self, request: Any, reference: str) -> Any:
        return access.own_loan(reference, party=self.party)


class RepaymentsEndpoint(Endpoint):
    """Repayments of a loan."""

    borrows = True

    @reads("repayments", shapes.RepaymentRow, summary=_("Repayments made"), order=("-paid_on", "-pk"))
    def get(self, request: Any, reference: str) -> Any:
        return repayment.made(access.own_loan(reference, party=self.party)).select_related("loan")

    @writes(
        "repay",
        shapes.RepaymentRow,
        summary=_("Repay from the wallet"),
        body=bodies.body_of(forms.WayForm, name="Repay"),
        status=201,
        pace=paces.MONEY,
        refuses=repayment.UnableToRepay,
    )
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        found = access.own_loan(reference, party=self.party)
        form = forms.WayForm(body)
        bodies.cleaned(form)
        return repayment.pay(loan=found, **form.payment(), by=self.user, key=self.business_key, as_of=business_day.current(), now=timezone.now())


class SettlementEndpoint(Endpoint):
    """Closing a loan early."""

    borrows = True

    @reads("settlement_quote", shapes.Quote, summary=_("What closes the loan today"), description=_("404 when there is nothing to settle."))
    def get(self, request: Any, reference: str) -> Any:
        found = access.own_loan(reference, party=self.party)
        if found.state not in repayment.REPAYABLE:
            raise Problem(404, "not_repayable", _("This loan has nothing to repay."))
        quote = repayment.quote_settlement(found, as_of=business_day.current())
        return shapes.as_dict(quote, as_of=quote.on, currency=found.currency)

    @writes("settle", shapes.RepaymentRow, summary=_("Settle today"), body=SettleBody, status=201, pace=paces.MONEY, refuses=repayment.UnableToRepay)
    def post(self, request: Any, body: dict[str, Any], reference: str) -> Any:
        found = access.own_loan(reference, party=self.party)
        return repayment.settle_early(
            loan=found, expected=body["expected"], by=self.user, key=self.business_key, as_of=business_day.current(), now=timezone.now()
        )
