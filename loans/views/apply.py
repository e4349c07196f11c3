"""Applying: a task list over a saved draft, one section a page, check your answers, submit once."""

from __future__ import annotations

from typing import Any

from django import forms as django_forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import actor, party_required
from core import business_day, states
from core.idempotency import once_per_form
from loans import access, words
from loans import answers as answers_of
from loans import application as applications_of
from loans.application import UnableToApply
from loans.forms import SECTION_FORMS, DocumentForm
from loans.models import Application
from loans.views.common import own_application, party_of, user_of
from privacy import disclosure
from privacy.notices import supported

TITLES = {
    "project": gettext_lazy("The project"),
    "funds": gettext_lazy("Use of funds"),
    "background": gettext_lazy("Background"),
    "repayment": gettext_lazy("Repayment plan"),
    "finances": gettext_lazy("Income, debts and work"),
    "documents": gettext_lazy("Documents"),
    "privacy": gettext_lazy("Your choices about your data"),
}


@require_http_methods(["GET", "POST"])
@party_required("prepare", borrows=True)
@once_per_form
def start(request: HttpRequest) -> HttpResponse:
    if request.method == "GET":
        return render(request, "loans/start.html")
    made = applications_of.start(party=party_of(request), by=user_of(request), language=supported(get_language()), now=timezone.now())
    return redirect("loans:application", made.reference)


@require_GET
@party_required(borrows=True)
def applications(request: HttpRequest) -> HttpResponse:
    rows = Application.objects.filter(party=party_of(request)).order_by("-created_at")
    return render(request, "loans/applications.html", {"applications": rows})


@require_GET
@never_cache
@party_required(borrows=True)
def application(request: HttpRequest, reference: str) -> HttpResponse:
    """The task list while it is a draft, the status afterwards."""
    found = own_application(request, reference)
    if found.state == "draft":
        return render(request, "loans/tasks.html", {"application": found, "tasks": _tasks(found)})
    events = [{"title": _state_words(change.state), "at": change.at, "kind": "yes"} for change in reversed(states.history(found))]
    offer = found.offers.order_by("-made_at").first()
    now, by = timezone.now(), user_of(request)
    reasons = answers_of.reasons(found, by=by, language=get_language(), page="loans:application", now=now)
    asked = answers_of.asked(found, by=by, page="loans:application", now=now)
    return render(request, "loans/status.html", {"application": found, "events": events, "offer": offer, "asked": asked, "reasons": reasons})


def _state_words(state: str) -> str:
    return str(dict(Application._meta.get_field("state").flatchoices)[state])


def _tasks(found: Application) -> list[dict[str, Any]]:
    progress = applications_of.progress(found, now=timezone.now())
    tasks = []
    for code, title in TITLES.items():
        url = reverse("loans:documents", args=[found.reference]) if code == "documents" else reverse("loans:section", args=[found.reference, code])
        done = progress[code]
        if code == "documents":
            state, said = ("done", _("Optional")) if not found.documents.filter(removed_at=None).exists() else ("done", _("Added"))
        else:
            state, said = ("done", _("Done")) if done else ("todo", _("To do"))
        tasks.append({"title": title, "url": url, "state": state, "words": said})
    return tasks


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("prepare", borrows=True)
def section(request: HttpRequest, reference: str, section: str) -> HttpResponse:
    """One section. What was typed stays when something is wrong; what is right is saved at once."""
    found = own_application(request, reference)
    if section not in SECTION_FORMS:
        raise Http404
    if found.state != "draft":
        return redirect("loans:application", reference)
    form = _form(request, found, section)
    if request.method == "POST" and form.is_valid():
        answers_of.save(found, section, form, now=timezone.now())
        return redirect("loans:application", reference)
    context = {"application": found, "form": form, "section": section, "title": TITLES[section], "tasks": _tasks(found)}
    return render(request, "loans/section.html", context, status=422 if request.method == "POST" else 200)


def _form(request: HttpRequest, found: Application, section: str) -> django_forms.Form:
    initial = answers_of.saved(found, section, by=user_of(request), page="loans:section", now=timezone.now())
    return answers_of.form(found, section, data=request.POST if request.method == "POST" else None, initial=initial)


def _answers(request: HttpRequest, found: Application, section: str) -> dict[str, Any]:
    return answers_of.own(found, section, by=user_of(request), page="loans:section", now=timezone.now())


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("prepare", borrows=True)
def documents(request: HttpRequest, reference: str) -> HttpResponse:
    found = own_application(request, reference)
    form = DocumentForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            applications_of.add_document(found, kind=form.cleaned_data["kind"], upload=form.cleaned_data["upload"], now=timezone.now())
            return redirect("loans:documents", reference)
        except ValidationError as error:
            form.add_error("upload", error)
        except UnableToApply as error:
            form.add_error("upload", str(error.message))
    rows = _named(request, found)
    context = {"application": found, "form": form, "documents": rows, "tasks": _tasks(found)}
    return render(request, "loans/documents.html", context, status=422 if request.method == "POST" else 200)


def _named(request: HttpRequest, found: Application) -> list[dict[str, Any]]:
    rows = list(found.documents.filter(removed_at=None).select_related("application__file").order_by("uploaded_at"))
    if not rows:
        return []
    opened = disclosure.reveal_many(rows, ["name"], actor=actor(user_of(request)), purpose="application", page="loans:documents", now=timezone.now())
    return [{"document": row, "name": opened[row.pk]["name"] if opened[row.pk] else row.reference} for row in rows]


@require_GET
@never_cache
@party_required(borrows=True)
def document(request: HttpRequest, reference: str) -> HttpResponse:
    """The person's own upload, as an attachment, never shown inside our origin."""
    found = access.own_document(reference, party=party_of(request))
    disclosure.note(
        [found.application.file.subject_id],
        kinds_seen=["document"],
        actor=actor(user_of(request)),
        purpose="application",
        page="loans:document",
        now=timezone.now(),
        reference=found.reference,
    )
    response = HttpResponse(applications_of.open_content(found), content_type=found.content_type)
    response["Content-Disposition"] = f'attachment; filename="{found.reference}"'
    return response


@require_POST
@party_required("prepare", borrows=True)
def remove_document(request: HttpRequest, reference: str) -> HttpResponse:
    found = access.own_document(reference, party=party_of(request))
    applications_of.remove_document(found, now=timezone.now())
    return redirect("loans:documents", found.application.reference)


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
    answers = {code: _answers(request, found, code) for code in ("background", "repayment", "finances")}
    shown = {code: [(name, words.VALUES.get(name, {}).get(value, value)) for name, value in rows.items()] for code, rows in answers.items()}
    missing = [TITLES[code] for code, done in applications_of.progress(found, now=timezone.now()).items() if not done]
    labels = {name: field.label for code in answers for name, field in SECTION_FORMS[code].base_fields.items()}
    lines = [
        {"code": code, "title": TITLES[code], "rows": [(labels[name], value, name in answers_of.MONEY) for name, value in rows if name in labels]}
        for code, rows in shown.items()
    ]
    return {"application": found, "lines": lines, "missing": missing, "funds": found.funds.order_by("position")}


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
