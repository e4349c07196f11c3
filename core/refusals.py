"""Refusals: what the domain or the database will not do, as errors a page answers with 409 instead of 500.

Errors of the domain stay beside the function that raises them; those that mean "not in this state" derive from Conflict.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from django.db import DatabaseError, DataError
from django.http import HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist, loader
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

GetResponse = Callable[[HttpRequest], HttpResponse]


class Conflict(Exception):
    """The request is understood but cannot be done to the thing as it is now. Answered with 409."""

    code = "conflict"
    message: StrOrPromise = gettext_lazy("This has changed since you opened the page. Please look again and retry.")


class Refused(Conflict):
    """The database refused. `rule` is the name of the constraint or the SQLSTATE: never a value."""

    def __init__(self, code: str, rule: str) -> None:
        super().__init__(f"{code}: {rule}")
        self.code = code
        self.rule = rule


class IllegalMove(Conflict):
    """The transition table has no such move."""

    code = "illegal_move"
    message = gettext_lazy("This step is not possible in the present state.")


class Unreadable(Exception):
    """What came in cannot even be a text of the database (a NUL character, a broken encoding). Answered with 400."""

    code = "unreadable"
    message: StrOrPromise = gettext_lazy("The request is malformed.")


class StaleState(Conflict):
    """Someone else moved the row first."""

    code = "stale_state"


_REFUSALS = {
    "23505": "duplicate",
    "23514": "rule",
    "23503": "in_use",
    "23P01": "overlap",
    "22003": "out_of_range",
    "P0001": "protected",  # RAISE EXCEPTION in a trigger, pgtrigger.Protect among them
}
NOT_TEXT = ("22021", "22P05")
LEGAL_MOVE = "_legal_move"  # how states.Transitions.trigger ends its constraint name


def map_refusal(error: DatabaseError) -> Exception:
    """The domain error behind a refusal of the database; the error itself when it is a fault, not a refusal.

    `except DatabaseError as error: raise map_refusal(error) from error`
    """
    cause = error.__cause__
    state = getattr(cause, "sqlstate", None) or ""
    rule = getattr(getattr(cause, "diag", None), "constraint_name", None) or ""
    if rule.endswith(LEGAL_MOVE):
        return IllegalMove(rule)
    if state in NOT_TEXT or (isinstance(error, DataError) and not state):  # refused by the driver, before the database saw it
        return Unreadable(rule or state)
    return Refused(_REFUSALS[state], rule or state) if state in _REFUSALS else error


def refusal_page(request: HttpRequest, message: StrOrPromise, *, status: int = 409) -> HttpResponse:
    """The error page of that status, saying why."""
    try:
        content = loader.render_to_string(f"{status}.html", {"message": message, "reference": getattr(request, "reference", "")}, request)
    except TemplateDoesNotExist:
        return HttpResponse(str(message), status=status, content_type="text/plain; charset=utf-8")
    return HttpResponse(content, status=status)


class RefusalMiddleware:
    """Answers a conflict, from the domain or from the database, with the 409 page, and what no database can hold with the 400 page."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        refusal = map_refusal(error) if isinstance(error, DatabaseError) else error
        if isinstance(refusal, Unreadable):
            return refusal_page(request, refusal.message, status=400)
        return refusal_page(request, refusal.message) if isinstance(refusal, Conflict) else None
