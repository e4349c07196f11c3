"""Months of outcomes: what came against what was expected, at three ages; the young are not counted as good; a person signs what the monitoring asks."""

from datetime import UTC, date, datetime
from decimal import Decimal

import numpy as np
import pytest

from core import outbox
from credit import champion, monitoring, scorecard, serving, vintages
from credit.models import ModelAlarm, ModelChange, MonthOfOutcomes
from credit.vintages import Lent
from tests import cast
from tests.credit.test_champion import modeler

pytestmark = pytest.mark.django_db
NOW = datetime(2027, 6, 2, tzinfo=UTC)
FIRST = date(2025, 1, 1)
CURVE = monitoring.vintage_curve([])


def lent(months, count, *, seed, level=0.0, since=0):
    """`count` loans a month. From month `since` on their log-odds of default are `level` more than the model says."""
    draw, digest, rows = np.random.default_rng(seed), serving.digest(scorecard.CURRENT), []
    for place in range(months):
        odds = draw.normal(-1.8, 0.8, count)
        true = 1 / (1 + np.exp(-(odds + (level if place >= since else 0))))
        due = 1 + np.searchsorted(CURVE, draw.random(count))
        month = vintages._later(FIRST, place)
        at = datetime(month.year, month.month, 1, tzinfo=UTC)
        for pd, p, by in zip(1 / (1 + np.exp(-odds)), true, due, strict=True):
            bad = int(by) if draw.random() < p else None
            rows.append(Lent(scorecard.CURRENT, digest, Decimal(str(round(pd, 8))), "A" if pd < 0.1 else "B", at, month, bad))
    return rows


def as_known(rows, today):
    """Nobody knows today what comes later."""
    return [
        each if each.bad_by is None or vintages._later(each.month, each.bad_by) <= today else Lent(*[*vars(each).values()][:-1], bad_by=None) for each in rows
    ]


def test_a_sound_model_is_within_its_limits_at_every_age_and_rings_nothing():
    today = vintages._later(FIRST, 15)
    rows = as_known(lent(15, 120, seed=1), today)
    assert vintages.outcomes(rows, today=today, now=NOW) == []
    assert vintages.outcomes(rows, today=today, now=NOW) == [], "a month is judged once"
    assert MonthOfOutcomes.objects.filter(grade="", months_on_book=3).count() == 12
    assert {row.expected for row in MonthOfOutcomes.objects.filter(months_on_book=3)} == {0}, "nothing can be in default that early"
    later = MonthOfOutcomes.objects.filter(months_on_book__in=(6, 12))
    assert sum(row.within for row in later) >= 0.85 * len(later)
    six, twelve = (MonthOfOutcomes.objects.get(grade="", month=vintages._later(FIRST, age), months_on_book=age) for age in (6, 12))
    assert (six.loans, twelve.loans) == (120, 120)
    assert float(six.expected) == pytest.approx(float(twelve.expected) / 3, rel=0.01), "a third of the year's defaults has come"
    assert set(MonthOfOutcomes.objects.values_list("grade", flat=True)) == {"", "A", "B"}


def test_worse_outcomes_ring_early_a_recalibration_is_proposed_and_a_person_signs_it():
    owner, signer = modeler(), cast.fay()
    rows = lent(20, 220, seed=2, level=0.8)
    today = vintages._later(FIRST, 14)
    rang = vintages.outcomes(as_known(rows, today), today=today, now=NOW)
    assert rang[0].kind == "level higher"
    assert rang[0].months_on_book == 6, "half a year before the first loans are old enough"
    (change,) = ModelChange.objects.filter(kind="recalibrate")
    assert (change.state, change.proposed_by) == ("proposed", None)
    assert float(change.intercept) == pytest.approx(0.8, abs=0.35)
    assert change.evidence["error_after"] < change.evidence["error_before"]
    assert champion.calibration(scorecard.CURRENT) is None, "nothing holds until somebody signs"
    with pytest.raises(champion.UnableToChange):
        champion.sign(change, reason="Mine.", by=owner.user, now=NOW)
    champion.sign(change, reason="The figures are plain.", by=signer.user, now=datetime(today.year, today.month, today.day, tzinfo=UTC))
    assert champion.calibration(scorecard.CURRENT).intercept == change.intercept
    before = ModelAlarm.objects.count()
    later = vintages._later(FIRST, 20)
    vintages.outcomes(as_known(rows, later), today=later, now=NOW)
    assert ModelAlarm.objects.count() == before, "loans decided before are judged by what is in force now"
    outbox.drain(now=NOW)
    page = cast.client_of(signer, language="zh-hans").get(f"/admin/credit/modelchange/{change.pk}/change/").content.decode()
    assert "对结果的监测发出了警报。" in page


def test_loans_of_a_file_that_decides_no_longer_are_judged_and_nothing_is_proposed():
    rows = [Lent(each.model, "0" * 64, *[*vars(each).values()][2:]) for each in lent(14, 220, seed=3, level=0.9)]
    assert vintages.outcomes(rows, today=vintages._later(FIRST, 14), now=NOW)
    assert not ModelChange.objects.exists()
