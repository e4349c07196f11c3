"""After a no: asking for another person, and setting an answer right."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.access import actor, party_required
from core import business_day
from core.idempotency import once_per_form
from loans import amendment
from loans import second_look as looks
from loans.application import UnableToApply
from loans.forms import CorrectionForm, SecondLookForm
from loans.models import Application, SecondLook
from loans.second_look import UnableToLook
from loans.views import status
from loans.views.common import own_application, user_of
from privacy import disclosure


def shown(request: HttpRequest, found: Application) -> dict[str, Any]:
    """What the application's page says of second looks and corrections."""
    now = timezone.now()
    rows = [_look(request, look) for look in found.looks.order_by("asked_at")]
    return {
        "looks": rows,
        "may_ask": looks.may_ask(found, now=now),
        "may_correct": amendment.may_open(found, now=now),
        "correcting": amendment.current(found),
        "look_form": SecondLookForm(),
        "correction_form": CorrectionForm(),
    }


def _look(request: HttpRequest, look: SecondLook) -> dict[str, Any]:
    fields = ["words", *(["answer"] if look.answered_at else [])]
    opened = disclosure.reveal(look, fields, actor=actor(user_of(request)), purpose="review", page="loans:application", now=timezone.now())
    return {"look": look, "words": opened["words"], "answer": opened.get("answer", "")}


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def second_look(request: HttpRequest, reference: str) -> HttpResponse:
    found, form = own_application(request, reference), SecondLookForm(request.POST)
    if not form.is_valid():
        return status.page(request, found, status=422, look_form=form)
    try:
        looks.ask(found, words=form.cleaned_data["words"], by=user_of(request), now=timezone.now())
        messages.success(request, _("Sent. Somebody who did not decide the first time reads the whole application again."))
    except UnableToLook as error:
        messages.error(request, str(error.message))
    return redirect("loans:application", reference)


@require_POST
@party_required("prepare", borrows=True)
@once_per_form
def correct(request: HttpRequest, reference: str) -> HttpResponse:
    try:
        amendment.open_(own_application(request, reference), by=user_of(request), now=timezone.now())
    except UnableToApply as error:
        messages.error(request, str(error.message))
    return redirect("loans:application", reference)


@require_POST
@party_required("sign", borrows=True)
@once_per_form
def corrected(request: HttpRequest, reference: str) -> HttpResponse:
    found, form = own_application(request, reference), CorrectionForm(request.POST)
    if not form.is_valid():
        return status.page(request, found, status=422, correction_form=form)
    try:
        amendment.send(found, words=form.cleaned_data["words"], by=user_of(request), as_of=business_day.current(), now=timezone.now())
        messages.success(request, _("Sent. The scorecard has assessed your answers as they are now, and a person reads them."))
    except UnableToApply as error:
        messages.error(request, str(error.message))
    return redirect("loans:application", reference)
