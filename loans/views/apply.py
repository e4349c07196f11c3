"""Applying: a task list over a saved draft, one idea a step, check your answers, submit once."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import actor, party_required
from core import business_day, states
from core.idempotency import once_per_form
from loans import access, screening, words
from loans import answers as answers_of
from loans import application as applications_of
from loans.application import UnableToApply
from loans.forms import FundsForm
from loans.models import Application
from loans.views import status, steps
from loans.views.common import own_application, party_of, user_of
from loans.views.steps import BY_CODE, STEPS, Step
from privacy.notices import supported


@require_http_methods(["GET", "POST"])
@party_required("prepare", borrows=True)
@once_per_form
def start(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        drafts = Application.objects.filter(party=party_of(request), state="draft").order_by("-saved_at")
        return render(request, "loans/start.html", {"drafts": drafts, "party": party_of(request)})
    made = applications_of.start(party=party_of(request), by=user_of(request), language=supported(get_language()), now=timezone.now())
    return redirect("loans:application", made.reference)


@require_GET
@party_required(borrows=True)
def applications(request: HttpRequest) -> HttpResponse:
    """The party's own applications, and those of others it signs with."""
    own = Application.objects.filter(party=party_of(request)).order_by("-created_at")
    beside = access.own_places(party_of(request)).filter(role="co_borrower").select_related("application").order_by("-pk")
    return render(request, "loans/applications.html", {"applications": own, "obligors": beside})


@require_GET
@never_cache
@party_required(borrows=True)
def application(request: HttpRequest, reference: str) -> HttpResponse:
    """The task list while it is a draft, the status afterwards."""
    found = own_application(request, reference)
    if found.state != "draft":
        return status.page(request, found)
    missing = steps.missing(found)
    context = {"application": found, "tasks": steps.tasks(found), "missing": missing, "total": len(STEPS), "done": len(STEPS) - len(missing)}
    return render(request, "loans/tasks.html", context)


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("prepare", borrows=True)
def section(request: HttpRequest, reference: str, section: str) -> HttpResponse:
    """One step. What was typed stays when something is wrong; what is right is saved at once."""
    found = own_application(request, reference)
    step = BY_CODE.get(section)
    if step is None or step.form is None:
        raise Http404
    if found.state != "draft" and not (found.state == "referred" and section in steps.REOPENED):
        return redirect("loans:application", reference)
    form = _form(request, found, step)
    if request.method == "POST" and "more" not in request.POST and form.is_valid():
        _save(found, step, form)
        _tell_screened(request, reference, step)
        return _onward(request, found, step)
    status_code = 422 if request.method == "POST" and "more" not in request.POST else 200
    return render(request, "loans/section.html", _section_context(found, step, form), status=status_code)


SCREENED = {"project": ("title", "summary"), "funds": ("funds",)}


def _tell_screened(request: HttpRequest, reference: str, step: Step) -> None:
    """Words that investors will not be shown are named while they can still be changed."""
    if step.code in SCREENED:
        for note in screening.notes(_screened(request, own_application(request, reference)), fields=SCREENED[step.code]):
            messages.warning(request, note)


def _screened(request: HttpRequest, found: Application) -> screening.Words:
    return screening.words(found, actor=actor(user_of(request), role="borrower"), page="loans:section", now=timezone.now())


def _onward(request: HttpRequest, found: Application, step: Step) -> HttpResponse:
    if found.state == "referred" or "leave" in request.POST:
        messages.success(request, _("Saved."))
        return redirect("loans:application", found.reference)
    return redirect(steps.after(step, own_application(request, found.reference)))


def _section_context(found: Application, step: Step, form: django_forms.Form) -> dict[str, Any]:
    together = sum(item.amount for item in found.funds.all())
    return {
        "application": found,
        "form": form,
        "step": step,
        "number": steps.number(step),
        "total": len(STEPS),
        "tasks": steps.tasks(found, current=step.code),
        "together": together,
        "left": (found.amount or 0) - together,
        "can_add": isinstance(form, FundsForm) and form.rows < 8,
    }


