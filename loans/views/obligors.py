"""Co-borrowers: the borrower invites; whoever holds the link reads, joins or declines; everybody bound sees what binds them."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import parties
from accounts.access import acting_party, actor, party_required
from core import states
from core.idempotency import once_per_form
from loans import access
from loans import obligor as obligors_of
from loans.application import UnableToApply
from loans.forms import ObligorForm
from loans.models import Application, Obligor
from loans.obligor import UnableToJoin
from loans.views import steps
from loans.views.common import own_application, party_of, user_of
from privacy import disclosure

LINK = "obligor_link"  # in the session, between the moment it was made and the page that shows it once


@require_http_methods(["GET", "POST"])
@never_cache
@party_required("sign", borrows=True)
@once_per_form
def obligors(request: HttpRequest, reference: str) -> HttpResponse:
    """Who signs with the borrower; a new link is shown once, right after it was made."""
    found = own_application(request, reference)
    if request.method == "POST":
        try:
            made, token = obligors_of.invite(found, by=user_of(request), now=timezone.now())
            request.session[LINK] = {"obligor": made.reference, "token": token}
        except UnableToApply as error:
            messages.error(request, str(error.message))
        return redirect("loans:obligors", reference)
    if found.state != "draft":
        return redirect("loans:application", reference)
    return render(request, "loans/obligors.html", _context(request, found))


@sensitive_variables()
def _context(request: HttpRequest, found: Application) -> dict[str, Any]:
    step, made = steps.BY_CODE["obligors"], request.session.pop(LINK, None)
    rows = obligors_of.co_borrowers(found).exclude(state="expired").exclude(state="declined", party=None)
    link = f"{settings.SITE_URL}{reverse('loans:invitation', args=[made['token']])}" if made else ""
    return {
        "application": found,
        "obligors": rows,
        "link": link,
        "link_for": made["obligor"] if made else "",
        "room": rows.filter(state__in=["invited", "joined"]).count() < obligors_of.CO_BORROWERS_MAX,
        "tasks": steps.tasks(found, current="obligors"),
        "step": step,
        "number": steps.number(step),
        "total": len(steps.STEPS),
        "next_url": steps.after(step, found),
        "now": timezone.now(),
    }


@require_POST
@party_required("sign", borrows=True)
def take_back(request: HttpRequest, reference: str) -> HttpResponse:
    """The borrower takes an unanswered invitation back."""
    found = get_object_or_404(Obligor, reference=reference, application__party=party_of(request), role="co_borrower")
    try:
        obligors_of.take_back(found, by=user_of(request), now=timezone.now())
        messages.success(request, _("Taken back. The link leads nowhere now."))
    except (UnableToApply, states.IllegalMove):
        messages.error(request, _("It was answered already."))
    return redirect("loans:obligors", found.application.reference)


@require_http_methods(["GET", "POST"])
@never_cache
@sensitive_variables("token")
@once_per_form
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the link leads to. Looking at it changes nothing; joining and declining are sent forms."""
    try:
        found = obligors_of.find(token, now=timezone.now())
    except UnableToJoin as error:
        if error.code == "unknown":
            raise Http404 from error
        return render(request, "loans/invitation_over.html", {"reason": error.message}, status=410)
    if not request.user.is_authenticated:
        return render(request, "loans/invitation_door.html", {"next": request.path})
    party = acting_party(request, now=timezone.now())
    if party is None or not parties.may(user_of(request), party, "sign", now=timezone.now()):
        return render(request, "loans/invitation_over.html", {"reason": _("You need an account of your own that may sign.")}, status=403)
    request.party = party  # type: ignore[attr-defined]
    return _answer(request, found) if request.method == "POST" else _invitation_page(request, found, ObligorForm.screen(request.POST))


def _answer(request: HttpRequest, found: Obligor) -> HttpResponse:
    if request.POST.get("answer") == "decline":
        obligors_of.decline(found, by=user_of(request), now=timezone.now())
        messages.success(request, _("Declined. Nothing about you was kept, and the link leads nowhere now."))
        return redirect("pages:home")
    form = ObligorForm.screen(request.POST)
    if not form.is_bound or not form.is_valid():
        return _invitation_page(request, found, form, status=422 if form.errors else 200)
    data = form.cleaned_data
    try:
        joined = obligors_of.join(
            found,
            party=party_of(request),
            by=user_of(request),
            income_monthly=data["income_monthly"],
            debt_monthly=data["debt_monthly"],
            answers=[data[purpose] for purpose in obligors_of.NEEDED],
            now=timezone.now(),
        )
    except UnableToJoin as error:
        form.add_error(None, str(error.message))
        return _invitation_page(request, found, form, status=409)
    messages.success(request, _("You have joined. Nothing binds you before you sign the offer."))
    return redirect("loans:obligation", joined.reference)


def _invitation_page(request: HttpRequest, found: Obligor, form: ObligorForm, *, status: int = 200) -> HttpResponse:
    refusal: UnableToJoin | None = None
    try:
        obligors_of.check(found, party=party_of(request))
    except UnableToJoin as error:
        refusal = error
    if refusal is None or refusal.code == "unverified":
        _note(request, found)
    context = {**_terms(found), "form": form, "refusal": refusal, "party": party_of(request)}
    return render(request, "loans/invitation.html", context, status=status)


def _terms(found: Obligor) -> dict[str, Any]:
    """What somebody beside the borrower would be bound to: the project and what is asked for, nothing about the borrower's own means."""
    return {"obligor": found, "application": found.application, "funds": found.application.funds.order_by("position")}


def _note(request: HttpRequest, found: Obligor) -> None:
    disclosure.note(
        [found.application.file.subject_id],
        kinds_seen=["project", "use_of_funds"],
        actor=actor(user_of(request), role="co_borrower"),
        purpose="application",
        page="loans:invitation",
        now=timezone.now(),
        reference=found.reference,
    )


def _own(request: HttpRequest, reference: str) -> Obligor:
    rows = access.own_places(party_of(request)).select_related("application__file", "application__party", "party").filter(role="co_borrower")
    return get_object_or_404(rows, reference=reference)


@require_GET
@never_cache
@party_required(borrows=True)
def obligation(request: HttpRequest, reference: str) -> HttpResponse:
    """What the co-borrower is bound to, what they said, and the offer when there is one."""
    found = _own(request, reference)
    _note(request, found)
    opened = disclosure.reveal(
        found, ["income_monthly", "debt_monthly"], actor=actor(user_of(request)), purpose="application", page="loans:obligation", now=timezone.now()
    )
    offer = found.application.offers.order_by("-made_at").first()
    figures = {name: int(value) if value else None for name, value in opened.items()}
    return render(request, "loans/obligation.html", {**_terms(found), "figures": figures, "offer": offer})


@require_POST
@party_required("sign", borrows=True)
def step_back(request: HttpRequest, reference: str) -> HttpResponse:
    found = _own(request, reference)
    try:
        obligors_of.step_back(found, by=user_of(request), now=timezone.now())
        messages.success(request, _("You have stepped back. Nothing binds you."))
        return redirect("loans:applications")
    except (UnableToApply, states.IllegalMove):
        messages.error(request, _("The application was sent already. You can decline the offer when it comes; until then nothing binds you."))
    return redirect("loans:obligation", reference)
