"""Assessing an application: the score, and the price its risk needs under the cap. Pure: facts in, assessment out.

The price is made for the upper end of what the rules leave open of a probability; the expected loss is told of the probability itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Protocol

from credit import lending_rules, pricing, scorecard, serving
from credit.facts import Facts, parse
from credit.lending_rules import Rules
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
    """The score, its price (None when there is nothing to price), the cap it was held against, sources that owe an answer, and the rules.

    `priced_pd`: the cautious probability of twelve months that was priced; None under rules without caution. `expected_loss` is of one unit lent.
    """

    score: Score
    price: Price | None
    cap: Decimal
    open_sources: tuple[str, ...] = ()
    rules: str = ""
    priced_pd: Decimal | None = None
    expected_loss: Decimal | None = None

    @property
    def outcome(self) -> str:
        """An approval without a lawful price, or before every source has answered that was asked, is a question for a person."""
        if self.score.outcome == "approve" and (self.open_sources or self.price is None or not self.price.priced):
            return "refer"
        return self.score.outcome

    def as_dict(self) -> dict[str, Any]:
        """`price` is what the pricing engine printed, its expected loss that of the cautious probability; the one that counts stands beside it."""
        loss = None if self.expected_loss is None else format(self.expected_loss, "f")
        return (
            {
                "score": self.score.as_dict(),
                "price": None if self.price is None else self.price.as_dict(),
                "cap": str(self.cap),
                "outcome": self.outcome,
            }
            | ({"priced_pd": str(self.priced_pd), "expected_loss": loss} if self.priced_pd is not None else {})
            | ({"open_sources": list(self.open_sources)} if self.open_sources else {})
        )


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
    rules: Rules | None = None,
) -> Assessment:
    """Score `facts` and price the risk. Raises pricing.UnableToPrice where no cap is known for `jurisdiction` on `as_of`."""
    cap = pricing.cap_of(jurisdiction=jurisdiction, as_of=as_of)
    rules = rules or lending_rules.load()

    def priced(other: Facts, pd: Decimal) -> Price:
        return pricing.price(_risk(other, cautious(pd, rules=rules), product=product, cap=cap, method=method))

    def decides(other: Facts) -> tuple[str, str]:
        """What would come of other facts, price and all: a way out that leads to no lawful price is none."""
        outcome, grade, pd = serving.standing(other, name=model, calibration=calibration, rules=rules)
        if outcome == "approve" and pd is not None and not priced(other, pd).priced:
            outcome = "refer"
        return outcome, grade

    found = serving.score(facts, name=model, calibration=calibration, decides=decides, rules=rules)
    if found.pd is None:
        return Assessment(found, None, cap.rate, tuple(open_sources), rules.reference)
    quote, upper = priced(facts, found.pd), cautious(found.pd, rules=rules) if rules.counted_as else None
    loss = _expected_loss(_risk(facts, found.pd, product=product, cap=cap, method=method), quote, upper)
    return Assessment(found, quote, cap.rate, tuple(open_sources), rules.reference, upper, loss)


def cautious(pd: Decimal, *, rules: Rules) -> Decimal:
    """The probability a price is made for: the upper end of what the rules leave open of it."""
    return pd if rules.counted_as is None else pricing.upper_pd(pd, loans=rules.counted_as)


def _expected_loss(risk: Risk, quote: Price, upper: Decimal | None) -> Decimal | None:
    if upper is None or quote.needed_rate is None:
        return quote.expected_loss
    return pricing.expected_loss(risk, quote.needed_rate)


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


def again(kept: Mapping[str, Any], *, model: str, rules: str = "", output: Mapping[str, Any] | None = None) -> Assessment:
    """The assessment once more, from the input a decision kept: the same facts, terms, day, model, calibration and rules.

    A decision from before rules had names was made by one of two: by the one that gives its `output`. Raises AlteredRules.
    """
    if rules:
        return _again(kept, model=model, rules=lending_rules.named(rules))
    tried = [_again(kept, model=model, rules=lending_rules.load(name)) for name in lending_rules.BEFORE_NAMES]
    return next((each for each in tried if each.as_dict() == output), tried[0])


def _again(kept: Mapping[str, Any], *, model: str, rules: Rules) -> Assessment:
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
        rules=rules,
    )
