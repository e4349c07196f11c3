"""The borrower's choices about their data: each consent alone on its screen, kept before the next is asked (PIPL articles 14, 23, 29 and 30)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from accounts.access import party_required
from loans import answers as answers_of
from loans.forms import ConsentsForm
from loans.models import Application
from loans.views import steps
from loans.views.common import own_application
from privacy import consents, purposes

QUESTIONS = tuple(ConsentsForm.base_fields)
STEP = steps.BY_CODE["privacy"]
UNSURE = (consents.ASKED, consents.ASK_AGAIN, consents.EXPIRED)  # nothing holds: the question is put


@require_GET
@never_cache
@party_required("prepare", borrows=True)
def choices(request: HttpRequest, reference: str) -> HttpResponse:
    """The first question without an answer; with all answered, the answers, each to be changed."""
    found = own_application(request, reference)
    if found.state != "draft":
        return redirect("loans:application", reference)
    states = _states(found)
    open_one = next((purpose for purpose in QUESTIONS if states[purpose] in UNSURE and ConsentsForm.base_fields[purpose].required), None)
    if open_one:
        return redirect("loans:choice", reference, open_one)
    lines = [{"label": purposes.label(purpose), "state": states[purpose], "url": _url(found, purpose)} for purpose in QUESTIONS]
    return render(request, "loans/choices.html", _context(found) | {"lines": lines, "onward": steps.after(STEP, found)})


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("prepare", borrows=True)
def choice(request: HttpRequest, reference: str, purpose: str) -> HttpResponse:
    """One question. Its answer is kept at once; a later visit may change it until the application is sent."""
    found = own_application(request, reference)
    if purpose not in QUESTIONS:
        raise Http404
    if found.state != "draft":
        return redirect("loans:application", reference)
    form = ConsentsForm(request.POST if request.method == "POST" else None, only=purpose)
    if request.method == "POST" and form.is_valid():
        answers_of.save(found, "privacy", form, now=timezone.now())
        return _onward(request, found, purpose)
    context = _context(found) | {"form": form, "asked": QUESTIONS.index(purpose) + 1, "questions": len(QUESTIONS), "state": _states(found)[purpose]}
    return render(request, "loans/choice.html", context, status=422 if request.method == "POST" else 200)


def _onward(request: HttpRequest, found: Application, purpose: str) -> HttpResponse:
    if "leave" in request.POST:
        messages.success(request, _("Saved."))
        return redirect("loans:application", found.reference)
    states = _states(found)
    following = next((other for other in QUESTIONS[QUESTIONS.index(purpose) + 1 :] if states[other] in UNSURE), None)
    return redirect(_url(found, following) if following else steps.after(STEP, found))


def _states(found: Application) -> dict[str, str]:
    """{purpose: state of its consent} for this application."""
    return {purpose: consents.state(subject=found.file.subject, purpose=purpose, matter=found.file.matter, now=timezone.now()).code for purpose in QUESTIONS}


def _url(found: Application, purpose: str) -> str:
    return reverse("loans:choice", args=[found.reference, purpose])


def _context(found: Application) -> dict[str, Any]:
    return {"application": found, "step": STEP, "number": steps.number(STEP), "total": len(steps.STEPS), "tasks": steps.tasks(found, current=STEP.code)}
