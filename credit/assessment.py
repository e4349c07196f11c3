"""Assessing an application: the score, and the price its risk needs under the cap. Pure: facts in, assessment out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from credit import pricing, scorecard
from credit.facts import Facts
from credit.pricing import Price, Risk
from credit.scorecard import Score


class Pricing(Protocol):
    """What a product says about price. Yearly fractions; the origination fee once."""

    @property
    def target_yield(self) -> Decimal: ...
    @property
    def lgd(self) -> Decimal: ...
    @property
    def servicing_fee_rate(self) -> Decimal: ...
    @property
    def origination_fee_rate(self) -> Decimal: ...


@dataclass(frozen=True)
class Assessment:
    """The score, its price (None when there is nothing to price), and the cap it was held against."""

    score: Score
    price: Price | None
    cap: Decimal

    @property
    def outcome(self) -> str:
        """An approval without a lawful price is a question for a person."""
        if self.score.outcome == "approve" and (self.price is None or not self.price.priced):
            return "refer"
        return self.score.outcome

    def as_dict(self) -> dict[str, Any]:
        return {
            "score": self.score.as_dict(),
            "price": None if self.price is None else self.price.as_dict(),
            "cap": str(self.cap),
            "outcome": self.outcome,
        }


def assess(
    facts: Facts, *, product: Pricing, jurisdiction: str, as_of: date, method: pricing.Method = "equal_installment", model: str = scorecard.CURRENT
) -> Assessment:
    """Score `facts` and price the risk. Raises pricing.UnableToPrice where no cap is known for `jurisdiction` on `as_of`."""
    cap = pricing.cap_of(jurisdiction=jurisdiction, as_of=as_of)
    found = scorecard.score(facts, name=model)
    if found.pd is None:
        return Assessment(found, None, cap.rate)
    risk = Risk(
        pd=pricing.over_term(found.pd, facts.term_months),
        lgd=product.lgd,
        term_months=facts.term_months,
        target_yield=product.target_yield,
        servicing_fee=product.servicing_fee_rate,
        origination_fee=product.origination_fee_rate,
        cap=cap,
        method=method,
    )
    return Assessment(found, pricing.price(risk), cap.rate)
