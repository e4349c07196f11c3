"""The notice of a breach, for the persons it concerns: to everybody else it is not there."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET

from . import breaches, notices
from .models import BreachPerson, DataSubject
from .views import _own_page


@require_GET
@_own_page
def breach(request: HttpRequest, subject: DataSubject, reference: str) -> HttpResponse:
    """What PIPL 57 asks for, in the reader's language."""
    told = BreachPerson.objects.select_related("breach").filter(breach__drill=False, told_at__isnull=False)
    person = get_object_or_404(told, subject=subject, breach__reference=reference)
    return render(request, "privacy/breach.html", {"draft": breaches.draft(person.breach, locale=notices.supported(get_language())), "reference": reference})
