"""One listing alone: what the whole rule gives on a market of one, found by a sort."""

from dataclasses import replace

import pytest
from hypothesis import given, settings

from marketplace.matching.crowd import gather
from marketplace.matching.match import match
from marketplace.matching.preview import preview
from marketplace.matching.terms import Run
from tests.counts import cases
from tests.marketplace.matching.markets import UNIT, runs
from tests.marketplace.matching.test_rule import filled


@pytest.mark.soak
@given(runs(limits="crossing"))
@settings(max_examples=cases(40, soak=2_000), deadline=None)
def test_a_preview_is_the_rule_on_a_market_of_one(run: Run) -> None:
    alone = replace(run, listings=run.listings[:1])
    crowd = gather(run.mandates, unit=UNIT, seed=run.seed)
    seen = preview(crowd, run.listings[0])
    units = {(crowd.mandates[at].id, run.listings[0].id): units for at, units in zip(seen.eligible.tolist(), seen.units.tolist(), strict=True) if units}
    assert units == filled(match(alone))
