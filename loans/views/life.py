"""The loan in life, for the borrower: next due in words, schedule, repaying, settling early."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import F, Q, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import party_required
from core import business_day
from core.idempotency import form_key, once_per_form
from ledger.chart import AccountCode
from ledger.queries import balance
from loans import access, repayment
from loans.collections import promise, recovery
from loans.collections.case import UnableToCollect
from loans.collections.forms import PromiseForm
from loans.forms import RepayForm, WayForm
from loans.hardship import request as hardship
from loans.models import Installment, Loan
from loans.views.common import party_of, user_of
from loans.views.early import early_page
from privacy import consents


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


def _page(request: HttpRequest, found: Loan, form: RepayForm, *, status: int = 200, promise_form: PromiseForm | None = None) -> HttpResponse:
    today = business_day.current()
    living, sale = found.state in repayment.REPAYABLE, found.debtsales.filter(state="approved").first()
    quote = repayment.quote_settlement(found, as_of=today) if living else None
    context = {
        "loan": found,
        "form": form,
        "today": today,
        "living": living,
        "owed": repayment.owed(found, as_of=today) if living or (found.state == "written_off" and sale is None) else None,
        "quote": quote,
        "held_quote": repayment.standing_quote(found, as_of=today) if living else None,
        "penalties": quote.penalties if quote else 0,
        "rows": _rows(found) if sale is None else [],  # what the price paid is not what the borrower paid
        "repaid": repayment.made(found).aggregate(total=Sum("amount"))["total"],
        "papers": found.agreement.papers.order_by("pk"),
        "available": balance(code=AccountCode.CLIENT_CASH, owner=found.party.ledger_owner, currency=found.currency).available,
        "repayments": repayment.made(found).order_by("-paid_on", "-pk"),
        "charged": found.installments.filter(Q(fees__gt=0) | Q(penalties__gt=0)).exists(),
        "standing": found.standing if found.disbursed_on else None,
        "sale": sale,
        "asked_again": _asked_again(found),
        **_trouble(found, promise_form),
    }
    return render(request, "loans/loan.html", context, status=status)


def _rows(found: Loan) -> QuerySet[Installment]:
    """The schedule, in the order it falls due. What was moved into a new plan before anything was due is no line of it any more."""
    charges = F("fees") + F("penalties") - F("waived_fees") - F("waived_penalties")
    return (
        found.installments.annotate(
            total=F("principal") + F("interest") - F("waived_interest") + charges,
            charges=charges,
            part_paid=F("paid_principal") + F("paid_interest") + F("paid_fees") + F("paid_penalties"),
        )
        .exclude(moved_on__isnull=False, part_paid=0)
        .order_by("due_on", "number")
    )


def _asked_again(found: Loan) -> bool:
    """Whether it is hidden from investors until the borrower answers a notice that has changed."""
    file, now = found.file, timezone.now()
    if found.state != "agreed":
        return False
    return consents.state(subject=file.subject, purpose="listing_disclosure", matter=file.matter, now=now).code == consents.ASK_AGAIN


def _trouble(found: Loan, promise_form: PromiseForm | None) -> dict[str, Any]:
    """What is only there when something went wrong: help asked for, promises, plans, what was recovered."""
    return {
        "hardship": hardship.open_request(found),
        "promise_form": promise_form or PromiseForm(),
        "promise": promise.open_promise(found),
        "promises": found.promises.order_by("-pk")[:10],
        "plans": found.plans.filter(state="in_force").order_by("-pk"),
        "recoveries": recovery.standing_ones(found).exclude(source="buyer").order_by("-received_on", "-pk"),
    }


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def repay(request: HttpRequest, reference: str) -> HttpResponse:
    """From the loan's page, or with a choice from the page of ways, which is shown again with what was wrong."""
    found = access.own_loan(reference, party=party_of(request))
    form = WayForm(request.POST)
    try:
        if form.is_valid():
            _pay(request, found, form)
            return redirect("loans:loan", reference)
    except (repayment.UnableToRepay, UnableToCollect) as error:
        form.add_error("amount", str(error.message))
    return early_page(request, found, form) if "choice" in request.POST else _page(request, found, form, status=422)


def _pay(request: HttpRequest, found: Loan, form: WayForm) -> None:
    """Toward what is due; after a write-off, toward what is still owed."""
    common: dict[str, Any] = {"by": user_of(request), "key": form_key(request), "as_of": business_day.current(), "now": timezone.now()}
    if found.state == "written_off":
        recovery.pay(found, amount=form.cleaned_data["amount"], **common)
    else:
        repayment.pay(loan=found, **form.payment(), **common)


@require_POST
@party_required("prepare", borrows=True)
@once_per_form
def make_promise(request: HttpRequest, reference: str) -> HttpResponse:
    """The borrower says by which day so much comes."""
    found = access.own_loan(reference, party=party_of(request))
    form = PromiseForm(request.POST)
    if form.is_valid():
        try:
            promise.make(found, **form.cleaned_data, by=user_of(request), as_of=business_day.current(), now=timezone.now())
            messages.success(request, _("Noted. Nobody reminds you until then."))
            return redirect("loans:loan", reference)
        except UnableToCollect as error:
            form.add_error(error.code if error.code in form.fields else "amount", str(error.message))
    return _page(request, found, RepayForm(), promise_form=form, status=422)


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
