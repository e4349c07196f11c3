"""Decisions as stored: made once from frozen facts, kept with their input, never edited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from credit import champion, shadow
from credit.assessment import Assessment, Pricing, assess
from credit.facts import Facts
from credit.models import Decision
from credit.policy import Calibration
from credit.pricing import Method, quoted
from privacy.models import DataSubject

# What keeps a model from deciding: its file, or that of the rules, is not the one that was signed for, or it names an input it must not read.
UNUSABLE = (champion.NotAsSigned, *shadow.UNUSABLE)


def decide(
    *,
    about: str,
    subject: DataSubject,
    facts: Facts,
    product: Pricing,
    as_of: date,
    now: datetime,
    jurisdiction: str = "SANDBOX",
    method: Method = "equal_installment",
    segment: str = "thin",
    origin: Mapping[str, str] | None = None,
    open_sources: Sequence[str] = (),
) -> Decision:
    """Assess with the model that decides now, and keep. The row holds what the engine saw and said, sealed under the person's key.

    Raises one of UNUSABLE; then nothing is decided.
    """
    model = champion.current(segment)
    by = champion.calibration(model)
    made = assess(facts, product=product, jurisdiction=jurisdiction, as_of=as_of, method=method, model=model, calibration=by, open_sources=open_sources)
    price = made.price if made.price is not None and made.price.priced else None
    kept: dict[str, Any] = {"facts": facts.as_dict(), "product": _terms(product), "jurisdiction": jurisdiction, "method": method, "as_of": as_of.isoformat()}
    decision = Decision.objects.create(
        about=about,
        subject=subject,
        facts=kept | _beside(by, origin, open_sources),
        output=made.as_dict(),
        model=made.score.model,
        model_sha256=made.score.model_sha256,
        rules=made.rules,
        outcome=made.outcome,
        grade=made.score.grade,
        points=made.score.points,
        pd=made.score.pd,
        expected_loss=_scaled(made.expected_loss, "0.0000000001"),
        annual_rate=quoted(price.annual_rate) if price and price.annual_rate is not None else None,
        apr=_apr(made),
        cap=made.cap,
        as_of=as_of,
        decided_at=now,
    )
    shadow.score(decision, facts, now=now)
    return decision


def _beside(by: Calibration | None, origin: Mapping[str, str] | None, open_sources: Sequence[str]) -> dict[str, Any]:
    """What else the decision stood on, where there was any: a signed recalibration, the inquiries figures came from, sources that owe an answer."""
    found = {"calibration": by.as_dict() if by else None, "origin": dict(origin or {}), "open_sources": list(open_sources)}
    return {name: value for name, value in found.items() if value}


def _terms(product: Pricing) -> dict[str, str]:
    names = ("target_yield", "lgd", "servicing_fee_rate", "origination_fee_rate")
    return {name: str(getattr(product, name)) for name in names}


def _apr(made: Assessment) -> Decimal | None:
    return _scaled(made.price.apr, "0.000001") if made.price is not None and made.price.priced else None


def _scaled(value: Decimal | None, step: str) -> Decimal | None:
    return None if value is None else value.quantize(Decimal(step))


def cap_of(decision: Decision) -> Decimal:
    """The cap the decision was held against."""
    assert decision.cap is not None
    return decision.cap
