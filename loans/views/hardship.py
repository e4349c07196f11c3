"""For a borrower who cannot pay as agreed: asking for help, where the request stands, and a plan with both schedules to answer."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import actor, party_required
from accounts.reauthentication import latest, reauthentication_required
from core import business_day
from core.idempotency import once_per_form
from loans import access, product, repayment
from loans.hardship import plan as plans
from loans.hardship import request as requests
from loans.hardship import terms, vote
from loans.hardship.forms import HardshipConsentForm, HardshipForm
from loans.hardship.request import UnableToHelp
from loans.models import HardshipRequest, Loan, Plan
from loans.models.hardship import WAITING
from loans.views.common import party_of, user_of
from privacy import assessments, consents, disclosure
from privacy.forms import record_answers


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("prepare", borrows=True)
@once_per_form
def hardship(request: HttpRequest, reference: str) -> HttpResponse:
    """The request: to make, or as it stands. Whether we may read a reason is asked first, by itself; `?ask` asks it again."""
    found = access.own_loan(reference, party=party_of(request))
    answered = consents.state(subject=found.file.subject, purpose=requests.PURPOSE, matter=found.file.matter, now=timezone.now())
    if found.state in repayment.REPAYABLE and _is_asked(request, found, answered):
        return _ask_first(request, found)
    form = HardshipForm(request.POST or None, request.FILES or None, allowed=requests.may_give_reason(found, now=timezone.now()))
    if request.method == "POST" and form.is_valid():
        try:
            _ask(request, found, form)
            messages.success(request, _("We have your request. Nobody reminds you of a payment until we have answered."))
            return redirect("loans:hardship", reference)
        except ValidationError as error:
            form.add_error("paper", error)
        except UnableToHelp as error:
            form.add_error(None, str(error.message))
    return render(request, "loans/hardship.html", _context(request, found, form), status=422 if request.method == "POST" else 200)


def _is_asked(request: HttpRequest, found: Loan, answered: consents.State) -> bool:
    if request.method == "POST":
        return "affordable" not in request.POST  # the question by itself, also where nothing was chosen
    if not assessments.is_on("hardship", now=timezone.now()):
        return False  # no reason is read, so nothing is asked
    return requests.open_request(found) is None and ("ask" in request.GET or answered.code in (consents.ASKED, consents.ASK_AGAIN, consents.EXPIRED))


def _ask_first(request: HttpRequest, found: Loan) -> HttpResponse:
    form = HardshipConsentForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        record_answers(form.cleaned_data.values(), subject=found.file.subject, matter=found.file.matter, now=timezone.now())
        return redirect("loans:hardship", found.reference)
    return render(request, "loans/hardship.html", _context(request, found, form), status=422 if request.method == "POST" else 200)


def _ask(request: HttpRequest, found: Loan, form: HardshipForm) -> None:
    data = form.cleaned_data
    requests.ask(
        found,
        wish=data["wish"],
        affordable=data["affordable"],
        reason=data.get("reason", "").strip(),
        uploads=[data["paper"]] if data.get("paper") else [],
        by=user_of(request),
        as_of=business_day.current(),
        now=timezone.now(),
    )


def _context(request: HttpRequest, found: Loan, form: HardshipForm | HardshipConsentForm) -> dict[str, Any]:
    newest = found.hardships.order_by("-pk").first()
    open_one = newest if newest and newest.state in WAITING else None
    return {
        "loan": found,
        "form": form,
        "today": business_day.current(),
        "living": found.state in repayment.REPAYABLE,
        "open": open_one,
        "newest": newest,
        "told": _told(request, newest) if newest else {},
        "evidence": newest.evidence.filter(removed_at=None) if newest else [],
        "plan": newest.plans.order_by("-pk").first() if newest else None,
        "voting": bool(open_one and open_one.plans.filter(state="voting").exists()),
        "cooling_days": product.STANDARD.cooling_days,
    }


def _told(request: HttpRequest, newest: HardshipRequest) -> dict[str, Any]:
    """What the borrower wrote, and our answer, opened for the borrower."""
    names = [name for name in ("reason", "answer") if getattr(newest, name) is not None]
    if not names:
        return {}
    opened: dict[str, Any] = disclosure.reveal(
        newest, names, actor=actor(user_of(request)), purpose="hardship", page="loans:hardship", now=timezone.now(), reference=newest.reference
    )
    return opened


@require_POST
@party_required("prepare", borrows=True)
def take_back(request: HttpRequest, reference: str) -> HttpResponse:
    found = access.own_loan(reference, party=party_of(request))
    newest = get_object_or_404(found.hardships.order_by("-pk")[:1])
    try:
        requests.withdraw(newest, by=user_of(request), now=timezone.now())
        messages.success(request, _("Taken back. The schedule is as it was."))
    except UnableToHelp as error:
        messages.error(request, str(error.message))
    return redirect("loans:hardship", reference)


@require_GET
@never_cache
@party_required(borrows=True)
def evidence(request: HttpRequest, reference: str) -> HttpResponse:
    """The borrower's own paper, as an attachment."""
    kept = access.own_evidence(reference, party=party_of(request))
    disclosure.note(
        [kept.request.loan.file.subject_id],
        kinds_seen=["document"],
        actor=actor(user_of(request)),
        purpose="hardship",
        page="loans:evidence",
        now=timezone.now(),
        reference=kept.reference,
    )
    response = HttpResponse(requests.open_content(kept), content_type=kept.content_type)
    response["Content-Disposition"] = f'attachment; filename="{kept.reference}"'
    return response