def _form(request: HttpRequest, found: Application, step: Step) -> django_forms.Form:
    assert step.form is not None
    data = request.POST if request.method == "POST" else None
    if step.code == "funds":
        return _funds_form(request, found)
    if step.section == "project":
        return step.form(data, initial={name: getattr(found, name) for name in step.form.base_fields if getattr(found, name)})
    return step.form(data, initial=answers(request, found, step))


def _funds_form(request: HttpRequest, found: Application) -> FundsForm:
    """As many lines as there are, and one more when asked for. Asking for a line checks nothing and loses nothing."""
    items = list(found.funds.order_by("position"))
    rows = len(items) + (0 if items else 1)
    if request.method == "POST":
        typed = request.POST.get("rows", "")
        rows = int(typed) if typed.isascii() and typed.isdecimal() and len(typed) < 3 else rows
        if "more" in request.POST:
            return FundsForm(initial=request.POST.dict(), total=found.amount, rows=rows + 1)
        return FundsForm(request.POST, total=found.amount, rows=rows)
    initial = {f"{part}_{item.position}": getattr(item, part) for item in items for part in ("label", "amount")}
    return FundsForm(initial=initial, total=found.amount, rows=rows)


def answers(request: HttpRequest, found: Application, step: Step) -> dict[str, Any]:
    """The person's own answers to one step, opened for themselves."""
    return answers_of.own(found, step.section, by=user_of(request), page="loans:section", now=timezone.now(), only=steps.FIELDS[step.code])


def _save(found: Application, step: Step, form: django_forms.Form) -> None:
    """The project is one section of two steps; what the other step said stays."""
    if step.section == "project":
        asked = {name: getattr(found, name) for name in answers_of.PROJECT} | form.cleaned_data
        applications_of.save_project(found, **asked, now=timezone.now())
    else:
        answers_of.save(found, step.section, form, now=timezone.now())


@require_GET
@never_cache
@party_required(borrows=True)
def check(request: HttpRequest, reference: str) -> HttpResponse:
    """Check your answers before you send them."""
    found = own_application(request, reference)
    if found.state != "draft":
        return redirect("loans:application", reference)
    return render(request, "loans/check.html", _check_context(request, found))


def _check_context(request: HttpRequest, found: Application) -> dict[str, Any]:
    blocks = []
    for step in STEPS:
        if step.code in steps.FIELDS and step.form is not None:
            labels = {name: field.label for name, field in step.form.base_fields.items()}
            given = answers(request, found, step)
            rows = [(labels[name], words.VALUES.get(name, {}).get(given[name], given[name]), name in answers_of.MONEY) for name in labels if name in given]
            blocks.append({"code": step.code, "title": step.title, "url": steps.url_of(step, found), "rows": rows})
    return {
        "application": found,
        "blocks": blocks,
        "missing": steps.missing(found),
        "not_shown": screening.notes(_screened(request, found)),
        "funds": found.funds.order_by("position"),
        "documents": found.documents.filter(removed_at=None).count(),
        "obligors": found.obligors.filter(role="co_borrower", state__in=["invited", "joined"]).order_by("pk"),
        "urls": {step.code: steps.url_of(step, found) for step in STEPS},
    }


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def submit(request: HttpRequest, reference: str) -> HttpResponse:
    found = own_application(request, reference)
    try:
        applications_of.submit(found, by=user_of(request), as_of=business_day.current(), now=timezone.now())
    except (UnableToApply, states.IllegalMove) as error:
        refused = str(error.message) if isinstance(error, UnableToApply) else _("This application was already sent.")
        return render(request, "loans/check.html", {**_check_context(request, found), "refused": refused}, status=409)
    messages.success(request, _("Sent. A person reads it next; you find each step here."))
    return redirect("loans:application", reference)


@require_POST
@party_required("sign", borrows=True)
def withdraw(request: HttpRequest, reference: str) -> HttpResponse:
    found = own_application(request, reference)
    try:
        applications_of.withdraw(found, by=user_of(request), now=timezone.now())
        messages.success(request, _("The application is withdrawn."))
    except states.IllegalMove:
        messages.error(request, _("It can no longer be withdrawn."))
    return redirect("loans:application", reference)
