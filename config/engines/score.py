"""JSON for `credit.scorecard`."""

from typing import Any

from config.reading import translated
from credit.facts import ImpossibleFacts, parse
from credit.scorecard import score


def run(data: dict[str, Any]) -> dict[str, Any]:
    with translated(ImpossibleFacts):
        return score(parse(data)).as_dict()


def stored(reference: str) -> dict[str, Any]:
    from config.engines import stored as kept  # needs Django, which recomputing a file does not

    opened = kept.decision(reference)
    return opened if "erased" in opened else score(parse(opened["facts"]["facts"]), name=opened["model"]).as_dict()
