"""Up to four loans side by side."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.access import party_required
from marketplace import access, comparing
from marketplace.models import Listing
from marketplace.views.common import acting, marked


@require_GET
@party_required(invests=True)
def compare(request: HttpRequest) -> HttpResponse:
    """The loans named in the address, each look noted. More than four, or one that is not there: the rest, and a word about it."""
    wanted = list(dict.fromkeys(request.GET.getlist("loan")))
    if not wanted:
        messages.info(request, _("Choose two to four loans in the list first."))
        return redirect("marketplace:listings")
    found = _found(request, wanted[: comparing.MOST])
    if len(wanted) > comparing.MOST:
        messages.warning(request, _("Four loans fit side by side; the others are left out."))
    if len(found) < min(len(wanted), comparing.MOST):
        messages.warning(request, _("A loan you chose is no longer open."))
    context = {"loans": found, "lines": comparing.lines(found, now=timezone.now()), **(marked(request, *found) if found else {})}
    return render(request, "marketplace/compare.html", context)


def _found(request: HttpRequest, references: list[str]) -> list[Listing]:
    found = []
    for reference in references:
        try:
            listing = access.visible(reference, user=request.user, party=acting(request))  # type: ignore[arg-type]
        except Http404:
            continue
        access.note(listing, user=request.user, page="marketplace.compare", now=timezone.now())  # type: ignore[arg-type]
        found.append(listing)
    return found
