"""Questions about a listing: asking on its page, and the borrower's own page where they are answered."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.access import party_required
from core.idempotency import once_per_form
from marketplace import question as asking
from marketplace.forms import AnswerForm, PledgeForm, WordsForm
from marketplace.views.common import acting
from marketplace.views.listing import detail_context, visible


@require_POST
@party_required(invests=True)
@once_per_form
def ask(request: HttpRequest, reference: str) -> HttpResponse:
    found, form = visible(request, reference), WordsForm(request.POST)
    if form.is_valid():
        try:
            asking.ask(
                found,
                party=acting(request),
                by=request.user,  # type: ignore[arg-type]
                text=form.cleaned_data["text"],
                language=get_language() or "en",
                now=timezone.now(),
            )
            messages.success(request, _("Sent. We read it first, then the borrower answers."))
            return redirect("marketplace:listing", reference=reference)
        except asking.UnableToAsk as error:
            form.add_error("text", error.message)  # type: ignore[arg-type]
    context = detail_context(request, found, PledgeForm(listing=found)) | {"asking": form}
    return render(request, "marketplace/listing.html", context, status=422)


@require_GET
@party_required(borrows=True)
def questions(request: HttpRequest) -> HttpResponse:
    return _page(request)


def _page(request: HttpRequest, refused: dict[str, AnswerForm] | None = None) -> HttpResponse:
    forms_ = refused or {}
    rows = [(one, forms_.get(one.reference) or AnswerForm(prefix=one.reference)) for one in asking.waiting(acting(request))]
    return render(request, "marketplace/questions.html", {"rows": rows}, status=422 if forms_ else 200)


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    own = get_object_or_404(asking.of_borrower(acting(request)), reference=reference)
    form = AnswerForm(request.POST, prefix=reference)
    if form.is_valid():
        try:
            asking.answer(own, by=request.user, text=form.cleaned_data["text"], language=get_language() or "en", now=timezone.now())  # type: ignore[arg-type]
            messages.success(request, _("Sent. We read it, then everybody who may see your listing does."))
            return redirect("marketplace:questions")
        except asking.UnableToAsk as error:
            form.add_error("text", error.message)  # type: ignore[arg-type]
    return _page(request, {reference: form})
