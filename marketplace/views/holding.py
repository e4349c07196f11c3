"""The page of one holding."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts.access import party_required
from core import business_day
from loans.models import Participation
from marketplace import access
from marketplace import holding as holdings
from marketplace.views.common import acting, marked


@require_GET
@never_cache
@party_required(invests=True)
def holding(request: HttpRequest, reference: str) -> HttpResponse:
    rows = Participation.objects.select_related("loan__listing", "loan__file__subject", "loan__standing")
    found = get_object_or_404(rows, loan__listing__reference=reference, party=acting(request), loan__disbursed_on__isnull=False)
    seen = holdings.view(found, user=request.user, today=business_day.current())  # type: ignore[arg-type]
    if seen.relation is not None:
        access.note_life(found.loan, user=request.user, page="marketplace.holding", now=timezone.now())  # type: ignore[arg-type]
    context = {
        "holding": found,
        "loan": found.loan,
        "listing": found.loan.listing,
        "seen": seen,
        "received": holdings.received(found),
        "still_out": found.amount - found.received_principal,
        "today": business_day.current(),
        **marked(request, found.loan.listing),
    }
    return render(request, "marketplace/holding_page.html", context)
