"""JSON for `credit.serving`: the live scorecard, or with `--model NAME` another model that may score an application."""

from typing import Any

from config.reading import InvalidInput, translated
from credit import scorecard, serving
from credit.assessment import again
from credit.facts import Facts, ImpossibleFacts, parse


def run(data: dict[str, Any], *, model: str = scorecard.CURRENT, contributions: bool = False) -> dict[str, Any]:
    with translated(ImpossibleFacts):
        facts = parse(data)
    if model not in serving.names():
        raise InvalidInput("model", f"must be one of {', '.join(serving.names())}")
    found = serving.score(facts, name=model).as_dict()
    return found | ({"contributions": _contributions(facts, model)} if contributions and not found["missing"] else {})


def _contributions(facts: Facts, model: str) -> dict[str, Any]:
    """Everything the score is made of: base and parts add up to the total."""
    if model in scorecard.SEALED:
        base, parts = scorecard.parts(facts, name=model)
        return {"unit": "points", "base": base, "parts": parts, "total": base + sum(parts.values())}
    found = serving.explained(facts, name=model)
    return {"unit": "log-odds over the term", "base": found.base, "parts": dict(found.parts), "total": found.log_odds}


def stored(reference: str) -> dict[str, Any]:
    from config.engines import stored as kept  # needs Django, which recomputing a file does not

    opened = kept.decision(reference)
    return opened if "erased" in opened else again(**opened).score.as_dict()
