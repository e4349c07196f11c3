"""Pages about the rules: the simulator for anybody, and one decision explained to the person concerned and to staff."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from . import decisions, explaining, passport, simulator
from .contact_facing import ForContact
from .explaining import Explained
from .models import ContactDecision, DataSubject


@require_safe
def simulate(request: HttpRequest) -> HttpResponse:
    """Country, person, purpose, hour in; verdict, reason and law out. Nothing is stored and nobody contacted."""
    on = timezone.localdate()
    book = decisions.rulebook(on=on)
    form = simulator.SimulatorForm(request.GET or simulator.FIRST, book=book)
    outcome = simulator.simulate(form.request(), on=on) if form.is_valid() else None
    context = {"form": form, "outcome": outcome, "packs": [simulator.Edition(pack) for _code, pack in sorted(book.packs.items())], "floor": book.floor}
    return render(request, "privacy/simulator.html", context, status=200 if form.is_valid() else 422)


@require_safe
@login_required
@never_cache
def attempts(request: HttpRequest) -> HttpResponse:
    """Every time somebody or something wanted to reach the person signed in, allowed or refused."""
    subject = getattr(request.user, "subject", None)
    if not isinstance(subject, DataSubject):
        raise Http404
    return render(request, "privacy/attempts.html", {"attempts": explaining.about(subject)})


@require_safe
@never_cache
def decision(request: HttpRequest, reference: str) -> HttpResponse:
    """One decision explained: to the person it is about, and to staff who may look. For everybody else there is none."""
    row = get_object_or_404(explaining.rows(), reference=reference)
    if not (_is_about(row, request) or request.user.has_perm("privacy.view_contactdecision")):
        raise Http404
    told = Explained if request.user.has_perm("privacy.view_contactdecision") or row.role != "contact" else ForContact
    return render(request, "privacy/decision.html", {"explained": told(row), "staff": request.user.is_staff})


def _is_about(row: ContactDecision, request: HttpRequest) -> bool:
    index = passport.reader(request, now=timezone.now())
    as_contact = index is not None and row.contact is not None and bytes(row.contact.number_index or b"") == index
    return as_contact or getattr(request.user, "subject_id", None) == row.subject_id
