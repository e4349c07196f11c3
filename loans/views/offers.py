"""The offer: key facts, schedule, signing with re-authentication; and the papers afterwards."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.access import actor, party_required
from accounts.reauthentication import latest, reauthentication_required
from core.idempotency import once_per_form
from core.money import format_amount
from loans import access, agreement
from loans import offer as offers_of
from loans.models import AgreementPaper, Offer
from loans.schedule import Schedule
from loans.views.common import party_of, user_of
from privacy import disclosure
from privacy.notices import supported


@require_GET
@never_cache
@party_required(borrows=True)
def offer(request: HttpRequest, reference: str) -> HttpResponse:
    found, now = access.own_offer(reference, party=party_of(request)), timezone.now()
    plan = offers_of.preview(found)
    obligors = agreement.bound(found)
    context = {
        "offer": found,
        "plan": plan,
        "chart": _chart(found, plan),
        "paid_out": found.principal - found.origination_fee,
        "cost": plan.totals.interest + found.origination_fee,
        "proven": latest(request) is not None,
        "open": found.state == "open" and found.expires_at > now,
        "days_left": max((found.expires_at - now).days, 0),
        "obligors": obligors if len(obligors) > 1 else [],
        "mine": next((obligor for obligor in obligors if obligor.party_id == party_of(request).pk), None),
        "own": found.application.party_id == party_of(request).pk,
    }
    return render(request, "loans/offer.html", context)


def _chart(found: Offer, plan: Schedule) -> dict[str, Any]:
    last = len(plan.installments)
    rows = [
        {
            "label": _("Month %(number)s") % {"number": row.number},
            "tick": str(row.number),
            "values": {"principal": row.principal, "interest": row.interest},
        }
        for row in plan.installments
    ]
    return {
        "id": "plan",
        "title": _("What you pay, by month"),
        "summary": _("%(total)s in all over %(months)s months, %(interest)s of it interest.")
        % {
            "total": format_amount(plan.totals.total, found.currency),
            "months": last,
            "interest": format_amount(plan.totals.interest, found.currency),
        },
        "currency": found.currency,
        "series": [{"key": "principal", "label": _("Principal"), "fill": "b1"}, {"key": "interest", "label": _("Interest"), "fill": "hatch"}],
        "rows": rows,
    }


@require_GET
@never_cache
@party_required(borrows=True)
def draft_paper(request: HttpRequest, reference: str) -> HttpResponse:
    """The agreement to read before signing, with the names of those who are to sign."""
    found = access.own_offer(reference, party=party_of(request))
    if found.state != "open":
        raise Http404
    disclosure.note(
        [found.application.file.subject_id],
        kinds_seen=["contract_terms", "name"],
        actor=actor(user_of(request)),
        purpose="agreement",
        page="loans:draft_paper",
        now=timezone.now(),
        reference=reference,
    )
    response = HttpResponse(agreement.preview(found, language=supported(get_language()), now=timezone.now()), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{reference}-to-read.pdf"'
    return response


@require_POST
@party_required("sign", borrows=True)
@reauthentication_required
@once_per_form
def sign(request: HttpRequest, reference: str) -> HttpResponse:
    found = access.own_offer(reference, party=party_of(request))
    try:
        loan = offers_of.accept(found, by=user_of(request), reauthentication=latest(request), language=supported(get_language()), now=timezone.now())
    except offers_of.UnableToAnswer as error:
        messages.error(request, str(error.message))
        return redirect("loans:offer", reference)
    if loan is None:
        messages.success(request, _("Signed. We wait for the other signatures."))
        return redirect("loans:offer", reference)
    if loan.party_id != party_of(request).pk:
        messages.success(request, _("Signed. All have signed, and the agreement is made."))
        return redirect("loans:offer", reference)
    messages.success(request, _("Signed. Your project is now shown to investors."))
    return redirect("loans:loan", loan.reference)


@require_POST
@party_required("sign", borrows=True)
def decline(request: HttpRequest, reference: str) -> HttpResponse:
    found = access.own_offer(reference, party=party_of(request))
    try:
        offers_of.decline(found, by=user_of(request), now=timezone.now())
        messages.success(request, _("Declined. Nothing binds you."))
    except offers_of.UnableToAnswer as error:
        messages.error(request, str(error.message))
    return redirect("loans:offer", reference)


@require_GET
@never_cache
@party_required(borrows=True)
def paper(request: HttpRequest, reference: str, kind: str) -> HttpResponse:
    """The signed PDF, for those bound by it."""
    rows = AgreementPaper.objects.select_related("agreement__offer__application__file").filter(agreement__offer__in=access.own_offers(party_of(request)))
    kept = get_object_or_404(rows, agreement__reference=reference, kind=kind)
    disclosure.note(
        [kept.agreement.offer.application.file.subject_id],
        kinds_seen=["contract_terms"],
        actor=actor(user_of(request)),
        purpose="agreement",
        page="loans:paper",
        now=timezone.now(),
        reference=reference,
    )
    response = HttpResponse(agreement.open_paper(kept), content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{reference}-{kind}.pdf"'
    return response
