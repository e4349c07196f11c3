"""The steps of a contact decision, in their order. Each looks at one case and returns why it fails, or None; each tests the law first, then the floor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from privacy.contact_policy.request import Attempts, Request
from privacy.rulebook.reading import DAY_MINUTES, minutes
from privacy.rulebook.rules import ACTORS, CHANNELS, CONSENTS, FLAGS, HOUSE, ROLES, STATES, THIRD_PARTIES, Floor, Ground, Pack, VoiceCaps, Window

OWED = ("rights_reply", "breach_notice")
LADDER = ("locate_borrower", "relay_message")
ASKING = ("verify_reference", *LADDER)
OWN_LOAN = ("payment_reminder", "collect_payment")
NAMED: Mapping[str, tuple[str, ...]] = {
    "borrower": OWN_LOAN,
    "guarantor": OWN_LOAN,
    "contact": ("contact_invitation", *ASKING),
    "unlisted": ("contact_invitation", *ASKING),
}
CONSENT_REASONS = {
    "none": "D_NO_BORROWER_CONSENT",
    "withdrawn": "D_BORROWER_CONSENT_WITHDRAWN",
    "refused": "D_BORROWER_CONSENT_WITHDRAWN",
    "expired": "D_RECONSENT",
    "superseded_notice": "D_RECONSENT",
}


@dataclass(frozen=True)
class Case:
    """One request under one pack and the floor: what each step looks at."""

    asked: Request
    pack: Pack
    floor: Floor

    @property
    def third_party(self) -> bool:
        return self.asked.role in THIRD_PARTIES

    @property
    def asks_a_contact(self) -> bool:
        return self.asked.role == "contact"


Finding = tuple[str, Ground]
Step = Callable[[Case], Finding | None]


def _house(code: str, failed: bool) -> Finding | None:
    return (code, HOUSE) if failed else None


def _law(code: str, ground: Ground | None) -> Finding | None:
    return (code, ground) if ground is not None else None


def actor_step(request: Request, floor: Floor) -> Finding | None:
    never = floor.actors_never_allowed.get(request.actor or "", frozenset())
    unknown_to_a_barred_actor = bool(never) and request.role not in ROLES
    return _house("D_ACTOR_FORBIDDEN", request.actor not in ACTORS or request.role in never or unknown_to_a_barred_actor)


def _minor(case: Case) -> Finding | None:
    return _house("D_MINOR", case.asked.minor is not False)


def _purpose_for_role(case: Case) -> Finding | None:
    role, purpose = case.asked.role or "", case.asked.purpose or ""
    forbidden = case.third_party and purpose in case.floor.forbidden_towards_contact
    if purpose in NAMED.get(role, ()) and not forbidden:
        return None
    rule = case.pack.purposes.get(purpose) if forbidden or purpose == "marketing" else None
    return "D_PURPOSE_FORBIDDEN", rule.ground if rule and not rule.allowed else HOUSE


def _content(case: Case) -> Finding | None:
    reveals = case.asked.reveals
    if reveals is None or not set(reveals) <= {"debt"}:
        return "D_REVEALS_DEBT", HOUSE
    return _law("D_REVEALS_DEBT", case.pack.purposes["disclose_debt"].ground if reveals and case.third_party else None)


def _source(case: Case) -> Finding | None:
    if case.asked.role == "unlisted":
        return "D_SOURCE_FORBIDDEN", case.pack.grounds["source"]
    return _house("D_SOURCE_FORBIDDEN", case.asked.relationship is None)


def _do_not_contact(case: Case) -> Finding | None:
    if case.asked.contact_state in ("opted_out", "erased", "do_not_contact"):
        return "D_DO_NOT_CONTACT", case.pack.grounds["do_not_contact"]
    return _house("D_DO_NOT_CONTACT", case.asked.contact_state not in STATES)


def _guarantor_status(case: Case) -> Finding | None:
    if case.asked.role == "guarantor" and case.asked.guarantee_signed is False:
        return "D_NOT_A_GUARANTOR", case.pack.grounds["guarantee"]
    return _house("D_NOT_A_GUARANTOR", case.asked.guarantee_signed is None)


def _jurisdiction_purpose(case: Case) -> Finding | None:
    rule = case.pack.purposes.get(case.asked.purpose or "")
    return _law("D_JURISDICTION_BAN", rule.ground if case.asks_a_contact and rule and not rule.allowed else None)


def _representation(case: Case) -> Finding | None:
    flags, blocks = case.asked.flags, case.pack.blocks
    if flags is None or not set(flags) <= set(FLAGS):
        return "D_ATTORNEY", HOUSE
    if "attorney" in flags:
        return "D_ATTORNEY", blocks["attorney"] or HOUSE
    if "cease" in flags and case.asked.role == "borrower" and blocks["cease"]:
        return _law("D_CEASE", blocks["cease"])
    if "complaint" in flags and (blocks["complaint"] or case.third_party):
        return "D_COMPLAINT_PENDING", blocks["complaint"] or HOUSE
    return None


def _borrower_consent(case: Case) -> Finding | None:
    consent = case.asked.borrower_consent
    if consent not in CONSENTS:
        return "D_NO_BORROWER_CONSENT", HOUSE
    if not case.asks_a_contact or consent == "given":
        return None
    return CONSENT_REASONS[consent], case.pack.grounds["borrower_consent"]


def _contact_opt_in(case: Case) -> Finding | None:
    applies = case.asks_a_contact and case.asked.purpose != "contact_invitation"
    return _law("D_NOT_OPTED_IN", case.pack.grounds["contact_opt_in"] if applies and case.asked.contact_state != "opted_in" else None)


def _invitation_once(case: Case) -> Finding | None:
    return _house("D_FREQUENCY_CAP", case.asked.purpose == "contact_invitation" and case.asked.contact_state != "never_invited")


def _arrears_age(case: Case) -> Finding | None:
    dpd = case.asked.dpd
    return _house("D_TOO_EARLY", dpd is None or (case.asked.purpose in LADDER and dpd < case.floor.locate_min_days_past_due))


def _necessity(case: Case) -> Finding | None:
    if case.asked.necessity_recorded is None:
        return "D_NECESSITY_MISSING", HOUSE
    missing = case.asked.purpose in ASKING and not case.asked.necessity_recorded
    return _law("D_NECESSITY_MISSING", case.pack.purposes[str(case.asked.purpose)].ground if missing else None)


def _borrower_unreachable(case: Case) -> Finding | None:
    if case.asked.borrower_unreachable is None:
        return "D_BORROWER_REACHABLE", HOUSE
    reachable = case.asked.purpose in LADDER and not case.asked.borrower_unreachable
    return _law("D_BORROWER_REACHABLE", case.pack.grounds["unreachable"] if reachable else None)


def _minute(case: Case) -> int | None:
    found = minutes(case.asked.local_time or "")
    return None if found == DAY_MINUTES else found


def _local_time(case: Case) -> Finding | None:
    return _house("D_LOCAL_TIME_UNKNOWN", _minute(case) is None)


def _quiet_hours(case: Case) -> Finding | None:
    """A contact has the contact's hours; everybody else who may be reached has the borrower's."""
    now = _minute(case)
    if now is None:
        return None
    whose = "contact" if case.third_party else "borrower"
    law: Window | None = getattr(case.pack.hours, whose)
    if law and not _lifted(case) and not law[0] <= now < law[1]:
        return "D_QUIET_HOURS", case.pack.hours.ground
    house = [case.floor.hours[whose], *([] if law else [case.floor.hours_when_law_silent[whose]])]
    if all(start <= now < end for start, end in house):
        return None
    return "D_QUIET_HOURS", HOUSE if law else Ground("product_floor", case.pack.hours.ground.cite)


def _lifted(case: Case) -> bool:
    over, dpd = case.pack.hours.lifted_when_dpd_over, case.asked.dpd
    return over is not None and dpd is not None and dpd > over


def _holiday(case: Case) -> Finding | None:
    if case.asked.holiday is None:
        return "D_HOLIDAY", HOUSE
    if case.asked.holiday and case.pack.blocks["holiday"]:
        return _law("D_HOLIDAY", case.pack.blocks["holiday"])
    return _house("D_HOLIDAY", case.asked.holiday and case.asked.role in case.floor.holiday_blocks)


def _frequency(case: Case) -> Finding | None:
    if not case.asked.attempts.counted or case.asked.channel not in CHANNELS:
        return "D_FREQUENCY_CAP", HOUSE
    return _contact_caps(case) if case.third_party else _own_caps(case)


def _contact_caps(case: Case) -> Finding | None:
    done, lifetime, caps = case.asked.attempts, case.pack.contact_lifetime, case.floor.contact_any
    if _reached(done.conversations_lifetime, lifetime.conversations):
        return "D_FREQUENCY_CAP", lifetime.ground
    week, episode = _reached(done.attempts_7d, caps.attempts_per_7d), _reached(done.conversations_episode, caps.conversations_per_episode)
    return _house("D_FREQUENCY_CAP", week or episode)


def _own_caps(case: Case) -> Finding | None:
    """Borrower and guarantor. A visit counts as a call and as a message: nobody is visited past either cap."""
    done, caps = case.asked.attempts, case.floor.borrower_message
    if case.asked.channel in ("voice", "visit"):
        for voice in (case.pack.borrower_voice, case.floor.borrower_voice):
            if _voice_full(done, voice):
                return "D_FREQUENCY_CAP", voice.ground
    messages = _reached(done.messages_day, caps.per_day) or _reached(done.messages_7d, caps.per_7d)
    return _house("D_FREQUENCY_CAP", messages and case.asked.channel != "voice")


def _voice_full(done: Attempts, caps: VoiceCaps) -> bool:
    return (
        _reached(done.connected_day, caps.connected_per_day)
        or _reached(done.attempts_day, caps.attempts_per_day)
        or _reached(done.attempts_7d, caps.attempts_per_7d)
    )


def _reached(counter: int | None, cap: int | None) -> bool:
    return cap is not None and (counter is None or counter >= cap)


def _cooldown(case: Case) -> Finding | None:
    days = case.asked.attempts.days_since_conversation
    if days is not None and days < 0:
        return "D_COOLDOWN", HOUSE
    if days is None or case.asked.channel not in ("voice", "visit"):
        return None
    for voice in (case.pack.borrower_voice, case.floor.borrower_voice):
        if voice.cooldown_days is not None and days < voice.cooldown_days:
            return "D_COOLDOWN", voice.ground
    return None


STEPS: tuple[Step, ...] = (
    _minor,
    _purpose_for_role,
    _content,
    _source,
    _do_not_contact,
    _guarantor_status,
    _jurisdiction_purpose,
    _representation,
    _borrower_consent,
    _contact_opt_in,
    _invitation_once,
    _arrears_age,
    _necessity,
    _borrower_unreachable,
    _local_time,
    _quiet_hours,
    _holiday,
    _frequency,
    _cooldown,
)
