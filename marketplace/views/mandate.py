"""Pages of mandates: the list, one of them, setting one with its preview, start, stop, order, delete."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import party_required
from core.idempotency import once_per_form
from marketplace import mandate as mandates
from marketplace import mandate_forms, mandate_words
from marketplace import run as runs
from marketplace.mandate_preview import preview
from marketplace.models import Mandate, MandateTerms
from marketplace.suitability import check as suitability
from marketplace.views.common import acting, market_currency

FIRST = {"grades": ["A", "B", "C"], "per_loan": 50_000, "reinvest": True}


def _own(request: HttpRequest, reference: str) -> Mandate:
    return get_object_or_404(mandates.of(acting(request)), reference=reference)


@require_GET
@party_required(invests=True)
def mandate_list(request: HttpRequest) -> HttpResponse:
    party = acting(request)
    rows = [{"mandate": one, "sentence": mandate_words.sentence(terms)} for one, terms in mandates.standing(party)]
    coming = runs.to_come(currency=market_currency())
    context = {"rows": rows, "verified": party.verified_at is not None, "most": mandates.MANDATES_MAX, "coming": coming}
    return render(request, "marketplace/mandates.html", context)


@require_GET
@party_required(invests=True)
def mandate(request: HttpRequest, reference: str) -> HttpResponse:
    own = _own(request, reference)
    terms = mandates.terms_of(own)
    context = {
        "mandate": own,
        "terms": terms,
        "criteria": mandate_words.criteria(terms),
        "caps": mandate_words.caps(terms),
        "wallet": mandate_words.wallet(terms),
        "preview": preview(terms, party=acting(request), now=timezone.now()),
        "parts": runs.parts_of(own)[:10],
        "against": suitability.against(acting(request), now=timezone.now()),
        "versions": own.versions.order_by("-number")[:20],
        "currency": market_currency(),
    }
    return render(request, "marketplace/mandate.html", context)


@require_http_methods(["GET", "POST"])
@party_required("sign", invests=True)
@once_per_form
def new(request: HttpRequest) -> HttpResponse:
    """Set one: it is kept stopped, and starts by a click of its own."""
    form = mandate_forms.MandateForm(request.POST or None, initial=FIRST)
    if request.method == "POST" and form.is_valid():
        try:
            made = mandates.create(party=acting(request), by=request.user, terms=form.terms_given(), now=timezone.now())  # type: ignore[arg-type]
            return redirect("marketplace:mandate", reference=made.reference)
        except mandates.UnableToMandate as error:
            form.add_error(None, error.message)  # type: ignore[arg-type]
    return _form_page(request, form)


@require_http_methods(["GET", "POST"])
@party_required("sign", invests=True)
@once_per_form
def edit(request: HttpRequest, reference: str) -> HttpResponse:
    own = _own(request, reference)
    form = mandate_forms.MandateForm(request.POST or None, initial=mandate_forms.initial_of(mandates.terms_of(own)))
    if request.method == "POST" and form.is_valid():
        try:
            mandates.change(own, by=request.user, terms=form.terms_given(), now=timezone.now())  # type: ignore[arg-type]
            messages.success(request, _("Kept. It counts from the next run on."))
            return redirect("marketplace:mandate", reference=own.reference)
        except mandates.UnableToMandate as error:
            form.add_error(None, error.message)  # type: ignore[arg-type]
    return _form_page(request, form, own)


def _form_page(request: HttpRequest, form: mandate_forms.MandateForm, own: Mandate | None = None) -> HttpResponse:
    shown = _draft(form) if form.is_bound else mandates.terms_of(own) if own else MandateTerms(**FIRST)
    found = preview(shown, party=acting(request), now=timezone.now()) if shown else None
    context = {"form": form, "mandate": own, "preview": found, "draft": shown, "currency": market_currency(), **_plainly(shown)}
    return render(request, "marketplace/mandate_form.html", context, status=422 if form.errors else 200)


def _draft(form: mandate_forms.MandateForm) -> MandateTerms | None:
    """What is typed, for the preview; nothing while it contradicts itself. The sentence about risk may still be open."""
    form.is_valid()
    return mandate_forms.draft(form.cleaned_data) if set(form.errors) <= {"risk"} else None


def _plainly(shown: MandateTerms | None) -> dict[str, Any]:
    if shown is None:
        return {}
    return {"criteria": mandate_words.criteria(shown), "caps": mandate_words.caps(shown), "wallet": mandate_words.wallet(shown)}


@require_POST
@party_required(invests=True)
def look_ahead(request: HttpRequest) -> HttpResponse:
    """The preview while typing: asked for by the form. Nothing is kept."""
    shown = _draft(mandate_forms.MandateForm(request.POST))
    found = preview(shown, party=acting(request), now=timezone.now()) if shown else None
    return render(request, "marketplace/mandate_preview.html", {"preview": found, "currency": market_currency(), **_plainly(shown)})


@require_POST
@party_required("sign", invests=True)
def act(request: HttpRequest, reference: str, verb: str) -> HttpResponse:
    """Start, stop, up in the order, delete."""
    own, now = _own(request, reference), timezone.now()
    if verb == "up":
        mandates.move_up(own)
        return redirect("marketplace:mandates")
    if verb not in mandates.ACTS:
        raise Http404
    try:
        mandates.ACTS[verb](own, by=request.user, now=now)
    except mandates.UnableToMandate as error:
        messages.error(request, str(error.message))
        return redirect("marketplace:suitability" if error.code in suitability.WORDS else "marketplace:mandates")
    said = {
        "start": _("It runs. From the next run on it lends within its limits."),
        "stop": _("It is stopped. What it has lent stays as it is."),
        "delete": _("The mandate is deleted. What it has lent stays as it is."),
    }
    messages.success(request, said[verb])
    return redirect("marketplace:mandates") if verb == "delete" else redirect("marketplace:mandate", reference=own.reference)
