"""Walking the steps: one verdict per jurisdiction, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from privacy.contact_policy.request import ALLOW, DENY, Decision, Request
from privacy.contact_policy.steps import OWED, STEPS, Case, Finding, actor_step
from privacy.rulebook.rules import HOUSE, ROLES, Floor, Pack

ALLOWED_REASONS = {
    "contact_invitation": "A_INVITE_ONCE",
    "verify_reference": "A_REFERENCE_OPTED_IN",
    "locate_borrower": "A_LOCATE_OPTED_IN",
    "relay_message": "A_RELAY_OPTED_IN",
}


def decide(request: Request, packs: Mapping[str, Pack], floor: Floor) -> Decision:
    """The verdict over all jurisdictions of the request. `packs` are those in force and signed off; any other jurisdiction is a no."""
    if not request.jurisdictions:
        return _stopped("D_UNKNOWN_PACK", None) if actor_step(request, floor) is None else _stopped("D_ACTOR_FORBIDDEN", None, "D_UNKNOWN_PACK")
    verdicts = [_under(request, packs.get(code), floor) for code in request.jurisdictions]
    denials = [verdict for verdict in verdicts if not verdict.allowed]
    if not denials:
        return _allowed_by_all(verdicts)
    first, *others = denials
    later = [*first.secondary, *(code for other in others for code in (other.reason, *other.secondary))]
    return Decision(DENY, first.reason, first.ground, first.pack, tuple(code for code in dict.fromkeys(later) if code != first.reason))


def _allowed_by_all(verdicts: list[Decision]) -> Decision:
    editions = dict.fromkeys(str(verdict.pack) for verdict in verdicts)
    return Decision(ALLOW, verdicts[0].reason, verdicts[0].ground, "+".join(editions))


def _stopped(reason: str, pack: str | None, *later: str) -> Decision:
    return Decision(DENY, reason, HOUSE, pack, later)


def _under(request: Request, pack: Pack | None, floor: Floor) -> Decision:
    """The verdict of one jurisdiction."""
    actor = actor_step(request, floor)
    if pack is None:
        return _stopped("D_UNKNOWN_PACK", None) if actor is None else _stopped("D_ACTOR_FORBIDDEN", None, "D_UNKNOWN_PACK")
    case = Case(request, pack, floor)
    if request.purpose in OWED and request.role in ROLES:
        return Decision(ALLOW, "A_RIGHTS_REPLY", pack.grounds["rights"], pack.edition) if actor is None else _stopped("D_ACTOR_FORBIDDEN", pack.edition)
    found = [*([actor] if actor else []), *_failures(case)]
    if not found:
        return Decision(ALLOW, *_reason_to_allow(case), pack.edition)
    (reason, ground), *later = found
    return Decision(DENY, reason, ground, pack.edition, tuple(code for code in dict.fromkeys(code for code, _ground in later) if code != reason))


def _failures(case: Case) -> Iterator[Finding]:
    for step in STEPS:
        finding = step(case)
        if finding is not None:
            yield finding


def _reason_to_allow(case: Case) -> Finding:
    purpose = str(case.asked.purpose)
    if not case.asks_a_contact:
        return ("A_SELF" if case.asked.role == "borrower" else "A_GUARANTOR"), case.pack.hours.ground
    rule = case.pack.purposes.get(purpose)
    return ALLOWED_REASONS[purpose], rule.ground if rule else case.pack.grounds["borrower_consent"]
