"""A new plan as a holder sees it: old and new, what it means for the own share, and the vote where there is one."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import party_required
from core import business_day
from core.idempotency import once_per_form
from loans.hardship import plan as plans
from loans.hardship import vote
from loans.hardship.request import UnableToHelp
from loans.models import Participation, Plan
from marketplace import access
from marketplace.views.common import acting, marked


@require_GET
@never_cache
@party_required(invests=True)
def plan(request: HttpRequest, reference: str) -> HttpResponse:
    found, holding = access.held_plan(reference, user=request.user, party=acting(request))  # type: ignore[arg-type]
    access.note_life(found.loan, user=request.user, page="marketplace.plan", now=timezone.now())  # type: ignore[arg-type]
    return render(request, "marketplace/plan.html", _context(found, holding) | marked(request, found.loan.listing))


def _context(found: Plan, holding: Participation) -> dict[str, Any]:
    today = business_day.current()
    comparison = plans.shown(found)
    whole = found.loan.principal
    given = found.votes.filter(participation=holding).first()
    return {
        "plan": found,
        "loan": found.loan,
        "listing": found.loan.listing,
        "holding": holding,
        "rows": [{"due_on": row["due_on"], **{side: _part(row[side], holding, whole) for side in ("old", "new")}} for row in comparison.by_date()],
        "old_part": comparison.old_total * holding.amount // whole,
        "new_part": comparison.new_total * holding.amount // whole,
        "as_of": comparison.as_of,
        "given": given,
        "open": found.state == "voting" and found.votes_until is not None and found.votes_until >= today and given is None,
        "count": vote.count(found) if found.basis == "vote" else None,
    }


def _part(due: plans.Due | None, holding: Participation, whole: int) -> int | None:
    """The holder's part of one date, rounded down."""
    return None if due is None else due.total * holding.amount // whole


@require_POST
@party_required("sign", invests=True)
@once_per_form
def cast(request: HttpRequest, reference: str) -> HttpResponse:
    found, _holding = access.held_plan(reference, user=request.user, party=acting(request))  # type: ignore[arg-type]
    answer = request.POST.get("answer")
    if answer not in ("yes", "no"):
        messages.error(request, _("Choose yes or no."))
        return redirect("marketplace:plan", reference)
    try:
        vote.cast(found, party=acting(request), in_favor=answer == "yes", by=request.user, as_of=business_day.current(), now=timezone.now())  # type: ignore[arg-type]
        messages.success(request, _("Your vote is counted."))
    except UnableToHelp as error:
        messages.error(request, str(error.message))
    return redirect("marketplace:plan", reference)
