"""JSON for `credit.scorecard`."""

from typing import Any

from config.reading import translated
from credit.facts import ImpossibleFacts, parse
from credit.scorecard import score


def run(data: dict[str, Any]) -> dict[str, Any]:
    with translated(ImpossibleFacts):
        return score(parse(data)).as_dict()
