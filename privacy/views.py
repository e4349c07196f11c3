"""The consent and privacy centre of the person signed in, and the published notices for everybody."""

import base64
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.idempotency import once_per_form

from . import centre as centre_page
from . import consents, disclosure, kinds, notices, purposes, receipts, rights, seals
from .forms import ConsentForm, record_answers
from .models import Consent, DataSubject, Matter, Notice

LOOKS_SHOWN = 200


def _own_page(view: Any) -> Any:
    """A page about the person signed in, never kept by a cache; 404 for a sign-in that is nobody's data subject."""

    @login_required
    @never_cache
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        subject = getattr(request.user, "subject", None)
        if not isinstance(subject, DataSubject):
            raise Http404
        return view(request, subject, *args, **kwargs)

    return wrapped


def _locale() -> str:
    return notices.supported(get_language())


@require_GET
@_own_page
def centre(request: HttpRequest, subject: DataSubject) -> HttpResponse:
    now = timezone.now()
    lines = centre_page.lines(subject, locale=_locale(), now=now)
    figures = centre_page.figures(subject, lines, now=now)
    context = {"lines": lines, "figures": figures, "looks": centre_page.recent_looks(subject), "subject": subject, "locks": centre_page.locks(subject, now=now)}
    return render(request, "privacy/centre.html", context)


@require_GET
@_own_page
def looks(request: HttpRequest, subject: DataSubject) -> HttpResponse:
    return render(request, "privacy/looks.html", {"looks": disclosure.who_looked(subject, limit=LOOKS_SHOWN), "limit": LOOKS_SHOWN})


@require_http_methods(["GET", "POST"])
@_own_page
@once_per_form
def consent(request: HttpRequest, subject: DataSubject, purpose: str) -> HttpResponse:
    """One consent on its own screen: read, then yes or no."""
    if purpose not in notices.codes():
        raise Http404
    matter = _asked_matter(request, subject, purpose)
    form = ConsentForm(request.POST or None, purpose=purpose)
    if form.is_valid():
        (answer,) = record_answers([form.cleaned_data["answer"]], subject=subject, now=timezone.now(), matter=matter)
        messages.success(request, _("Your answer is recorded. Receipt %(receipt)s.") % {"receipt": answer.receipt_id})
        return redirect("privacy:centre")
    return render(request, "privacy/ask.html", {"form": form, "matter": matter, "purpose": purposes.get(purpose)})


@require_POST
@_own_page
@once_per_form
def withdraw(request: HttpRequest, subject: DataSubject, purpose: str) -> HttpResponse:
    matter = _asked_matter(request, subject, purpose)
    try:
        taken_back = consents.withdraw(subject=subject, purpose=purpose, matter=matter, locale=_locale(), now=timezone.now())
    except consents.UnableToRecord:
        messages.info(request, _("There is nothing to withdraw: this consent is not in force."))
    else:
        messages.success(request, _("Withdrawn, from this moment on. Receipt %(receipt)s.") % {"receipt": taken_back.receipt_id})
    return redirect("privacy:centre")


def _asked_matter(request: HttpRequest, subject: DataSubject, purpose: str) -> Matter | None:
    """The open or closed affair the answer is about, by its id in the form or address; 404 for another person's or a purpose not answered here."""
    known = purposes.PURPOSES.get(purpose)
    if known is None or known.basis != "consent":
        raise Http404
    if not known.per_matter:
        return None
    try:
        matter_id = UUID(request.POST.get("matter") or request.GET.get("matter") or "")
    except ValueError:
        raise Http404 from None
    return get_object_or_404(Matter, pk=matter_id, subject=subject)


@require_GET
@_own_page
def receipt(request: HttpRequest, subject: DataSubject, receipt_id: str, form: str = "json") -> HttpResponse:
    """The signed receipt (Kantara 1.1), or the record (ISO/IEC TS 27560) as JSON-LD."""
    answer = get_object_or_404(Consent.objects.select_related("notice", "matter", "subject"), subject=subject, receipt_id=receipt_id)
    if form == "jsonld":
        return _download(receipts.record(answer), name=f"{answer.receipt_id}.jsonld", content_type="application/ld+json")
    return _download(receipts.receipt(answer), name=f"{answer.receipt_id}.json")


@require_GET
@_own_page
def export(request: HttpRequest, subject: DataSubject) -> HttpResponse:
    return _download(rights.export(subject, now=timezone.now()), name=f"{subject.pseudonym}.json")


def _download(content: dict, *, name: str, content_type: str = "application/json") -> HttpResponse:
    response = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 2}, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    shown = [notices.current(code, _locale()) for code in notices.codes()]
    return render(request, "privacy/notices.html", {"notices": shown})


@require_GET
def notice(request: HttpRequest, code: str) -> HttpResponse:
    """One published notice; ?version= shows an earlier one, ?locale= the other language."""
    locale = notices.supported(request.GET.get("locale") or get_language())
    versions = notices.versions(code, locale)
    wanted = request.GET.get("version", "")
    shown = next((each for each in versions if str(each.version) == wanted), None) if wanted else next(iter(versions), None)
    if shown is None:
        raise Http404
    others = Notice.objects.filter(code=code, version=shown.version, published_at__isnull=False).exclude(locale=locale)
    names = dict(settings.LANGUAGES)
    context = {"notice": shown, "versions": versions, "others": [(other.locale, names.get(other.locale, other.locale)) for other in others]}
    with override(locale):
        labels = {"purposes": [purposes.label(item) for item in shown.purposes], "kinds": [kinds.label(item) for item in shown.kinds]}
    return render(request, "privacy/notice.html", context | labels)


@require_GET
def public_key(request: HttpRequest) -> HttpResponse:
    """The installation's public key, so that anybody can check a receipt or an agreement."""
    return JsonResponse({"algorithm": "Ed25519", "key": base64.b64encode(seals.public_key()).decode()})
