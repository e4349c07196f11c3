"""How good a model is: AUC, KS, Brier, calibration error, and their intervals by bootstrap over rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
DRAWS = 400
BINS = 10


def auc(bad: Vector, risk: Vector, weight: Vector | None = None) -> float:
    """The chance that a bad row has more risk than a good one, ties counting half."""
    return _Ranked(risk, bad).auc(np.ones(len(bad)) if weight is None else weight)


class _Ranked:
    """Rows in order of risk, so that every draw of a bootstrap costs one pass."""

    def __init__(self, risk: Vector, bad: Vector) -> None:
        values, self.place = np.unique(np.nan_to_num(risk, nan=-np.inf), return_inverse=True)
        self.bad, self.levels = bad, len(values)

    def auc(self, weight: Vector) -> float:
        bads = np.bincount(self.place, weight * self.bad, self.levels)
        goods = np.bincount(self.place, weight * (1 - self.bad), self.levels)
        below = np.cumsum(goods) - goods
        return float((bads * (below + goods / 2)).sum() / (bads.sum() * goods.sum()))


def ks(bad: Vector, risk: Vector) -> float:
    """The largest distance between the two distributions of risk."""
    values, place = np.unique(risk, return_inverse=True)
    bads = np.cumsum(np.bincount(place, bad, len(values))) / bad.sum()
    goods = np.cumsum(np.bincount(place, 1 - bad, len(values))) / (1 - bad).sum()
    return float(np.abs(bads - goods).max())


def brier(bad: Vector, pd: Vector) -> float:
    return float(np.mean((pd - bad) ** 2))


def ece(bad: Vector, pd: Vector, weight: Vector | None = None) -> float:
    """Expected calibration error over ten bins of equal width."""
    return _binned_error(bad, pd, np.minimum((pd * BINS).astype(int), BINS - 1), weight)


def ece_by_count(bad: Vector, pd: Vector, weight: Vector | None = None) -> float:
    """The same over ten bins of equal count: stricter, and never near zero by chance (see `noise_floor`)."""
    edges = np.quantile(pd, np.linspace(0, 1, BINS + 1)[1:-1])
    return _binned_error(bad, pd, np.searchsorted(edges, pd, side="right"), weight)


def _binned_error(bad: Vector, pd: Vector, place: NDArray[np.intp], weight: Vector | None) -> float:
    weight = np.ones(len(bad)) if weight is None else weight
    gap = np.bincount(place, weight * (pd - bad), BINS)
    return float(np.abs(gap).sum() / weight.sum())


def noise_floor(pd: Vector, error: Callable[[Vector, Vector], float], draws: int = 100, seed: int = 7) -> float:
    """What `error` would be on average if `pd` were exactly right: outcomes drawn from it."""
    rng = np.random.default_rng(seed)
    return float(np.mean([error((rng.random(len(pd)) < pd).astype(float), pd) for _ in range(draws)]))


def interval(values: list[float]) -> list[float]:
    return [float(np.quantile(values, 0.025)), float(np.quantile(values, 0.975))]


def weights(size: int, draws: int = DRAWS, seed: int = 20261127) -> Any:
    """Bootstrap draws as row weights."""
    rng = np.random.default_rng(seed)
    return (rng.multinomial(size, np.full(size, 1 / size)).astype(float) for _ in range(draws))


def report(bad: Vector, pd: Vector, draws: int = DRAWS) -> dict[str, Any]:
    """Everything a card says of one model on one group of rows."""
    ranked = _Ranked(pd, bad)
    drawn = [(ranked.auc(weight), ece(bad, pd, weight), float((weight * (pd - bad) ** 2).mean())) for weight in weights(len(bad), draws)]
    aucs, eces, briers = (interval([row[column] for row in drawn]) for column in range(3))
    return {
        "rows": len(bad),
        "bads": int(bad.sum()),
        "auc": auc(bad, pd),
        "auc_interval": aucs,
        "ks": ks(bad, pd),
        "brier": brier(bad, pd),
        "brier_interval": briers,
        "ece": ece(bad, pd),
        "ece_interval": eces,
        "ece_noise_floor": noise_floor(pd, ece),
        "ece_by_count": ece_by_count(bad, pd),
        "ece_by_count_noise_floor": noise_floor(pd, ece_by_count),
        "observed_to_expected": float(bad.sum() / pd.sum()),
    }


def paired(bad: Vector, one: Vector, other: Vector, draws: int = DRAWS) -> dict[str, Any]:
    """AUC of `one` less AUC of `other` on the same rows, drawn together."""
    a, b = _Ranked(one, bad), _Ranked(other, bad)
    drawn = [a.auc(weight) - b.auc(weight) for weight in weights(len(bad), draws)]
    return {"delta_auc": auc(bad, one) - auc(bad, other), "interval": interval(drawn)}


def deciles(bad: Vector, pd: Vector) -> list[Mapping[str, float]]:
    """Predicted against observed by tenth of risk."""
    order = np.argsort(pd, kind="stable")
    return [{"rows": len(part), "predicted": float(pd[part].mean()), "observed": float(bad[part].mean())} for part in np.array_split(order, BINS)]
