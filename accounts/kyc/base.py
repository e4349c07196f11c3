"""What a provider of identity checks is asked and what it answers."""

from dataclasses import dataclass
from typing import Literal, Protocol

Outcome = Literal["verified", "refused", "pending"]


@dataclass(frozen=True)
class Evidence:
    """One document. `key` is the idempotency key: the same key again is the same question. `attempt` counts from 1."""

    key: str
    document: str
    legal_name: str
    number: str
    attempt: int

    def __repr__(self) -> str:
        return f"<evidence {self.key}>"


@dataclass(frozen=True)
class Answer:
    """`reason`: a short code when refused. `again_in`: seconds, when pending."""

    outcome: Outcome
    reason: str = ""
    again_in: int = 0


class Provider(Protocol):
    name: str

    def verify(self, evidence: Evidence) -> Answer:
        """Asks, or looks up the answer to an earlier question with the same key."""
        ...
