"""The loan in life, for the borrower: next due in words, schedule, repaying, settling early."""

from __future__ import annotations

from django.db.models import F, Q, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import party_required
from core import business_day
from core.idempotency import form_key, once_per_form
from ledger.chart import AccountCode
from ledger.queries import balance
from loans import access, repayment
from loans.forms import RepayForm, WayForm
from loans.models import Loan
from loans.views.common import party_of, user_of
from loans.views.early import early_page


@require_GET
@party_required(borrows=True)
def loans(request: HttpRequest) -> HttpResponse:
    found = Loan.objects.filter(party=party_of(request)).select_related("agreement__offer__application").order_by("-created_at")
    today = business_day.current()
    rows = [{"loan": loan, "owed": repayment.owed(loan, as_of=today) if loan.state in repayment.REPAYABLE else None} for loan in found]
    return render(request, "loans/loans.html", {"rows": rows})


@require_GET
@never_cache
@party_required(borrows=True)
def loan(request: HttpRequest, reference: str) -> HttpResponse:
    return _page(request, access.own_loan(reference, party=party_of(request)), RepayForm())


def _page(request: HttpRequest, found: Loan, form: RepayForm, *, status: int = 200) -> HttpResponse:
    today = business_day.current()
    living = found.state in repayment.REPAYABLE
    quote = repayment.quote_settlement(found, as_of=today) if living else None
    context = {
        "loan": found,
        "form": form,
        "today": today,
        "living": living,
        "owed": repayment.owed(found, as_of=today) if living else None,
        "quote": quote,
        "penalties": quote.penalties if quote else 0,
        "rows": found.installments.order_by("due_on", "number").annotate(
            total=F("principal") + F("interest") + F("fees") + F("penalties") - F("waived_interest") - F("waived_fees") - F("waived_penalties"),
            charges=F("fees") + F("penalties") - F("waived_fees") - F("waived_penalties"),
            part_paid=F("paid_principal") + F("paid_interest") + F("paid_fees") + F("paid_penalties"),
        ),
        "repaid": found.repayments.aggregate(total=Sum("amount"))["total"],
        "papers": found.agreement.papers.order_by("pk"),
        "available": balance(code=AccountCode.CLIENT_CASH, owner=found.party.ledger_owner, currency=found.currency).available,
        "repayments": found.repayments.order_by("-paid_on", "-pk"),
        "charged": found.installments.filter(Q(fees__gt=0) | Q(penalties__gt=0)).exists(),
        "standing": found.standing if found.disbursed_on else None,
    }
    return render(request, "loans/loan.html", context, status=status)


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def repay(request: HttpRequest, reference: str) -> HttpResponse:
    """From the loan's page, or with a choice from the page of ways, which is shown again with what was wrong."""
    found = access.own_loan(reference, party=party_of(request))
    form = WayForm(request.POST)
    try:
        if form.is_valid():
            repayment.pay(loan=found, **form.payment(), by=user_of(request), key=form_key(request), as_of=business_day.current(), now=timezone.now())
            return redirect("loans:loan", reference)
    except repayment.UnableToRepay as error:
        form.add_error("amount", str(error.message))
    return early_page(request, found, form) if "choice" in request.POST else _page(request, found, form, status=422)


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def settle(request: HttpRequest, reference: str) -> HttpResponse:
    """Early settlement at the total the borrower saw."""
    found = access.own_loan(reference, party=party_of(request))
    form = RepayForm()
    try:
        expected = int(request.POST.get("expected", ""))
        repayment.settle_early(loan=found, expected=expected, by=user_of(request), key=form_key(request), as_of=business_day.current(), now=timezone.now())
    except ValueError:
        return _page(request, found, form, status=400)
    except repayment.UnableToRepay as error:
        form = RepayForm({"amount": ""})
        form.errors.clear()
        form.add_error(None, str(error.message))
        return _page(request, found, form, status=409)
    return redirect("loans:loan", reference)
