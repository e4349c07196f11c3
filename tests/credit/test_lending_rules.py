"""Rules of lending: sealed files, named by each decision, and an old decision comes out again by the rules of its time."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from config.recompute import printed, recompute, recompute_stored
from credit import lending_rules, pricing, serving
from credit.assessment import again, assess
from credit.decision import UNUSABLE, decide
from credit.facts import Facts
from credit.lending_rules import AlteredRules
from credit.models import Decision
from loans.product import STANDARD
from privacy import subjects
from tests.credit.test_scorecard import GOOD

NOW = datetime(2026, 11, 28, 2, 0, tzinfo=UTC)
DAY = NOW.date()
BEFORE = [lending_rules.load(name) for name in lending_rules.BEFORE_NAMES]
NO_INCOME = Facts(**(GOOD.as_dict() | {"income_monthly": 200_000}))


def assessed(facts=GOOD, **more):
    return assess(facts, product=STANDARD, jurisdiction="SANDBOX", as_of=DAY, **more)


def kept(facts):
    names = ("target_yield", "lgd", "servicing_fee_rate", "origination_fee_rate")
    product = {name: str(getattr(STANDARD, name)) for name in names}
    return {"facts": facts.as_dict(), "product": product, "jurisdiction": "SANDBOX", "method": "equal_installment", "as_of": DAY.isoformat()}


def test_rules_are_files_that_nobody_edits(monkeypatch, tmp_path):
    for name in lending_rules.SEALED:
        found = lending_rules.load(name)
        assert lending_rules.named(found.reference) == found
        assert found.since >= date(2026, 11, 24)
    for reference in (f"lending-2@{'0' * 64}", "lending-9", "lending-3"):
        with pytest.raises(AlteredRules):
            lending_rules.named(reference)
    (tmp_path / "lending-2.json").write_bytes((lending_rules.FILES / "lending-2.json").read_bytes().replace(b'"1"', b'"2"'))
    monkeypatch.setattr(lending_rules, "FILES", tmp_path)
    with pytest.raises(AlteredRules, match="not the one"):
        lending_rules.load.__wrapped__("lending-2")
    assert AlteredRules in UNUSABLE, "nothing is decided by rules that were altered"


def test_the_price_is_made_for_what_is_not_known_and_the_loss_told_of_the_probability():
    made, rules = assessed(), lending_rules.load()
    pd = made.score.pd
    assert made.priced_pd == pricing.upper_pd(pd, loans=rules.counted_as) > pd
    before = assessed(rules=BEFORE[0])
    assert made.price.annual_rate > before.price.annual_rate
    at_rate = pricing.expected_loss(risk(pd), made.price.annual_rate)
    assert made.expected_loss == at_rate < made.price.expected_loss
    assert abs(made.expected_loss / before.expected_loss - 1) < Decimal("0.01"), "the rate alone moves it, by a hair"
    assert pricing.present_value(risk(pd), made.price.annual_rate) > 1, "if the probability is right, investors have more than the yield aimed at"


def risk(pd):
    return pricing.Risk(
        pd=pricing.over_term(pd, GOOD.term_months), lgd=STANDARD.lgd, term_months=GOOD.term_months, target_yield=STANDARD.target_yield,
        servicing_fee=STANDARD.servicing_fee_rate, origination_fee=STANDARD.origination_fee_rate, cap=pricing.cap_of(jurisdiction="SANDBOX", as_of=DAY),
    )  # fmt: skip


def test_more_risk_still_costs_more():
    """The caution added never turns two probabilities round."""
    upper = [pricing.upper_pd(Decimal(n) / 1000, loans=1000) for n in range(1000)]
    assert upper == sorted(set(upper))


@pytest.mark.parametrize("rules", BEFORE, ids=lambda rules: rules.name)
@pytest.mark.parametrize("name", serving.names())
@pytest.mark.parametrize("facts", [GOOD, NO_INCOME], ids=["good", "no income"])
def test_a_decision_without_named_rules_is_assessed_by_those_that_made_it(facts, name, rules):
    made = assessed(facts, model=name, rules=rules).as_dict()
    assert again(kept(facts), model=name, output=made).as_dict() == made
    assert "priced_pd" not in made


def test_the_income_rule_is_what_changed_between_the_old_ones():
    assert [assessed(NO_INCOME, rules=rules).score.outcome for rules in BEFORE] == ["refer", "approve"]


@pytest.mark.django_db
def test_a_stored_decision_names_its_rules_and_old_ones_come_out_again():
    subject = subjects.create("person", now=NOW)
    new = decide(about="AP-NEW", subject=subject, facts=GOOD, product=STANDARD, as_of=DAY, now=NOW)
    assert new.rules == lending_rules.load().reference
    assert new.expected_loss == assessed().expected_loss.quantize(Decimal("1e-10"))
    assert recompute_stored("price", new.reference)[0] == assessed().price.as_dict()
    for rules in BEFORE:
        made = assessed(NO_INCOME, rules=rules)
        row = Decision.objects.create(
            about="AP-OLD",
            subject=subject,
            facts=kept(NO_INCOME),
            output=made.as_dict(),
            model=made.score.model,
            model_sha256=made.score.model_sha256,
            outcome=made.outcome,
            grade=made.score.grade,
            pd=made.score.pd,
            annual_rate=pricing.quoted(made.price.annual_rate),
            apr=made.price.apr.quantize(Decimal("1e-6")),
            cap=made.cap,
            as_of=DAY,
            decided_at=NOW,
        )
        assert printed(recompute_stored("score", row.reference)[0]) == printed(made.score.as_dict())
        assert printed(recompute_stored("price", row.reference)[0]) == printed(made.price.as_dict())


def test_a_file_of_facts_is_scored_by_the_rules_of_today():
    import json

    assert recompute("score", json.dumps(NO_INCOME.as_dict()))[0] == serving.score(NO_INCOME, rules=lending_rules.load()).as_dict()
