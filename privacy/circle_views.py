"""Pages of the people around a borrower. No account; nothing happens by opening a link; each act is sent by the person."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from core.idempotency import once_per_form
from core.refusals import refusal_page

from . import breach_notice, circle, knock, notices, number_checks, passport, personal_data, texts
from .circle_forms import AcceptForm, AllowForm, CodeForm, ComplaintForm, LocateForm, NumberForm
from .models import Contact, ContactLink, NumberCheck, OutboundMessage
from .numbers import Number

CHECK = "circle_check"
View = Callable[..., HttpResponse]


def _private(view: View) -> View:
    """Kept by no cache, told to no other site, and not opened faster than people do."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            if request.method == "POST":
                knock.knock(request, now=timezone.now())
            response = view(request, *args, **kwargs)
        except (knock.TooFast, number_checks.TooManyCodes):
            response = refusal_page(request, _("Please wait a while and try again. Nothing was changed."), status=429)
        patch_cache_control(response, no_store=True, private=True)
        response["Referrer-Policy"] = "same-origin"  # "no-referrer" would also hide the origin of our own forms, and they would be refused
        return response

    return wrapped


def _locale() -> str:
    return notices.supported(get_language())


def _link(token: str) -> ContactLink:
    """The invitation; 404 alike for used, run out, taken back and never made."""
    found = circle.find(token, now=timezone.now())
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
@_private
@once_per_form
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """Who named you, what it means, what we might ask. Only what is sent from here counts: opening it, by a person or a preview, does nothing."""
    now = timezone.now()
    link = circle.find(token, now=now)
    if link is None:
        return render(request, "circle/closed.html", status=410)
    form = AcceptForm(request.POST if request.method == "POST" else None, jurisdiction=link.matter.jurisdictions[0], offered=link.scopes)
    if request.method == "POST" and form.is_valid():
        if form.cleaned_data["adult"] == "no":
            circle.decline(link, now=now)
            return redirect("circle:done", "minor")
        draft = {"name": form.cleaned_data["name"], "scopes": form.cleaned_data["scopes"]}
        return _send_code(request, form.number, NumberCheck.Aim.ACCEPT, link=link, draft=draft)
    context = {"form": form, "token": token, "named_by": circle.named_by(link, now=now), "link": link, "never_form": NumberForm(prefix="never")}
    return render(request, "circle/invitation.html", context, status=422 if request.method == "POST" else 200)


@require_POST
@_private
@once_per_form
def decline(request: HttpRequest, token: str) -> HttpResponse:
    circle.decline(_link(token), now=timezone.now())
    return redirect("circle:done", "declined")


@require_http_methods(["GET", "HEAD", "POST"])
@_private
@once_per_form
def never(request: HttpRequest, token: str = "") -> HttpResponse:
    """Never contact this number. Works with an invitation or without, and without accepting anything."""
    link = circle.find(token, now=timezone.now()) if token else None
    form = NumberForm(request.POST if request.method == "POST" else None, jurisdiction=link.matter.jurisdictions[0] if link else "CN")
    if request.method == "POST" and form.is_valid():
        return _send_code(request, form.cleaned_data["number"], NumberCheck.Aim.NEVER, link=link)
    return render(request, "circle/never.html", {"form": form}, status=422 if request.method == "POST" else 200)


def _send_code(request: HttpRequest, number: Number, aim: str, *, link: ContactLink | None = None, draft: dict | None = None) -> HttpResponse:
    who, proved = knock.network(request), passport.has_proved(request, number.index)
    check = number_checks.start(number=number, aim=aim, locale=_locale(), now=timezone.now(), link=link, draft=draft, asked_from=who, proved=proved)
    request.session[CHECK] = check.pk
    return redirect("circle:code")


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def code(request: HttpRequest) -> HttpResponse:
    """The code from the text. The page says the same whatever the number is."""
    check_id = request.session.get(CHECK)
    if check_id is None:
        return redirect("circle:find")
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            check = number_checks.confirm(check_id, form.cleaned_data["code"], now=timezone.now())
        except number_checks.WrongCode:
            form.add_error("code", _("This is not the code, or it is no longer good. Look again, or go back and ask for a new one."))
        else:
            del request.session[CHECK]
            return _proven(request, check)
    return render(request, "circle/code.html", {"form": form, "sandbox_phone": settings.SIGNED_PACKS_SANDBOX}, status=422 if request.method == "POST" else 200)


