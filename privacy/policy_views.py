"""Pages about the rules themselves, for anybody: the simulator."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from . import decisions, simulator


@require_safe
def simulate(request: HttpRequest) -> HttpResponse:
    """Country, person, purpose, hour in; verdict, reason and law out. Nothing is stored and nobody contacted."""
    on = timezone.localdate()
    book = decisions.rulebook(on=on)
    form = simulator.SimulatorForm(request.GET or simulator.FIRST, book=book)
    outcome = simulator.simulate(form.request(), on=on) if form.is_valid() else None
    context = {"form": form, "outcome": outcome, "packs": [simulator.Edition(pack) for _code, pack in sorted(book.packs.items())], "floor": book.floor}
    return render(request, "privacy/simulator.html", context, status=200 if form.is_valid() else 422)
