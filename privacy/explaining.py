"""Why a message was allowed or refused, as the person concerned and staff read it: the reason, the ground it stands on, the law by name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from . import contact_words, outreach_texts
from .models import ContactDecision, DataSubject, OutboundMessage

SHOWN = 50


@dataclass(frozen=True)
class Explained:
    """One decision in the reader's words."""

    row: ContactDecision

    @property
    def allowed(self) -> bool:
        return self.row.decision == "allow"

    @property
    def message(self) -> OutboundMessage | None:
        return getattr(self.row, "message", None)

    @property
    def code(self) -> str:
        """The reason's own code, as the reader may see it."""
        return self.row.reason

    @property
    def purpose(self) -> str:
        return str(contact_words.PURPOSES.get(self.row.purpose, self.row.purpose))

    @property
    def channel(self) -> str:
        return str(contact_words.CHANNELS.get(self.row.channel, self.row.channel))

    @property
    def role(self) -> str:
        return str(contact_words.ROLES.get(self.row.role, self.row.role))

    @property
    def who(self) -> str:
        """The pseudonym of whoever asked; for the software its name among the actors."""
        asked_by = self.row.asked_by
        return asked_by.pseudonym if asked_by else str(contact_words.ACTORS.get(self.row.actor, self.row.actor))

    @property
    def why(self) -> str:
        return contact_words.reason(self.row.reason)

    @property
    def basis(self) -> str:
        return str(contact_words.BASES.get(self.row.basis, self.row.basis))

    @property
    def citation(self) -> str:
        return self.row.citation_zh if contact_words.language() == "zh" else self.row.citation

    @property
    def others(self) -> list[str]:
        return [contact_words.reason(code) for code in self.row.secondary]

    @property
    def words(self) -> str:
        """The fixed text itself, its places unfilled: everybody gets the same words."""
        known = outreach_texts.templates().get(self.row.template)
        return known.texts["zh-hans" if contact_words.language() == "zh" else "en"] if known else ""


def rows() -> QuerySet[ContactDecision]:
    return ContactDecision.objects.select_related("asked_by", "message", "subject", "matter", "contact").order_by("-at", "-pk")


def about(subject: DataSubject) -> list[Explained]:
    """The newest decisions about reaching this person."""
    return [Explained(row) for row in rows().filter(subject=subject)[:SHOWN]]


def explained(found: Iterable[ContactDecision]) -> list[Explained]:
    return [Explained(row) for row in found]
