"""How a borrower is seen, for the borrower; and the disclosed record on paper, for whoever may see it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from accounts.access import party_required
from core import business_day
from loans.views.common import own_application, user_of
from marketplace import access, seen
from marketplace.views.listing import visible


@require_GET
@party_required(borrows=True)
def preview(request: HttpRequest, reference: str) -> HttpResponse:
    """As an investor sees me, stage by stage."""
    found, chosen = own_application(request, reference), seen.step(request.GET.get("at", ""))
    context = {"application": found, "steps": seen.STEPS, "chosen": chosen, **seen.preview(found, chosen, by=user_of(request), now=timezone.now())}
    return render(request, "marketplace/seen.html", context)


@require_GET
@party_required(invests=True)
def record(request: HttpRequest, reference: str) -> HttpResponse:
    """The listing as PDF, marked for its reader. The look is written down first."""
    found, now, user = visible(request, reference), timezone.now(), user_of(request)
    access.note(found, user=user, page="marketplace.record", now=now)
    relation = access.relation(found, user=user, party=request.party, now=now) or "investor"  # type: ignore[attr-defined]
    response = HttpResponse(seen.paper(found, viewer=user, relation=relation, on=business_day.current()), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{found.reference}.pdf"'
    return response