def _proven(request: HttpRequest, check: NumberCheck) -> HttpResponse:
    now = timezone.now()
    passport.remember(request, bytes(check.number_index))
    if check.aim == NumberCheck.Aim.NEVER:
        circle.never(check, now=now)
        return redirect("circle:done", "never")
    if check.aim == NumberCheck.Aim.ACCEPT:
        try:
            circle.accept(check, now=now)
        except circle.UnableToAccept as error:
            return redirect("circle:done", error.code)
        messages.success(request, _("You have accepted. This page is yours: come back to it at any time with your number."))
    passport.enter(request, bytes(check.number_index), now=now)
    return redirect("circle:passport")


DONE = ("declined", "never", "minor", "closed", "self", "twice", "erased", "kept")


@require_GET
@_private
def done(request: HttpRequest, what: str) -> HttpResponse:
    if what not in DONE:
        raise Http404
    return render(request, "circle/done.html", {"what": what})


@require_http_methods(["GET", "HEAD", "POST"])
@_private
@once_per_form
def find(request: HttpRequest) -> HttpResponse:
    """The way to one's own page: the number, then a code."""
    form = NumberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        return _send_code(request, form.cleaned_data["number"], NumberCheck.Aim.PASSPORT)
    return render(request, "circle/find.html", {"form": form}, status=422 if request.method == "POST" else 200)


def _own(view: View) -> View:
    """For the person who proved a number a moment ago; others are asked to."""

    @_private
    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        index = passport.reader(request, now=timezone.now())
        if index is None:
            return redirect("circle:find")
        return view(request, index, *args, **kwargs)

    return wrapped


def _contact(index: bytes, reference: str) -> Contact:
    rows = Contact.objects.select_related("subject", "matter__subject", "link").exclude(state="erased")
    return get_object_or_404(rows, reference=reference, number_index=index)


@require_GET
@_own
def own_page(request: HttpRequest, index: bytes) -> HttpResponse:
    """Every attempt and every refusal, who asked and why; and the ways to change, stop, take along, erase and complain."""
    return _own_page(request, index)


def _own_page(request: HttpRequest, index: bytes, *, bad: dict[str, Any] | None = None) -> HttpResponse:
    now = timezone.now()
    contacts = passport.contacts_of(index)
    affairs = [passport.affair(contact, now=now) for contact in contacts]
    forms = [
        {
            "affair": affair,
            "allow": AllowForm(
                offered=affair.contact.link.scopes,
                initial={
                    "scopes": affair.scopes,
                    "hours_from": affair.contact.hours_from,
                    "hours_until": affair.contact.hours_until,
                    "time_zone": affair.contact.time_zone,
                },
                prefix=affair.contact.reference,
                auto_id=f"{affair.contact.reference}-%s",
            ),
            "complaint": ComplaintForm(prefix=f"c-{affair.contact.reference}"),
            "locate": LocateForm(prefix=f"l-{affair.contact.reference}"),
        }
        for affair in affairs
    ]
    for each in forms:
        each.update(bad.get(each["affair"].contact.reference, {}) if bad else {})  # type: ignore[attr-defined]
    sent, refused = sum(affair.sent for affair in affairs), sum(affair.refused for affair in affairs)
    context = {"affairs": forms, "sent": sent, "refused": refused, "breaches": breach_notice.drafts(contacts, locale=_locale())}
    return render(request, "circle/passport.html", context, status=422 if bad else 200)


