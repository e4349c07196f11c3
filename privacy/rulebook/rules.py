"""The shapes of a rule pack and of the product floor. Times are minutes of the day, windows are half-open; None means: this law is silent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

BASES = ("law", "standard", "self_regulation", "draft_law", "strict_reading", "product_floor")
ROLES = ("borrower", "guarantor", "contact", "unlisted")
THIRD_PARTIES = ("contact", "unlisted")
ACTORS = ("system", "servicing_agent", "external_agency", "investor")
CHANNELS = ("voice", "sms", "email", "letter", "in_app", "visit")
STATES = ("never_invited", "invited_pending", "opted_in", "opted_out", "erased", "do_not_contact", "n/a")
CONSENTS = ("none", "given", "refused", "withdrawn", "expired", "superseded_notice")
FLAGS = ("attorney", "cease", "complaint")
PURPOSES = (
    "payment_reminder",
    "verify_reference",
    "contact_invitation",
    "locate_borrower",
    "relay_message",
    "collect_payment",
    "disclose_debt",
    "marketing",
    "rights_reply",
    "breach_notice",
)
PACK_PURPOSES = ("verify_reference", "locate_borrower", "relay_message", "collect_payment", "disclose_debt", "marketing")
HOUSE_RULE = {"en": "house rule", "zh": "平台自身规则"}

Window = tuple[int, int]


@dataclass(frozen=True)
class Words:
    """The same in both languages."""

    en: str
    zh: str


@dataclass(frozen=True)
class Ground:
    """What a rule stands on. A ground that is not the house's own always has a citation; the loader refuses one without."""

    basis: str
    cite: Words

    def citation(self, language: str = "en") -> str:
        said = str(getattr(self.cite, language))
        if self.basis != "product_floor":
            return said
        house = HOUSE_RULE[language]
        return house if not said else f"{house}（{said}）" if language == "zh" else f"{house} ({said})"


HOUSE = Ground("product_floor", Words("", ""))


@dataclass(frozen=True)
class PurposeRule:
    allowed: bool
    ground: Ground


@dataclass(frozen=True)
class Hours:
    """When people may be contacted. `lifted_when_dpd_over`: days past due above which this law's clock no longer binds (the floor's does)."""

    borrower: Window | None
    contact: Window | None
    lifted_when_dpd_over: int | None
    ground: Ground


@dataclass(frozen=True)
class VoiceCaps:
    """Calls to a borrower or guarantor: a counter at or above its cap denies. `cooldown_days` of peace follow a conversation."""

    connected_per_day: int | None
    attempts_per_day: int | None
    attempts_per_7d: int | None
    cooldown_days: int | None = None
    ground: Ground = HOUSE


@dataclass(frozen=True)
class Lifetime:
    """How many conversations with one third party this law allows, ever."""

    conversations: int | None
    ground: Ground


@dataclass(frozen=True)
class SignOff:
    """Counsel who read one edition of a pack and vouch for it."""

    name: str
    on: date


@dataclass(frozen=True)
class Pack:
    """One jurisdiction's rules in one edition. `grounds`: contact_opt_in, borrower_consent, source, do_not_contact, unreachable, guarantee, rights."""

    id: str
    version: str
    effective_from: date
    name: Words
    summary: Words
    sign_offs: tuple[SignOff, ...]
    purposes: Mapping[str, PurposeRule]
    grounds: Mapping[str, Ground]
    hours: Hours
    borrower_voice: VoiceCaps
    contact_lifetime: Lifetime
    blocks: Mapping[str, Ground | None]
    sources: tuple[Mapping[str, str], ...] = field(repr=False)

    @property
    def edition(self) -> str:
        return f"{self.id}@{self.version}"


@dataclass(frozen=True)
class MessageCaps:
    per_day: int
    per_7d: int


@dataclass(frozen=True)
class ContactCaps:
    attempts_per_7d: int
    conversations_per_episode: int


@dataclass(frozen=True)
class Floor:
    """The house rule on top of every pack. Operators may tighten it (`operator.tighten`), never loosen it."""

    id: str
    version: str
    effective_from: date
    actors_never_allowed: Mapping[str, frozenset[str]]
    hours: Mapping[str, Window]
    hours_when_law_silent: Mapping[str, Window]
    borrower_voice: VoiceCaps
    borrower_message: MessageCaps
    contact_any: ContactCaps
    locate_min_days_past_due: int
    holiday_blocks: frozenset[str]
    minor_age: int
    forbidden_towards_contact: frozenset[str]

    @property
    def edition(self) -> str:
        return f"{self.id}@{self.version}"


@dataclass(frozen=True)
class Rulebook:
    """What is in force at one moment: the packs that count, by jurisdiction, and the floor."""

    packs: Mapping[str, Pack]
    floor: Floor
