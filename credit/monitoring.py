"""Is the model still right? Pure: what was expected and what came in; indices, exact limits, and charts that ring within hundreds of loans.

A chart adds up log likelihood ratios of one way of being wrong against being right, and never goes below zero (Page 1954; with each loan's
own probability of default, Steiner et al. 2000). While the model is right the exponential of a chart's sum is a martingale, so that a chart
passes a height h within n loans with probability at most n·exp(−h) (Ville). The bound counts every loan as a new start of the chart; a chart
starts anew far less often, and by how much the bound is too careful was simulated (SPARE), so false alarms stay below FALSE_ALARMS a month.

Inputs are watched as shares of cells, one of them "not known"; outcomes by level and by slope. PSI is kept for what it shows: where
applicants changed. It cannot show that the same applicants pay differently; the outcome charts do.

A slope turns around the middle of the scores and moves few loans far, so a chart with one alternative finds it late. It is tested instead on the
last WINDOW loans, a few times a month: the score test of the slope, with the level set free, so that a shift of level is not mistaken for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
LOOK, STOP = 0.10, 0.25  # of a PSI or CSI
FALSE_ALARMS = 0.01  # a month, over all charts together
CELLS = 10
SPARE = {"inputs": 1.9, "outcomes": 3.1}  # of a limit: simulated for 200 to 2,000 loans a month, 4 to 100 inputs, 5 % to 40 % bads; half the alarms each
LEVEL = 0.6  # log-odds of a shift of level
WINDOW, LEAST = 500, 200  # loans a slope is tested on
LOOKS = 5  # at the slope, a month
SLOPE_ALARMS = 0.19  # of FALSE_ALARMS at one look, over the charts: looks overlap and sums are skewed, so it was simulated, as above
CHARTS = 4  # of one group of outcomes: two of level, two sides of a slope
TILT = 0.5  # of normal scores: a shift of half a standard deviation
RARER, OFTENER = 0.25, 4.0  # odds of "not known"
YEAR, EARLIEST = 12, 3  # months: what a probability is about; on book before which nothing is 90 days late (due after one, and three more)
LEVEL_BADS, SLOPE_BADS = 30, 200  # fewer bads (or goods) than this say nothing of level, of slope
SHARE_LEAST = 0.002  # of a cell: an empty one in the reference is not impossible


@dataclass(frozen=True)
class Watched:
    """The reference of one input: edges of its cells, and the share of loans in each. The first cell is "not known"."""

    name: str
    edges: Vector
    shares: Vector

    def cell(self, values: Vector) -> NDArray[np.intp]:
        return np.where(np.isnan(values), 0, 1 + np.searchsorted(self.edges, values, side="left"))


@dataclass(frozen=True)
class Reference:
    """What the model saw when it was right: its inputs and its score, over so many loans."""

    inputs: tuple[Watched, ...]
    score: Watched
    loans: int


@dataclass(frozen=True)
class Proposal:
    """Log-odds should become intercept + slope × log-odds. Only data: a person signs it, or nothing changes."""

    intercept: float
    slope: float
    loans: int
    bads: int
    error_before: float
    error_after: float
    why: str


@dataclass(frozen=True)
class Alarm:
    """A chart that rang: which, about what, and after how many loans."""

    kind: str
    about: str
    after: int


def watched(name: str, values: Vector) -> Watched:
    """Cells of equal count; equal values stay together."""
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, CELLS + 1)[1:-1])) if len(known) else np.zeros(0)
    cells = Watched(name, edges, np.zeros(0)).cell(values)
    counts = np.bincount(cells, minlength=len(edges) + 2).astype(float)
    shares = np.maximum(counts / max(len(values), 1), SHARE_LEAST)
    return Watched(name, edges, shares / shares.sum())


def reference(columns: Mapping[str, Vector], odds: Vector) -> Reference:
    return Reference(tuple(watched(name, values) for name, values in columns.items()), watched("score", odds), len(odds))


def psi(expected: Vector, values: NDArray[np.intp]) -> float:
    """The population stability index of cells against expected shares."""
    actual = np.maximum(np.bincount(values, minlength=len(expected)) / max(len(values), 1), SHARE_LEAST)
    return float(((actual - expected) * np.log(actual / expected)).sum())


def noise(known: Watched, reference_loans: int, loans: int) -> float:
    """The index that chance alone passes in one week of a thousand: of so few loans no larger one means anything (Wilson and Hilferty's chi square)."""
    free = max(len(known.shares) - 1, 1)
    quantile = free * (1 - 2 / (9 * free) + NormalDist().inv_cdf(0.999) * math.sqrt(2 / (9 * free))) ** 3
    return quantile * (1 / max(reference_loans, 1) + 1 / max(loans, 1))


def stability(known: Reference, columns: Mapping[str, Vector], odds: Vector) -> dict[str, Any]:
    """The week's PSI of the score and CSI of each input, with what each asks for."""
    found = {}
    for each, values in ((known.score, odds), *((each, columns[each.name]) for each in known.inputs)):
        value = psi(each.shares, each.cell(values))
        told = value > noise(each, known.loans, len(odds))
        found[each.name] = {"index": value, "asks_for": "stop" if told and value >= STOP else "look" if told and value >= LOOK else "nothing"}
    return found


def vintage_curve(months: Sequence[int]) -> Vector:
    """Of the loans that went bad within a year, the share that had by each month on book: seen from LEVEL_BADS on; before, none can be bad until
    EARLIEST has passed, and then as many go bad each month."""
    if len(months) < LEVEL_BADS:
        return np.clip((np.arange(1, YEAR + 1) - EARLIEST) / (YEAR - EARLIEST), 0.0, 1.0)
    return np.asarray(np.cumsum(np.bincount(np.minimum(months, YEAR), minlength=YEAR + 1)[1:]) / len(months))


def by_now(pd: float, months_on_book: int) -> float:
    """The chance that a loan has gone bad by now, of which `pd` is that of its first year; afterwards as likely each month as in that year."""
    if months_on_book <= YEAR:
        return pd * expected_share(months_on_book, vintage_curve([]).tolist())
    return float(1 - (1 - pd) ** (months_on_book / YEAR))


def expected_share(months_on_book: int, curve: Sequence[float]) -> float:
    """Of the loans that will go bad, how many have by now: the vintage curve, month by month."""
    return 0.0 if months_on_book < 1 else float(curve[min(months_on_book, len(curve)) - 1])


def maturing(pd: Vector, months_on_book: Sequence[int], curve: Sequence[float]) -> Vector:
    """The probability that each loan has gone bad by now. A young loan that still pays says little, and is not counted as good."""
    return np.asarray(pd * np.array([expected_share(months, curve) for months in months_on_book]))


def observed_to_expected(bad: Vector, pd: Vector, *, chance: float = 0.05) -> dict[str, Any]:
    """Observed over expected bads, with exact limits for the count while the probabilities are right."""
    low, high = count_limits(pd, chance=chance)
    seen, due = int(bad.sum()), float(pd.sum())
    return {"observed": seen, "expected": due, "ratio": seen / due if due else math.nan, "low": low, "high": high, "within": low <= seen <= high}


def count_limits(pd: Vector, *, chance: float = 0.05) -> tuple[int, int]:
    """The smallest and largest number of bads that is no surprise: exact, each loan with its own probability."""
    below = np.cumsum(count_distribution(pd))
    low = int(np.searchsorted(below, chance / 2, side="right"))
    high = int(np.searchsorted(below, 1 - chance / 2, side="left"))
    return low, min(high, len(pd))


def count_distribution(pd: Vector) -> Vector:
    """The chance of each number of bads (Poisson binomial), by adding one loan after another."""
    chances = np.array([1.0])
    for each in pd:
        chances = np.append(chances, 0.0) * (1 - each) + np.append(0.0, chances) * each
    return chances


def limit(kind: str, charts: int, per_month: int) -> float:
    """The height at which a chart rings, so that all together ring falsely in fewer than FALSE_ALARMS of months."""
    return math.log(charts * per_month / FALSE_ALARMS) - SPARE[kind]


def inputs_alarm(known: Reference, columns: Mapping[str, Vector], *, per_month: int = 500) -> Alarm | None:
    """The first chart of the inputs that rings over these loans, in the order they came."""
    return follow(known, columns, {}, per_month=per_month)[0]


def follow(known: Reference, columns: Mapping[str, Vector], charts: Mapping[str, float], *, per_month: int) -> tuple[Alarm | None, dict[str, float]]:
    """The charts carried on from where they stood: the first that rings, if any, and where all stand now. After an alarm they start anew."""
    height = limit("inputs", 4 * len(known.inputs), per_month)
    found, now = [], {}
    for each in known.inputs:
        cells = each.cell(columns[each.name])
        for kind, ratios in _ways(each.shares).items():
            key = f"{each.name}|{kind}"
            after, now[key] = _rings(ratios[cells], height, charts.get(key, 0.0))
            if after is not None:
                found.append(Alarm(kind, each.name, after))
    return (min(found, key=lambda alarm: alarm.after), {}) if found else (None, now)


def _ways(shares: Vector) -> dict[str, Vector]:
    """Log likelihood ratios by cell of an input that grew, shrank, or is known more rarely or more often."""
    known = shares[1:] / shares[1:].sum()
    middle = np.clip(np.cumsum(known) - known / 2, 1e-4, 1 - 1e-4)
    scores = np.log(middle / (1 - middle)) * 0.6  # near enough to normal scores
    found = {}
    for kind, tilt in (("higher", TILT), ("lower", -TILT)):
        tilted = known * np.exp(tilt * scores)
        found[kind] = np.concatenate([[0.0], np.log(tilted / tilted.sum() / known)])
    for kind, odds in (("missing more", OFTENER), ("missing less", RARER)):
        unknown = shares[0] * odds / (1 - shares[0] + shares[0] * odds)
        found[kind] = np.concatenate([[math.log(unknown / shares[0])], np.full(len(known), math.log((1 - unknown) / (1 - shares[0])))])
    return found


def outcomes_alarm(
    odds: Vector, bad: Vector, *, middle: float, per_month: int = 500, share: Vector | None = None, charts: int = CHARTS, since: int = 0
) -> Alarm | None:
    """The first chart of the outcomes that rings after loan `since`. `middle`: about where a slope turns; `share`: maturity of each loan;
    `charts`: of all that are kept together."""
    share = np.ones_like(odds) if share is None else share
    found = []
    for kind, shift in (("level higher", LEVEL), ("level lower", -LEVEL)):
        after, _end = _rings(_ratios(odds, odds + shift, bad, share), limit("outcomes", charts, per_month), 0.0)
        found += [] if after is None else [Alarm(kind, "outcome", after)]
    height = NormalDist().inv_cdf(1 - SLOPE_ALARMS * FALSE_ALARMS / charts / 2)
    for after, lean in _leans(odds - middle, odds, bad, share, max(per_month // LOOKS, WINDOW // LOOKS)):
        if abs(lean) >= height:
            found.append(Alarm("slope steeper" if lean > 0 else "slope flatter", "outcome", after))
    return min((alarm for alarm in found if alarm.after > since), key=lambda alarm: alarm.after, default=None)


def _leans(around: Vector, odds: Vector, bad: Vector, share: Vector, step: int) -> Iterator[tuple[int, float]]:
    """(after how many loans, how far the slope leans in standard deviations) over the last WINDOW, every `step` loans; nothing from too few outcomes."""
    p = 1 / (1 + np.exp(-odds))
    due, moved = p * share, p * (1 - p) * share
    weight = np.where(due > 0, moved / np.maximum(due * (1 - due), 1e-12), 0.0)
    pull, grip = weight * (bad - due), weight * moved
    parts = (pull, pull * around, grip, grip * around, grip * around**2, due)
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in parts]
    for end in range(step, len(odds) + 1, step):
        begin = max(0, end - WINDOW)
        level, slope, held, mixed, turned, bads = (float(each[end] - each[begin]) for each in sums)
        if end - begin >= LEAST and min(bads, end - begin - bads) >= LEVEL_BADS and (spread := turned - mixed**2 / held) > 0:
            yield end, (slope - mixed / held * level) / math.sqrt(spread)


def _ratios(right: Vector, wrong: Vector, bad: Vector, share: Vector) -> Vector:
    """The log likelihood ratio of each outcome, "wrong" against "right"."""
    p, q = share / (1 + np.exp(-right)), share / (1 + np.exp(-wrong))
    return np.asarray(np.where(bad == 1, np.log(np.maximum(q, 1e-12) / np.maximum(p, 1e-12)), np.log((1 - q) / (1 - p))))


def _rings(ratios: Vector, height: float, start: float) -> tuple[int | None, float]:
    """After how many loans the chart passes `height`, and where it ends: its value is the sum so far less the lowest sum so far."""
    total = np.concatenate([[start], start + np.cumsum(ratios)])
    values = total - np.minimum(np.minimum.accumulate(total), 0.0)
    above = np.nonzero(values >= height)[0]
    return int(above[0]) if len(above) else None, float(values[-1])


def proposal(odds: Vector, bad: Vector, *, why: str) -> Proposal | None:
    """A recalibration on mature outcomes: the level from LEVEL_BADS bads on, the slope too from SLOPE_BADS. None with too few to say."""
    bads = int(bad.sum())
    if min(bads, len(bad) - bads) < LEVEL_BADS:
        return None
    intercept, slope = _fitted(odds, bad, slope_too=min(bads, len(bad) - bads) >= SLOPE_BADS)
    errors = [abs(float((1 / (1 + np.exp(-each)) - bad).mean())) for each in (odds, intercept + slope * odds)]
    return Proposal(intercept, slope, len(bad), bads, errors[0], errors[1], why)


def _fitted(odds: Vector, bad: Vector, *, slope_too: bool) -> tuple[float, float]:
    """(intercept, slope) of most likelihood, by Newton's method; the slope stays 1 when it is not asked for."""
    beta, columns = np.array([0.0, 1.0]), np.column_stack([np.ones_like(odds), odds])
    free = 2 if slope_too else 1
    for _ in range(50):
        p = 1 / (1 + np.exp(-(columns @ beta)))
        seen = columns[:, :free]
        step = np.linalg.solve((seen * (p * (1 - p))[:, None]).T @ seen, seen.T @ (bad - p))
        beta[:free] += step
        if float(np.abs(step).max()) < 1e-10:
            break
    return float(beta[0]), float(beta[1])
