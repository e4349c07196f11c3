"""Why a member of staff opens something sealed: a closed list, so that the person concerned reads it in their language and no reason names anybody."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

REASONS: dict[str, str | Promise] = {
    "deciding": pgettext_lazy("why staff look", "To decide what you asked for"),
    "checking": pgettext_lazy("why staff look", "To check an answer against a document or a source"),
    "answering": pgettext_lazy("why staff look", "To answer a question or a complaint of yours"),
    "looking_again": pgettext_lazy("why staff look", "To look again after a change or an appeal"),
    "supervising": pgettext_lazy("why staff look", "To check a colleague’s work"),
    "law": pgettext_lazy("why staff look", "A court or an authority asks"),
}


def label(code: str | None) -> str:
    """The reason in the reader's language; empty where none was asked for."""
    return str(REASONS.get(code or "", ""))
