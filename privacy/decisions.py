"""Contact decisions as this installation makes and keeps them: the rules in force here, the verdict, and the same verdict again from what was kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from . import vault
from .contact_policy import Attempts, Decision, Request, decide
from .models import Contact, ContactDecision, DataSubject, Matter
from .rulebook import operator
from .rulebook.rules import Floor, Rulebook


class NoSuchDecision(Exception):
    """There is no decision under that reference."""


@dataclass(frozen=True)
class Verdict:
    """A decision with the request it answers, and the rules it was made by."""

    decision: Decision
    request: Request
    rules: Mapping[str, Any]


def rulebook(*, on: date) -> Rulebook:
    """The rules in force on that day: newest editions, signed off (or in the sandbox), the floor as the operator tightened it. Raises BrokenPack."""
    return operator.in_force(on=on, sandbox=settings.SIGNED_PACKS_SANDBOX, own=operator.from_file(settings.CONTACT_RULES))


def decide_all(requests: Sequence[Request], *, own_hours: tuple[int, int] | None, on: datetime) -> Verdict:
    """The same request at every plausible local time: all must be allowed; the first that is not is told."""
    own = operator.from_file(settings.CONTACT_RULES)
    book = operator.in_force(on=timezone.localdate(on), sandbox=settings.SIGNED_PACKS_SANDBOX, own=own)
    floor = _within(book.floor, own_hours)
    found = [(decide(request, book.packs, floor), request) for request in requests]
    decision, request = next(((decision, request) for decision, request in found if not decision.allowed), found[0])
    rules = {"editions": [pack.edition for pack in book.packs.values()], "floor": book.floor.edition, "own": own, "own_hours": own_hours}
    return Verdict(decision, request, rules)


def _within(floor: Floor, own_hours: Sequence[int] | None) -> Floor:
    """The person's own hours narrow the house's; they never widen them."""
    if own_hours is None:
        return floor
    start, end = floor.hours["contact"]
    return replace(floor, hours={**floor.hours, "contact": (max(start, own_hours[0]), min(end, own_hours[1]))})


def keep(
    verdict: Verdict,
    *,
    subject: DataSubject,
    matter: Matter | None,
    contact: Contact | None,
    asked_by: UUID | None,
    template: str,
    now: datetime,
    expires_at: datetime,
) -> ContactDecision:
    """The row: the verdict in the open, its input sealed under the key of the person it is about."""
    decision, request = verdict.decision, verdict.request
    return ContactDecision.objects.create(
        subject=subject,
        matter=matter,
        contact=contact,
        asked_by_id=asked_by,
        actor=request.actor or "",
        role=request.role or "",
        purpose=request.purpose or "",
        channel=request.channel or "",
        template=template,
        asked=asdict(request),
        decision=decision.decision,
        reason=decision.reason,
        basis=decision.ground.basis,
        citation=decision.ground.citation("en"),
        citation_zh=decision.ground.citation("zh"),
        pack=decision.pack or "",
        secondary=list(decision.secondary),
        rules=dict(verdict.rules),
        at=now,
        expires_at=expires_at,
    )


def again(reference: str, *, now: datetime) -> dict[str, Any]:
    """The kept decision decided again from its kept input and rules; {"erased": date} when its person was erased or its time is over. Raises NoSuchDecision."""
    row = ContactDecision.objects.select_related("subject", "matter").filter(reference=reference).first()
    if row is None:
        raise NoSuchDecision(reference)
    if row.subject.erased_at is not None:
        return {"erased": row.subject.erased_at.date().isoformat()}
    asked = vault.open_sealed(row, ("asked",), engine="recompute", purpose="accountability", now=now)["asked"]
    if not asked and row.matter is not None and row.matter.emptied_at is not None:
        return {"erased": row.matter.emptied_at.date().isoformat()}
    book = operator.of_editions(row.rules["editions"], floor=row.rules["floor"], own=row.rules["own"])
    return decide(as_request(asked), book.packs, _within(book.floor, row.rules["own_hours"])).as_dict()


def as_request(asked: Mapping[str, Any]) -> Request:
    """The request as it was kept."""
    lists = {name: tuple(asked[name]) if asked[name] is not None else None for name in ("jurisdictions", "reveals", "flags")}
    return Request(**{**asked, **lists, "attempts": Attempts(**asked["attempts"])})
