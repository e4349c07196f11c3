"""From trees to tables: trees over at most two inputs are summed, exactly, into one table for each input and each pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from credit import glassbox

Key = tuple[int, ...]
Grid = tuple[list[NDArray[np.float64]], NDArray[np.float64]]
ROUNDS = 30


class TooManyInputs(Exception):
    """A tree reads more than two inputs: its effect has no table."""


def splits(node: Mapping[str, Any]) -> Iterator[tuple[int, float]]:
    """(input, threshold) of every split under `node`."""
    if "split_feature" in node:
        yield int(node["split_feature"]), float(node["threshold"])
        yield from splits(node["left_child"])
        yield from splits(node["right_child"])


def inputs_of(tree: Mapping[str, Any]) -> Key:
    found = tuple(sorted({feature for feature, _ in splits(tree)}))
    if len(found) > 2:
        raise TooManyInputs(str(found))
    return found


def value(node: Mapping[str, Any], at: Mapping[int, NDArray[np.float64]], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """The tree's output at every cell; NaN stands for not known and goes where the tree sends it."""
    if "split_feature" not in node:
        return np.full(shape, float(node["leaf_value"]))
    given = np.broadcast_to(at[int(node["split_feature"])], shape)
    left = given <= float(node["threshold"])
    unknown_left = bool(node["default_left"]) if node["missing_type"] == "NaN" else float(node["threshold"]) >= 0
    goes_left = np.where(np.isnan(given), unknown_left, left)
    return np.where(goes_left, value(node["left_child"], at, shape), value(node["right_child"], at, shape))


def grids(trees: list[Mapping[str, Any]]) -> dict[Key, Grid]:
    """By inputs: edges, and the sum of all trees over exactly those inputs. The empty key collects constants."""
    by_key: dict[Key, list[Mapping[str, Any]]] = {}
    for tree in trees:
        by_key.setdefault(inputs_of(tree), []).append(tree)
    return {key: _summed(key, members) for key, members in sorted(by_key.items())}


def _summed(key: Key, trees: list[Mapping[str, Any]]) -> Grid:
    edges = [np.unique([threshold for tree in trees for feature, threshold in splits(tree) if feature == each]) for each in key]
    shape = tuple(len(each) + 2 for each in edges)
    at = {feature: _representatives(edges[axis]).reshape([-1 if other == axis else 1 for other in range(len(key))]) for axis, feature in enumerate(key)}
    return edges, np.sum([value(tree, at, shape) for tree in trees], axis=0)


def _representatives(edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """One value in each cell: not known, each edge itself (a cell includes its upper edge), and beyond the last."""
    return np.concatenate([[np.nan], edges, [np.inf]])


def compiled(trees: list[Mapping[str, Any]], names: list[str], columns: Mapping[str, NDArray[np.float64]], scale: float) -> tuple[list[dict[str, Any]], float]:
    """(tables as the model's file holds them, intercept). Effects of one input leave the tables of pairs; every table is centered."""
    found = grids(trees)
    constant = float(np.sum(found.pop((), ([], np.zeros(())))[1]))
    pairs: dict[Key, Grid] = {key: grid for key, grid in found.items() if len(key) == 2}
    singles: dict[Key, Grid] = {key: grid for key, grid in found.items() if len(key) == 1}
    for both, (edges, points) in pairs.items():
        counts = _counts([columns[names[feature]] for feature in both], edges)
        pure, parts = _purified(points, counts)
        pairs[both] = edges, _silent_where_unseen(pure, counts)
        for axis, feature in enumerate(both):
            singles[(feature,)] = _added(singles.get((feature,)), edges[axis], parts[axis])
    centered: dict[Key, Grid] = {}
    for key, (edges, points) in singles.items():
        mean = float(points[glassbox.cells(edges[0], columns[names[key[0]]])].mean())
        points = _neutral_where_unseen(points - mean, edges[0], columns[names[key[0]]])
        centered[key] = edges, points
        constant += mean
    everything: dict[Key, Grid] = {**centered, **pairs}
    return [_row(key, grid, names, scale) for key, grid in sorted(everything.items())], constant * scale


def _counts(values: list[NDArray[np.float64]], edges: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    counts = np.zeros([len(each) + 2 for each in edges])
    np.add.at(counts, tuple(glassbox.cells(edge, column) for edge, column in zip(edges, values, strict=True)), 1)
    return counts


def _purified(points: NDArray[np.float64], counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], list[NDArray[np.float64]]]:
    """The pair's own effect, and what belongs to each of its inputs: weighted means of rows and columns are zero (Lengerich et al. 2020)."""
    pure, parts = points.copy(), [np.zeros(points.shape[0]), np.zeros(points.shape[1])]
    for _ in range(ROUNDS):
        for axis in (0, 1):
            total = counts.sum(axis=1 - axis)
            mean = np.divide((pure * counts).sum(axis=1 - axis), total, out=pure.mean(axis=1 - axis), where=total > 0)
            parts[axis] += mean
            pure -= np.expand_dims(mean, 1 - axis)
    return pure, parts


def _added(grid: Grid | None, edges: NDArray[np.float64], points: NDArray[np.float64]) -> Grid:
    """Two step functions of one input, summed over the edges of both."""
    if grid is None:
        return [edges], points
    both = np.union1d(grid[0][0], edges)
    at = _representatives(both)
    return [both], grid[1][glassbox.cells(grid[0][0], at)] + points[glassbox.cells(edges, at)]


def _silent_where_unseen(points: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """A pair says nothing of an input that is not known where training always knew it."""
    points = points.copy()
    for axis in (0, 1):
        if counts.sum(axis=1 - axis)[0] == 0:
            points[(0, slice(None)) if axis == 0 else (slice(None), 0)] = 0.0
    return points


def _neutral_where_unseen(points: NDArray[np.float64], edges: NDArray[np.float64], column: NDArray[np.float64]) -> NDArray[np.float64]:
    """An input that was always known in training says nothing when it is not known."""
    if not np.isnan(column).any():
        points = points.copy()
        points[0] = 0.0
    return points


def _row(key: Key, grid: Grid, names: list[str], scale: float) -> dict[str, Any]:
    edges, points = grid
    return {"of": [names[feature] for feature in key], "edges": [each.tolist() for each in edges], "points": np.round(points * scale, 6).tolist()}
