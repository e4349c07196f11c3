"""The borrower's page about their circle: nobody is needed; whoever is named decides for themselves."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import party_required
from core.idempotency import once_per_form
from loans import access, circle
from loans.circle_forms import CircleForm
from loans.views.common import party_of, user_of
from privacy import assessments
from privacy.notices import supported

REFUSALS = {
    "feature_off": assessments.FeatureOff.message,
    "closed": gettext_lazy("This affair is closed. Nobody is named any more."),
    "too_many": gettext_lazy("You have named five people. That is the most anybody may; take somebody back first."),
    "own_number": gettext_lazy("Save your own phone number under “Where and what you work” first, so that nobody can answer in your place with it."),
}


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("prepare", borrows=True)
@once_per_form
def people(request: HttpRequest, reference: str) -> HttpResponse:
    """Who was named, what came of it, and a link for somebody new."""
    found = access.own_application(reference, party=party_of(request))
    form = CircleForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            circle.invite(found, **form.cleaned_data, by=user_of(request), locale=supported(get_language()), now=timezone.now())
        except circle.UnableToInvite as error:
            form.add_error(None, str(REFUSALS[error.code]))
        else:
            messages.success(request, _("Here is the link. Send it to the person yourself; it works once, for a week."))
            return redirect("loans:circle", reference)
    context = {
        "application": found,
        "form": form,
        "people": circle.named(found, now=timezone.now()),
        "attempts": circle.attempts(found),
    }
    return render(request, "loans/circle.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@party_required("prepare", borrows=True)
def take_back(request: HttpRequest, reference: str, link: str) -> HttpResponse:
    found = access.own_application(reference, party=party_of(request))
    if not circle.take_back(found, reference=link, by=user_of(request), now=timezone.now()):
        raise Http404
    messages.success(request, _("Taken back. This person is not asked any more."))
    return redirect("loans:circle", reference)
