"""The documents of an application: added, looked at and taken back by the borrower."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.access import actor, party_required
from core.idempotency import once_per_form
from loans import access
from loans import application as applications_of
from loans.application import UnableToApply
from loans.forms import DocumentForm
from loans.models import Application
from loans.views import steps
from loans.views.common import own_application, party_of, user_of
from privacy import disclosure


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("prepare", borrows=True)
@once_per_form
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
    return render(request, "loans/documents.html", _context(request, found, form), status=422 if request.method == "POST" else 200)


def _context(request: HttpRequest, found: Application, form: DocumentForm) -> dict[str, Any]:
    step = steps.BY_CODE["documents"]
    return {
        "application": found,
        "form": form,
        "documents": named(request, found),
        "tasks": steps.tasks(found, current="documents"),
        "step": step,
        "number": steps.number(step),
        "total": len(steps.STEPS),
        "next_url": steps.after(step, found) if found.state == "draft" else "",
    }


def named(request: HttpRequest, found: Application) -> list[dict[str, Any]]:
    """The documents with the names the borrower gave them, opened for the borrower."""
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
