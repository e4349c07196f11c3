"""Pages of access tokens: which programs act for the person, a new one after a fresh proof, an end to one."""

from typing import cast

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.idempotency import form_key, once_per_form
from privacy import disclosure

from . import access, forms, tokens
from .models import AccessToken, User
from .reauthentication import reauthentication_required


@require_safe
@login_required
@never_cache
def listed(request: HttpRequest) -> HttpResponse:
    """The live tokens, by the name the person gave and the last four characters."""
    user, now = cast(User, request.user), timezone.now()
    found = list(tokens.live(user, now=now))
    opened = disclosure.reveal_many(found, ["name"], actor=access.actor(user), purpose="account", page="accounts:tokens", now=now)
    rows = [(token, (opened[token.pk] or {}).get("name", token.reference)) for token in found]
    return render(request, "accounts/tokens.html", {"rows": rows, "full": len(rows) >= tokens.LIVE_MAX, "most": tokens.LIVE_MAX})


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
@reauthentication_required
@once_per_form
def new(request: HttpRequest) -> HttpResponse:
    """A new token. The answer to the form is the one page that ever shows it."""
    form = forms.TokenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = tokens.make(user=cast(User, request.user), **form.cleaned_data, form_key=form_key(request), now=timezone.now())
        except tokens.UnableToMake as refusal:
            form.add_error(None, str(refusal.message))
        else:
            return render(request, "accounts/token_made.html", {"made": made})
    return render(request, "accounts/new_token.html", {"form": form}, status=422 if request.method == "POST" else 200)


@require_POST
@login_required
def revoke(request: HttpRequest, reference: str) -> HttpResponse:
    user = cast(User, request.user)
    tokens.revoke(token=get_object_or_404(AccessToken, user=user, reference=reference), by=user, now=timezone.now())
    messages.success(request, _("Revoked. It opens nothing any more."))
    return redirect("accounts:tokens")
