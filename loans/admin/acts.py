"""What an act of staff does to the page: one domain call; what it refuses is told, nothing is half done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.translation import gettext as _

from core import states
from core.refusals import Conflict
from loans.application import UnableToApply
from loans.disbursement import UnableToDisburse
from loans.hardship.request import UnableToHelp

Act = tuple[Callable[[], None], str]


def refusal_of(act: Callable[[], None]) -> tuple[str, str]:
    """Runs the act. ("", "") when it was done, else a stable code and the words for staff."""
    try:
        act()
    except states.IllegalMove:
        return "state", _("That is not possible in its present state. Somebody may have been faster.")
    except states.StaleState:
        return "stale", _("Somebody else was faster. Look at it again.")
    except (UnableToApply, UnableToDisburse, UnableToHelp, Conflict) as error:
        return getattr(error, "code", "refused"), str(error.message)
    return "", ""


def told(request: HttpRequest, act: Act) -> bool:
    """Runs the act and says what came of it on the next page."""
    code, words = refusal_of(act[0])
    if code:
        messages.error(request, words)
    else:
        messages.success(request, act[1])
    return not code


def history(row: Any, *, field: str = "state") -> list[dict[str, Any]]:
    """Who moved it, when and why, newest first; people by pseudonym."""
    from accounts.models import User

    changes = list(reversed(states.history(row)))
    people = {user.pk: user.pseudonym for user in User.objects.filter(pk__in={change.by for change in changes if change.by}).select_related("subject")}
    words = dict(row._meta.get_field(field).flatchoices)
    return [
        {"state": change.state, "words": words[change.state], "at": change.at, "who": people.get(change.by or 0, ""), "why": change.why} for change in changes
    ]
