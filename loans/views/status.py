"""The application after it was sent: where it stands and what comes next, the steps so far, reasons, and answering when we ask for more."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import actor, party_required
from core import business_day, states
from core.idempotency import once_per_form
from loans import answers, referral, sources
from loans.application import UnableToApply
from loans.forms import ReplyForm
from loans.models import Application, Loan
from loans.views import documents, steps
from loans.views.common import own_application, user_of
from privacy import disclosure

# state → (heading of the timeline, what it means, kind of spot, icon)
EVENTS: dict[str, tuple[Any, Any, str, str]] = {
    "draft": (gettext_lazy("Draft begun"), "", "", "pen"),
    "submitted": (gettext_lazy("Sent"), gettext_lazy("Your answers were frozen and the scorecard assessed them. A person reads them next."), "yes", ""),
    "in_review": (gettext_lazy("A person reads it"), gettext_lazy("One assessor has taken it. You see under “Your privacy” when it is opened."), "", "eye"),
    "referred": (gettext_lazy("We asked for more"), "", "", "warn"),
    "approved": (gettext_lazy("Approved"), "", "yes", ""),
    "offered": (gettext_lazy("We made an offer"), gettext_lazy("It binds us until its last day. You decide."), "yes", "sign"),
    "accepted": (gettext_lazy("You accepted"), gettext_lazy("The terms are fixed."), "yes", "sign"),
    "declined": (gettext_lazy("We declined"), gettext_lazy("A person decided."), "no", "x"),
    "lapsed": (gettext_lazy("The offer ended"), gettext_lazy("It was declined or its last day passed. Nothing binds you."), "", "clock"),
    "withdrawn": (gettext_lazy("You withdrew it"), gettext_lazy("Nothing binds you."), "", "x"),
}
CORRECTED = {"correction": gettext_lazy("You began to correct an answer"), "corrected": gettext_lazy("You corrected your answers")}
RELEASED, ANSWERED = gettext_lazy("Back in the queue"), gettext_lazy("You answered")


def page(request: HttpRequest, found: Application, form: ReplyForm | None = None, *, status: int = 200, **forms: Any) -> HttpResponse:
    from loans.views import after_no

    referred = found.state == "referred"
    context = {
        "application": found,
        "form": form or ReplyForm(),
        "events": _events(found),
        "offer": found.offers.order_by("-made_at").first(),
        "loan": Loan.objects.filter(agreement__offer__application=found).first(),
        "reasons": _reasons(request, found),
        "exchanges": _exchanges(request, found),
        "sources": sources.told(found, actor=actor(user_of(request)), purpose="application", page="loans:application", now=timezone.now()),
        "tasks": steps.tasks(found) if referred else [],
        "documents": documents.named(request, found) if referred else [],
        "obligors": found.obligors.exclude(role="borrower").exclude(state__in=["declined", "expired"]).order_by("pk"),
    }
    context |= after_no.shown(request, found) | forms
    return render(request, "loans/status.html", context, status=status)


def _events(found: Application) -> list[dict[str, Any]]:
    """The timeline, newest first."""
    events = []
    for change in reversed(states.history(found)):
        title, text, kind, sign = EVENTS[change.state]
        if change.why in ("released", "answered"):
            title, text, sign = (RELEASED, "", "clock") if change.why == "released" else (ANSWERED, _("It is back in the queue, at its old place."), "")
        if change.why in CORRECTED:
            title, text, sign = CORRECTED[change.why], "", "pen"
        events.append({"title": title, "at": change.at, "kind": kind, "sign": sign, "text": text})
    return events


def _reasons(request: HttpRequest, found: Application) -> list[dict[str, Any]]:
    """The scorecard's reasons with the borrower's own figures and what would change them."""
    return answers.reasons(found, by=user_of(request), language=get_language(), page="loans:application", now=timezone.now())


def _exchanges(request: HttpRequest, found: Application) -> list[dict[str, Any]]:
    """What we asked and what was answered, opened for the borrower."""
    who, now, shown = actor(user_of(request)), timezone.now(), []
    for asked, reply in referral.exchanges(found):
        question = disclosure.reveal(asked, ["reason"], actor=who, purpose="review", page="loans:application", now=now)["reason"]
        said = disclosure.reveal(reply, ["text"], actor=who, purpose="review", page="loans:application", now=now)["text"] if reply else ""
        shown.append({"asked_at": asked.at, "question": question, "answered_at": reply.at if reply else None, "answer": said})
    return shown


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def answer(request: HttpRequest, reference: str) -> HttpResponse:
    """The answer to a request for more: the application goes back into the queue."""
    found = own_application(request, reference)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return page(request, found, form, status=422)
    try:
        referral.answer(found, text=form.cleaned_data["text"], by=user_of(request), as_of=business_day.current(), now=timezone.now())
    except UnableToApply as error:
        messages.error(request, str(error.message))
        return redirect("loans:application", reference)
    messages.success(request, _("Sent. Your application is back in the queue, at its old place."))
    return redirect("loans:application", reference)
