"""The desk for missing payments, the longest first: what is open, the diary of promises, court, write-off and sale by two people, recoveries with costs."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.admin import ReadOnlyAdmin, row_or_404
from accounts.columns import columns
from core import business_day
from core.idempotency import InvalidKey, form_key
from loans import delinquency, repayment
from loans.admin import acts
from loans.collections import case as cases
from loans.collections import promise as promises
from loans.collections import quiet, recovery, two
from loans.collections import write_off as write_offs
from loans.collections.case import UnableToCollect
from loans.collections.forms import PromiseForm, RecoveryForm, SaleForm, WriteOffForm
from loans.models import CollectionsCase, DayBook, DebtSale, Recovery, RecoveryProposal, WriteOff

SERVE, PROPOSE, APPROVE = "loans.service_loan", "loans.propose_write_off", "loans.approve_write_off"
AGREE = "loans.approve_adjustment"  # costs are a fee
TWO = (("write_off", WriteOff), ("sale", DebtSale), ("recovery", RecoveryProposal))
MAY = {"serve": SERVE, "propose": PROPOSE, "approve": APPROVE, "agree": AGREE}
FORMS: dict[str, Any] = {"promise": PromiseForm, "recover": RecoveryForm, "write_off": WriteOffForm, "sell": SaleForm}
NEEDED = {
    "promise": SERVE,
    "recover": SERVE,
    "to_court": SERVE,
    "from_court": SERVE,
    "write_off": PROPOSE,
    "sell": PROPOSE,
    "approve_write_off": APPROVE,
    "turn_down_write_off": APPROVE,
    "approve_sale": APPROVE,
    "turn_down_sale": APPROVE,
    "approve_recovery": AGREE,
    "turn_down_recovery": AGREE,
}


@admin.register(CollectionsCase)
class CollectionsCaseAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "loan", "stage", "opened_on", "stage_since", "owed_at_default", "closed_on")
    list_filter = ("stage", ("closed_on", admin.EmptyFieldListFilter))
    list_select_related = ("loan",)
    search_fields = ("reference", "loan__reference")
    search_help_text = gettext_lazy("Reference of the case or of the loan")
    ordering = ("-closed_on", "opened_on", "pk")
    change_form_template = "admin/loans/case.html"

    def get_urls(self) -> list[URLPattern]:
        return [path("<path:object_id>/act/", self.admin_site.admin_view(self.act), name="loans_collectionscase_act"), *super().get_urls()]

    def change_view(self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        rows = CollectionsCase.objects.select_related("loan__agreement__offer__application", "loan__party", "loan__standing")
        found = rows.filter(pk=object_id).first() if object_id.isdecimal() else None
        context = {**(_context(request, found) if found else {}), **(extra_context or {})}
        return super().change_view(request, object_id, form_url, context)

    def act(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """One act, asked for by name; a form that is refused comes back as it was typed."""
        wanted = request.POST.get("act", "")
        if request.method != "POST" or wanted not in NEEDED or not request.user.has_perm(NEEDED[wanted]):
            raise PermissionDenied
        found = row_or_404(CollectionsCase.objects.select_related("loan__party", "loan__standing", "loan__file"), object_id)
        return self._form(request, found, wanted) if wanted in FORMS else self._plain(request, found, wanted)

    def _plain(self, request: HttpRequest, found: CollectionsCase, wanted: str) -> HttpResponse:
        act = _plain_acts(request, found).get(wanted)
        if act is None:
            messages.error(request, _("That is not possible in its present state. Somebody may have been faster."))
        else:
            acts.told(request, act)
        return _back(found)

    def _form(self, request: HttpRequest, found: CollectionsCase, wanted: str) -> HttpResponse:
        form = FORMS[wanted](request.POST)
        if form.is_valid():
            try:
                words = _entered(request, found, wanted, form.cleaned_data)
                messages.success(request, words)
                return _back(found)
            except UnableToCollect as error:
                form.add_error(error.code if error.code in form.fields else None, str(error.message))
            except InvalidKey as error:
                form.add_error(None, str(error.message))
        request.method = "GET"  # the same page, looked at again: nobody changes a row here
        answer = self.change_view(request, str(found.pk), extra_context={f"{wanted}_form": form})
        answer.status_code = 422
        return answer


def _back(found: CollectionsCase) -> HttpResponse:
    return HttpResponseRedirect(reverse("admin:loans_collectionscase_change", args=[found.pk]))


def _plain_acts(request: HttpRequest, found: CollectionsCase) -> dict[str, acts.Act]:
    """Acts that need no more than their name."""
    common: dict[str, Any] = {"by": request.user, "now": timezone.now()}
    dated = {**common, "as_of": business_day.current()}
    known: dict[str, acts.Act] = {
        "to_court": (lambda: cases.to_court(found, **dated), _("Noted: before a court.")),
        "from_court": (lambda: cases.from_court(found, **dated), _("Noted: no longer before a court.")),
    }
    approvals: dict[str, Any] = {"write_off": write_offs.approve, "sale": write_offs.approve_sale, "recovery": recovery.approve}
    for name, model in TWO:
        waiting: Any = model._default_manager.filter(loan=found.loan, state="proposed").first()
        if waiting is not None:
            known[f"approve_{name}"] = (partial(approvals[name], waiting, **dated), _("Approved."))
            known[f"turn_down_{name}"] = (partial(two.turn_down, waiting, **common), _("Turned down."))
    return known


def _entered(request: HttpRequest, found: CollectionsCase, wanted: str, data: dict[str, Any]) -> str:
    """One domain call; what was done, in words. Raises UnableToCollect."""
    loan, by, today, now = found.loan, request.user, business_day.current(), timezone.now()
    if wanted == "promise":
        promises.make(loan, amount=data["amount"], due_on=data["due_on"], by=by, as_of=today, now=now)  # type: ignore[arg-type]
        return _("The promise is in the diary.")
    if wanted == "recover":
        money = {"gross": data["gross"], "source": data["source"]}
        if data["costs"]:
            recovery.propose(loan, **money, costs=data["costs"], by=by, now=now)  # type: ignore[arg-type]
            return _("Proposed. Another person has to approve.")
        made = recovery.recover(loan, **money, by=by, key=form_key(request), as_of=today, now=now)  # type: ignore[arg-type]
        return _("Recovered and shared out: %(reference)s.") % {"reference": made.reference}
    if wanted == "write_off":
        write_offs.propose(loan, reason=data["reason"], note=data["note"], by=by, now=now)  # type: ignore[arg-type]
    else:
        sale = {name: data[name] for name in ("buyer", "license", "price", "receipt")}
        write_offs.propose_sale(loan, **sale, by=by, as_of=today, now=now)  # type: ignore[arg-type]
    return _("Proposed. Another person has to approve.")


def _context(request: HttpRequest, found: CollectionsCase) -> dict[str, Any]:
    """What is open, what was said and promised, what came in, and which acts there are."""
    loan, today = found.loan, business_day.current()
    proposals = {name: model._default_manager.filter(loan=loan, state="proposed").select_related("proposed_by__subject").first() for name, model in TWO}
    return {
        "title": _("Missing payments of %(reference)s") % {"reference": loan.reference},
        "subtitle": found.reference,
        "loan": loan,
        "owed": repayment.owed(loan, as_of=today),
        "since": delinquency.oldest_due(loan),
        "quiet": quiet.is_quiet(loan),
        "promises": loan.promises.order_by("-pk"),
        "waterfall": recovery.waterfall(loan),
        "sale": loan.debtsales.filter(state="approved").first(),
        "events": acts.history(found, field="stage"),
        "may": {name: request.user.has_perm(permission) for name, permission in MAY.items()},
        "own": {name: proposal is not None and proposal.proposed_by_id == request.user.pk for name, proposal in proposals.items()},
        **{f"{name}_proposed": proposal for name, proposal in proposals.items()},
        **{f"{name}_form": form() for name, form in FORMS.items()},
    }


@admin.register(Recovery)
class RecoveryAdmin(ReadOnlyAdmin):
    list_display = columns("reference", "loan", "source", "gross", "costs", "net", "received_on")
    list_filter = ("source",)
    list_select_related = ("loan",)
    search_fields = ("reference", "loan__reference")
    ordering = ("-received_on", "-pk")


@admin.register(DayBook)
class DayBookAdmin(ReadOnlyAdmin):
    """What the whole book held each night, with the operator's own estimate of what will be lost."""

    list_display = columns("on", "currency", "bucket", "loans", "outstanding", "accrued", "provision")
    list_filter = ("bucket",)
    ordering = ("-on", "pk")
