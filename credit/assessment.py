"""Assessing an application: the score, and the price its risk needs under the cap. Pure: facts in, assessment out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from credit import pricing, scorecard, serving
from credit.facts import Facts, parse
from credit.policy import Calibration
from credit.pricing import Cap, Price, Risk
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
class Terms:
    """A product's terms, as a decision kept them."""

    target_yield: Decimal
    lgd: Decimal
    servicing_fee_rate: Decimal
    origination_fee_rate: Decimal


@dataclass(frozen=True)
class Assessment:
    """The score, its price (None when there is nothing to price), the cap it was held against, and sources that owe an answer."""

    score: Score
    price: Price | None
    cap: Decimal
    open_sources: tuple[str, ...] = ()

    @property
    def outcome(self) -> str:
        """An approval without a lawful price, or before every source has answered that was asked, is a question for a person."""
        if self.score.outcome == "approve" and (self.open_sources or self.price is None or not self.price.priced):
            return "refer"
        return self.score.outcome

    def as_dict(self) -> dict[str, Any]:
        return {
            "score": self.score.as_dict(),
            "price": None if self.price is None else self.price.as_dict(),
            "cap": str(self.cap),
            "outcome": self.outcome,
        } | ({"open_sources": list(self.open_sources)} if self.open_sources else {})


def assess(
    facts: Facts,
    *,
    product: Pricing,
    jurisdiction: str,
    as_of: date,
    method: pricing.Method = "equal_installment",
    model: str = scorecard.CURRENT,
    calibration: Calibration | None = None,
    open_sources: Sequence[str] = (),
) -> Assessment:
    """Score `facts` and price the risk. Raises pricing.UnableToPrice where no cap is known for `jurisdiction` on `as_of`."""
    cap = pricing.cap_of(jurisdiction=jurisdiction, as_of=as_of)

    def priced(other: Facts, pd: Decimal) -> Price:
        return pricing.price(_risk(other, pd, product=product, cap=cap, method=method))

    def decides(other: Facts) -> tuple[str, str]:
        """What would come of other facts, price and all: a way out that leads to no lawful price is none."""
        outcome, grade, pd = serving.standing(other, name=model, calibration=calibration)
        if outcome == "approve" and pd is not None and not priced(other, pd).priced:
            outcome = "refer"
        return outcome, grade

    found = serving.score(facts, name=model, calibration=calibration, decides=decides)
    return Assessment(found, None if found.pd is None else priced(facts, found.pd), cap.rate, tuple(open_sources))


def _risk(facts: Facts, pd: Decimal, *, product: Pricing, cap: Cap, method: pricing.Method) -> Risk:
    return Risk(
        pd=pricing.over_term(pd, facts.term_months),
        lgd=product.lgd,
        term_months=facts.term_months,
        target_yield=product.target_yield,
        servicing_fee=product.servicing_fee_rate,
        origination_fee=product.origination_fee_rate,
        cap=cap,
        method=method,
    )


def again(kept: Mapping[str, Any], *, model: str) -> Assessment:
    """The assessment once more, from the input a decision kept: the same facts, terms, day, model and calibration."""
    by = kept.get("calibration")
    return assess(
        parse(kept["facts"]),
        product=Terms(**{name: Decimal(value) for name, value in kept["product"].items()}),
        jurisdiction=kept["jurisdiction"],
        as_of=date.fromisoformat(kept["as_of"]),
        method=kept.get("method", "equal_installment"),
        model=model,
        calibration=Calibration(Decimal(by["intercept"]), Decimal(by["slope"])) if by else None,
        open_sources=kept.get("open_sources", ()),
    )
