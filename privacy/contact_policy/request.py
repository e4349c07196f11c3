"""What is asked and what is answered: plain values, no behavior beyond their own shape."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

from privacy.rulebook.rules import Ground

ALLOW, DENY = "allow", "deny"
UNTOLD: Final = -1  # nobody said when the last conversation was; None says there never was one
REASONS = (
    "A_SELF",
    "A_GUARANTOR",
    "A_INVITE_ONCE",
    "A_REFERENCE_OPTED_IN",
    "A_LOCATE_OPTED_IN",
    "A_RELAY_OPTED_IN",
    "A_RIGHTS_REPLY",
    "D_UNKNOWN_PACK",
    "D_ACTOR_FORBIDDEN",
    "D_MINOR",
    "D_PURPOSE_FORBIDDEN",
    "D_REVEALS_DEBT",
    "D_SOURCE_FORBIDDEN",
    "D_DO_NOT_CONTACT",
    "D_NOT_A_GUARANTOR",
    "D_JURISDICTION_BAN",
    "D_ATTORNEY",
    "D_CEASE",
    "D_COMPLAINT_PENDING",
    "D_NO_BORROWER_CONSENT",
    "D_BORROWER_CONSENT_WITHDRAWN",
    "D_RECONSENT",
    "D_NOT_OPTED_IN",
    "D_FREQUENCY_CAP",
    "D_COOLDOWN",
    "D_TOO_EARLY",
    "D_NECESSITY_MISSING",
    "D_BORROWER_REACHABLE",
    "D_LOCAL_TIME_UNKNOWN",
    "D_QUIET_HOURS",
    "D_HOLIDAY",
)


@dataclass(frozen=True)
class Attempts:
    """What happened before this attempt. None: nobody counted."""

    connected_day: int | None = None
    attempts_day: int | None = None
    attempts_7d: int | None = None
    conversations_episode: int | None = None
    conversations_lifetime: int | None = None
    messages_day: int | None = None
    messages_7d: int | None = None
    days_since_conversation: int | None = UNTOLD

    @property
    def counted(self) -> bool:
        counters = (
            self.connected_day,
            self.attempts_day,
            self.attempts_7d,
            self.conversations_episode,
            self.conversations_lifetime,
            self.messages_day,
            self.messages_7d,
        )
        return all(counter is not None and counter >= 0 for counter in counters)


@dataclass(frozen=True)
class Request:
    """Who wants to reach whom, for what, how and when. None: unknown, which never helps."""

    jurisdictions: tuple[str, ...] = ()
    role: str | None = None
    relationship: str | None = None
    purpose: str | None = None
    channel: str | None = None
    actor: str | None = None
    borrower_consent: str | None = None
    contact_state: str | None = None
    local_time: str | None = None
    dpd: int | None = None
    necessity_recorded: bool | None = None
    borrower_unreachable: bool | None = None
    minor: bool | None = None
    holiday: bool | None = None
    guarantee_signed: bool | None = None
    reveals: tuple[str, ...] | None = None
    flags: tuple[str, ...] | None = None
    attempts: Attempts = field(default_factory=Attempts)


@dataclass(frozen=True)
class Decision:
    """What was decided, why, on what ground, by which edition of which pack; and what else stood in the way."""

    decision: str
    reason: str
    ground: Ground
    pack: str | None
    secondary: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return self.decision == ALLOW

    def as_dict(self) -> dict[str, Any]:
        return {
            "decision": self.decision,
            "reason": self.reason,
            "basis": self.ground.basis,
            "citation": self.ground.citation(),
            "pack": self.pack,
            "secondary": list(self.secondary),
        }