@require_POST
@_own
def allow(request: HttpRequest, index: bytes, reference: str) -> HttpResponse:
    contact = _contact(index, reference)
    form = AllowForm(request.POST, offered=contact.link.scopes, prefix=reference, auto_id=f"{reference}-%s")
    if not form.is_valid():
        return _own_page(request, index, bad={reference: {"allow": form}})
    circle.allow(contact, form.cleaned_data["scopes"], locale=_locale(), now=timezone.now())
    hours = {name: form.cleaned_data[name] for name in ("hours_from", "hours_until", "time_zone")}
    circle.set_hours(contact, **hours)
    messages.success(request, _("Saved. It holds from this moment on."))
    return redirect("circle:passport")


@require_POST
@_own
def stop(request: HttpRequest, index: bytes) -> HttpResponse:
    circle.stop_number(index, reason="stopped", now=timezone.now())
    messages.success(request, _("Stopped. Nobody here contacts this number again."))
    return redirect("circle:passport")


@require_POST
@_own
def erase(request: HttpRequest, index: bytes) -> HttpResponse:
    """What a legal hold keeps is said in words, and its owner may still read their page."""
    if not circle.erase_number(index, now=timezone.now()):
        return redirect("circle:done", "kept")
    passport.leave(request)
    return redirect("circle:done", "erased")


@require_POST
@_own
@once_per_form
def complain(request: HttpRequest, index: bytes, reference: str) -> HttpResponse:
    contact = _contact(index, reference)
    form = ComplaintForm(request.POST, prefix=f"c-{reference}")
    if not form.is_valid():
        return _own_page(request, index, bad={reference: {"complaint": form}})
    made = circle.complain(contact, text=form.cleaned_data["text"], now=timezone.now())
    messages.success(
        request,
        _("Your complaint is recorded under %(reference)s. A person replies within 3 working days; until then nobody contacts you.")
        % {"reference": made.reference},
    )
    return redirect("circle:passport")


@require_POST
@_own
def answer(request: HttpRequest, index: bytes, reference: str, message: str) -> HttpResponse:
    """The answer to one question: yes or no, or how somebody can be reached."""
    contact = _contact(index, reference)
    asked = get_object_or_404(OutboundMessage, reference=message, decision__contact=contact)
    if asked.purpose == "locate_borrower":
        form = LocateForm(request.POST, prefix=f"l-{reference}")
        if not form.is_valid():
            return _own_page(request, index, bad={reference: {"locate": form}})
        said: dict[str, Any] = {"text": form.cleaned_data["text"]}
    elif request.POST.get("answer") not in ("yes", "no"):
        messages.error(request, _("Choose yes or no."))
        return redirect("circle:passport")
    else:
        said = {"yes": request.POST["answer"] == "yes"}
    circle.answer(asked, answer=said, now=timezone.now())
    messages.success(request, _("Thank you. Your answer is sealed and never scored."))
    return redirect("circle:passport")


@require_GET
@_own
def export(request: HttpRequest, index: bytes) -> HttpResponse:
    now = timezone.now()
    held = [personal_data.export(subject=contact.subject, now=now) for contact in passport.contacts_of(index)]
    content = {"exported_at": now.isoformat(), "affairs": [each.pop("circle") | each for each in held]}
    response = JsonResponse(content, json_dumps_params={"ensure_ascii": False, "indent": 2})
    response["Content-Disposition"] = 'attachment; filename="my-page.json"'
    return response


@require_POST
@_private
def leave(request: HttpRequest) -> HttpResponse:
    passport.leave(request)
    return redirect("circle:find")


@require_http_methods(["GET", "HEAD", "POST"])
@_private
def phone(request: HttpRequest) -> HttpResponse:
    """The sandbox's telephone: the texts a number would have received. There is no such page anywhere else."""
    if not settings.SIGNED_PACKS_SANDBOX:
        raise Http404
    form = NumberForm(request.POST if request.method == "POST" else None)
    shown = None
    if request.method == "POST" and form.is_valid():
        shown = texts.inbox(form.cleaned_data["number"].index, now=timezone.now())
    return render(request, "circle/phone.html", {"form": form, "texts": shown}, status=422 if form.errors else 200)
