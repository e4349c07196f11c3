"""What every page is given: sandbox notice, state of the books, navigation, the account menu.

Each part is lazy: a page that does not show it pays nothing, and the error page can do without.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import Http404, HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts import access
from accounts.models import Party
from config import books, errors
from config.sample import progress


def every_page(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    kept = SimpleLazyObject(lambda: cache.get_many([books.KEY, progress.KEY]))
    return {
        "sandbox": settings.SIGNED_PACKS_SANDBOX,
        "operator_name": settings.OPERATOR_NAME,
        "support_email": settings.SUPPORT_EMAIL,
        "books": SimpleLazyObject(lambda: kept.get(books.KEY)),
        "building": SimpleLazyObject(lambda: kept.get(progress.KEY)),
        "nav_links": SimpleLazyObject(lambda: nav_links(request)),
        "account": SimpleLazyObject(lambda: account(request)),
        "error_reference": SimpleLazyObject(lambda: errors.reference(request)),
    }


def _address(name: str) -> str:
    """The address of a page, or nothing where that page is not installed."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _links(request: HttpRequest, names: list[tuple[str, Any]]) -> list[dict[str, Any]]:
    found = [{"url": url, "label": label} for name, label in names if (url := _address(name))]
    here = max((link["url"] for link in found if request.path.startswith(link["url"])), key=len, default="")
    return [{**link, "current": link["url"] == here} for link in found]


def nav_links(request: HttpRequest) -> list[dict[str, Any]]:
    """The main navigation: by what the acting party does here; for a stranger, what the place is."""
    user = getattr(request, "user", None)
    help_link = ("pages:help", _("Help"))
    if user is None or not user.is_authenticated:
        return _links(
            request,
            [
                ("pages:how", _("How it works")),
                ("marketplace:listings", _("Loans")),
                ("loans:calculator", _("Calculator")),
                ("pages:definitions", _("Definitions")),
                help_link,
            ],
        )
    party = acting_party(request)
    borrows, invests = getattr(party, "borrows", False), getattr(party, "invests", False)
    names: list[tuple[str, Any]] = []
    if borrows:
        names += [("loans:applications", _("My applications")), ("loans:loans", _("My loans"))]
    if invests or not borrows:
        names += [("marketplace:listings", _("Loans"))]
    if invests:
        names += [("marketplace:mandates", _("Mandates")), ("marketplace:portfolio", _("Portfolio"))]
    if party:
        names += [("payments:wallet", _("Wallet"))]
    if user.is_staff:
        names += [("admin:index", _("Staff"))]
    return _links(request, [*names, help_link])


def acting_party(request: HttpRequest) -> Party | None:
    """The party the person acts for on this page; read once per request."""
    if not hasattr(request, "party"):
        try:
            request.party = access.acting_party(request, now=timezone.now())  # type: ignore[attr-defined]
        except Http404:
            request.party = None  # type: ignore[attr-defined]
    return request.party  # type: ignore[attr-defined, no-any-return]


def _others(request: HttpRequest, party: Party | None) -> list[Party]:
    """The other parties the person may act for."""
    if party is None:
        return []
    return [other for other in access.own_parties(request, now=timezone.now()) if other.pk != party.pk]


def _unread(user: Any) -> int:
    messages = getattr(user, "messages", None)
    return messages.filter(read_at=None).count() if messages is not None else 0


def account(request: HttpRequest) -> dict[str, Any]:
    """The account menu: whom the person acts for, unread messages, and the pages about the account itself."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    party = acting_party(request)
    unread = _unread(user)
    names = [
        ("notifications:inbox", _("Messages")),
        ("accounts:onboarding", _("Getting started")),
        ("accounts:settings", _("Settings")),
        ("mfa_index", _("Sign-in security")),
        ("usersessions_list", _("Sessions")),
        ("privacy:centre", _("Privacy")),
    ]
    links = _links(request, names)
    inbox = _address("notifications:inbox")
    return {
        "party": party,
        "others": _others(request, party),
        "switch_url": _address("accounts:switch"),
        "unread": unread,
        "links": [{**link, "count": unread if link["url"] == inbox else 0} for link in links],
    }