@require_GET
@never_cache
@party_required(borrows=True)
def plan(request: HttpRequest, reference: str) -> HttpResponse:
    """Old and new, side by side; the answer is bound to what is shown here."""
    return _plan_page(request, access.own_plan(reference, party=party_of(request)))


def _plan_page(request: HttpRequest, found: Plan, *, error: str = "", status: int = 200) -> HttpResponse:
    today = business_day.current()
    waits = found.state == "proposed" and found.answer_by >= today
    comparison, obstacle = _comparison(found, as_of=today) if waits else (plans.shown(found), "")
    context = {
        "plan": found,
        "loan": found.loan,
        "comparison": comparison,
        "rows": comparison.by_date(),
        "waits": waits and not obstacle,
        "error": error or obstacle,
        "past_contract": terms.months_past_contract(found.loan, terms.of(found)),
        "proven": latest(request) is not None,
        "count": vote.count(found) if found.state in ("voting", "outvoted") else None,
        "today": today,
    }
    return render(request, "loans/plan.html", context, status=status)


def _comparison(found: Plan, *, as_of: date) -> tuple[plans.Comparison, str]:
    """As of today, and what stands in the way of agreeing, if anything does."""
    try:
        return plans.compare(found.loan, terms.of(found), as_of=as_of), ""
    except UnableToHelp as refused:
        return plans.shown(found), str(refused.message)


@require_POST
@party_required("sign", borrows=True)
@reauthentication_required
@once_per_form
def accept(request: HttpRequest, reference: str) -> HttpResponse:
    found = access.own_plan(reference, party=party_of(request))
    try:
        done = plans.accept(found, seen=request.POST.get("seen", ""), by=user_of(request), as_of=business_day.current(), now=timezone.now())
    except UnableToHelp as error:
        return _plan_page(request, found, error=str(error.message), status=409)
    if done.state == "voting":
        messages.success(request, _("Agreed. Now the holders vote."))
        return redirect("loans:plan", reference)
    messages.success(request, _("Agreed. The new schedule holds from today."))
    return redirect("loans:loan", found.loan.reference)


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def decline(request: HttpRequest, reference: str) -> HttpResponse:
    found = access.own_plan(reference, party=party_of(request))
    try:
        plans.decline(found, by=user_of(request), as_of=business_day.current(), now=timezone.now())
        messages.success(request, _("Declined. We look for another way; the schedule is as it was."))
    except UnableToHelp as error:
        messages.error(request, str(error.message))
    return redirect("loans:hardship", found.loan.reference)
