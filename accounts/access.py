"""Who may open which page: for whom the signed-in person acts, and which role a member of staff has."""

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from privacy.disclosure import Actor

from . import parties
from .models import Party, Role, User

SESSION_PARTY = "party"
PARTY_HEADER = "Xinqiao-Party"
View = Callable[..., Any]


def acting_party(request: HttpRequest, *, now: datetime) -> Party | None:
    """The party the person acts for: the one named in the header (scripts), else the one chosen in this session, else the first they joined.

    A party they do not act for (any more) is as if it did not exist: Http404 by header, forgotten in the session.
    """
    if not isinstance(request.user, User):
        return None
    mine = own_parties(request, now=now)
    named = request.headers.get(PARTY_HEADER)
    if named is not None:
        return _of(mine, named) or _nobody()
    chosen = request.session.get(SESSION_PARTY) if hasattr(request, "session") else None
    return _of(mine, chosen) or next(iter(mine), None)


def own_parties(request: HttpRequest, *, now: datetime) -> list[Party]:
    """Every party the person acts for, in the order they joined; asked once a request."""
    if not hasattr(request, "own_parties"):
        assert isinstance(request.user, User)
        request.own_parties = list(parties.for_user(request.user, now=now).order_by("pk"))  # type: ignore[attr-defined]
    return request.own_parties  # type: ignore[attr-defined, no-any-return]


def _of(mine: list[Party], reference: str | None) -> Party | None:
    return next((party for party in mine if party.reference == reference), None)


def _nobody() -> Party:
    raise Http404


def switch(request: HttpRequest, reference: str, *, now: datetime) -> Party:
    """From now on this session acts for that party. Raises Http404 for one the person does not act for."""
    assert isinstance(request.user, User)
    party = get_object_or_404(parties.for_user(request.user, now=now), reference=reference)
    request.session[SESSION_PARTY] = party.reference
    return party


def actor(user: User, *, role: str = "member", why: str = "") -> Actor:
    """The user as privacy.disclosure wants to know them; `why` is what a member of staff said (privacy.reasons)."""
    return Actor(kind="user", subject_id=user.subject_id, role=role, why=why)


def party_required(role: str = Role.VIEW, *, borrows: bool | None = None, invests: bool | None = None) -> Callable[[View], View]:
    """For pages of a party: sets `request.party`, in which the person has at least that role (else 403).

    `borrows`, `invests`: what the party must do here; where it does not yet, the person is led to the onboarding list.
    """

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            now = timezone.now()
            party = acting_party(request, now=now)
            if party is None or (borrows and not party.borrows) or (invests and not party.invests):
                messages.info(request, _("Choose what you want to do here first."))
                return HttpResponseRedirect(reverse("accounts:onboarding"))
            assert isinstance(request.user, User)
            if role != Role.VIEW and not parties.may(request.user, party, role, now=now):
                raise PermissionDenied(_("You may look at this for the party, but not act. Ask somebody who signs for it."))
            request.party = party  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def staff_role(*names: str) -> Callable[[View], View]:
    """For pages of staff: one of these roles (accounts.roles) or the superuser. Everybody else gets 404: the page is not there for them."""

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            if not has_role(request.user, *names):
                raise Http404
            return view(request, *args, **kwargs)

        return guarded

    return decorate


def has_role(user: Any, *names: str) -> bool:
    """Whether the user is active staff in one of these roles."""
    if not (user.is_authenticated and user.is_active and user.is_staff):
        return False
    return user.is_superuser or user.groups.filter(name__in=names).exists()
