"""The messages of the person signed in, whichever party they act for, and how they want to be written to."""

from __future__ import annotations

from typing import cast

from django.contrib import messages as flashes
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import access
from accounts.models import User
from notifications import preferences as choices
from notifications.channels import inbox as messages
from notifications.forms import PreferenceForm

PAGE = 20


def _user(request: HttpRequest) -> User:
    return cast(User, request.user)


@require_GET
@never_cache
@login_required
def inbox(request: HttpRequest) -> HttpResponse:
    """All messages, or those not read yet."""
    user, unread = _user(request), request.GET.get("show") == "unread"
    page = Paginator(messages.of(user, unread=unread), PAGE).get_page(request.GET.get("page"))
    lines = messages.opened(user, list(page.object_list), page="notifications.inbox", now=timezone.now())
    context = {"page_obj": page, "lines": lines, "unread": unread, "unread_count": messages.unread_count(user)}
    return render(request, "notifications/inbox.html", context)


@require_GET
@never_cache
@login_required
def message(request: HttpRequest, reference: str) -> HttpResponse:
    """One message. Opening it is reading it."""
    user, now = _user(request), timezone.now()
    found = get_object_or_404(messages.of(user), reference=reference)
    (line,) = messages.opened(user, [found], page="notifications.message", now=now)
    messages.mark_read(user, reference=reference, now=now)
    acting = access.acting_party(request, now=now)
    other = found.party if found.party and found.party != acting else None
    return render(request, "notifications/message.html", {"line": line, "other": other})


@require_POST
@login_required
def read_all(request: HttpRequest) -> HttpResponse:
    messages.mark_read(_user(request), now=timezone.now())
    return redirect("notifications:inbox")


@require_http_methods(["GET", "POST"])
@never_cache
@login_required
def preferences(request: HttpRequest) -> HttpResponse:
    """Which kinds also come by e-mail, and when not."""
    user = _user(request)
    form = PreferenceForm(request.POST or None, preference=choices.of(user))
    if request.method == "POST" and form.is_valid():
        hours = {name: form.cleaned_data[name] for name in ("quiet", "quiet_from", "quiet_until")}
        choices.choose(user=user, mail=form.mail(), **hours)
        flashes.success(request, _("Saved. It holds from the next mail on."))
        return redirect("notifications:preferences")
    return render(request, "notifications/preferences.html", {"form": form}, status=422 if form.is_bound else 200)
