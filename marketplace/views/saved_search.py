"""Searches a party keeps: the list, saving the filters of a list of loans, ending one."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.access import party_required
from marketplace import access, forms, presenting
from marketplace import saved_search as searching
from marketplace.views.common import acting


@require_http_methods(["GET", "POST"])
@party_required(invests=True)
def searches(request: HttpRequest) -> HttpResponse:
    """GET the list; POST the filters to keep."""
    party = acting(request)
    if request.method == "POST":
        try:
            searching.save(forms.FilterForm(request.POST).wanted(), party=party, by=request.user, now=timezone.now())  # type: ignore[arg-type]
            messages.success(request, _("Saved. We tell you once about each new loan that fits."))
        except searching.UnableToSave as error:
            messages.error(request, str(error.message))
        return redirect("marketplace:searches")
    rows = [{"saved": saved, "words": presenting.search_words(saved)} for saved in searching.of(party)]
    return render(request, "marketplace/searches.html", {"rows": rows, "most": searching.MOST})


@require_POST
@party_required(invests=True)
def end(request: HttpRequest, reference: str) -> HttpResponse:
    searching.end(access.own_search(reference, party=acting(request)), now=timezone.now())
    messages.success(request, _("Ended. You get no more messages about this search."))
    return redirect("marketplace:searches")
