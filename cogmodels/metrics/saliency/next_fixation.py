"""Conditional metrics: each fixation scored by a map that was predicted from those before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.saliency.fixated import nss
from cogmodels.metrics.saliency.maps import Map, as_map, fixated_pixels

_EPS = 2.2204e-16


def cnss(maps: Iterable[np.ndarray] | np.ndarray | Map, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Conditional normalised scanpath saliency (n,): one map (height, width) for each fixation ``x, y`` (n,) px.

    Standard deviation over n; 0 for a constant map. ``maps`` may be a generator: one is held at a time; or a single map
    for all fixations (a model without memory). Yang et al. (2024), CVPR (HAT): the score of a scanpath is the mean.
    """
    if _is_single(maps):
        values = as_map(maps, "cnss")
        columns, rows = fixated_pixels(values.shape, x, y, "cnss", "refuse")
        mean, squares = values.moments
        sd = np.sqrt(squares / values.size)
        return (values.values[rows, columns] - mean) / sd if sd > 0 else np.zeros(len(rows))
    return np.array([nss(values, [u], [v]) for values, u, v in _steps(maps, x, y, "cnss")])


def cig(
    maps: Iterable[np.ndarray] | np.ndarray | Map,
    baselines: Iterable[np.ndarray] | np.ndarray | Map,
    x: np.ndarray,
    y: np.ndarray,
) -> np.ndarray:
    """Conditional information gain (n,), bits: ``log2(p + eps) - log2(b + eps)`` at each next fixation.

    Parameters
    ----------
    maps, baselines : iterable of (height, width), or one (height, width)
        Densities, one a fixation or one for all (the bias to the centre, say); each is scaled to sum 1.
    x, y : (n,) float
        px.

    Notes
    -----
    Kummerer and Bethge (2021), arXiv:2102.12239; eps = 2.2204e-16 as HAT has it. The score is the mean.
    """
    found = []
    for (values, u, v), (baseline, _, _) in zip(
        _steps(maps, x, y, "cig"), _steps(baselines, x, y, "cig", "baselines"), strict=True
    ):
        ours, base = (_probability(which, u, v) for which in (values, baseline))
        found.append(np.log2(ours + _EPS) - np.log2(base + _EPS))
    return np.array(found)


def cauc(maps: Iterable[np.ndarray] | np.ndarray | Map, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Conditional area under the ROC curve (n,): share of the other pixels that lie below the next fixation's.

    With one fixation the curve is (0, 0), (fp, 1), (1, 1), where fp = (pixels that reach it - 1) / (pixels - 1); a
    constant map gives 0.5. Yang et al. (2024), CVPR (HAT).
    """
    if _is_single(maps):
        values = as_map(maps, "cauc")
        return _one_step_auc(values, np.atleast_1d(x), np.atleast_1d(y))
    steps = ((as_map(values, "cauc"), u, v) for values, u, v in _steps(maps, x, y, "cauc"))
    return np.array([_one_step_auc(values, [u], [v])[0] for values, u, v in steps])


def _one_step_auc(values: Map, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    columns, rows = fixated_pixels(values.shape, x, y, "cauc", "refuse")
    # Ranks come in the order of the values.
    order = np.argsort(values.values[rows, columns], kind="stable")
    reached = np.empty(len(rows), np.int64)
    reached[order] = values.ranks(columns, rows)[1]
    alarm = (reached - 1) / max(values.size - 1, 1)
    # Two triangles: up to the fixation, and from there on.
    return alarm / 2 + (1 - alarm)


def _is_single(maps: Iterable[np.ndarray] | np.ndarray | Map) -> bool:
    return isinstance(maps, Map) or (isinstance(maps, np.ndarray) and maps.ndim == 2)


def _steps(maps: Iterable[np.ndarray], x: np.ndarray, y: np.ndarray, where: str, what: str = "maps") -> Iterator[tuple]:
    """Map, x and y of each fixation."""
    if _is_single(maps):
        maps = [as_map(maps, where)] * np.size(x)
    x, y = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(y, dtype=float))
    try:
        yield from zip(maps, x, y, strict=True)
    except ValueError as error:
        raise DataError(
            f"{len(x)} x, {len(y)} y and another number of {what}", where=where, remedy="Give one map for each fixation"
        ) from error


def _probability(values: np.ndarray, u: float, v: float) -> float:
    values = as_map(values, "cig")
    columns, rows = fixated_pixels(values.shape, [u], [v], "cig", "refuse")
    low, _, total = values.extent
    if low < 0 or not total > 0:
        raise DataError(f"a density of minimum {low} and sum {total}", where="cig", remedy="Give probabilities")
    return float(values.values[rows, columns][0] / total)
