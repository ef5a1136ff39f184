"""Conditional metrics: each fixation scored by a map that was predicted from those before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.saliency.fixated import nss
from cogmodels.metrics.saliency.maps import as_map, fixated_pixels

_EPS = 2.2204e-16


def cnss(maps: Iterable[np.ndarray], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Conditional normalised scanpath saliency (n,): one map (height, width) for each fixation ``x, y`` (n,) px.

    Standard deviation over n; 0 for a constant map. ``maps`` may be a generator: one is held at a time. Yang et al.
    (2024), CVPR (HAT): the score of a scanpath is the mean.
    """
    return np.array([nss(values, [u], [v]) for values, u, v in _steps(maps, x, y, "cnss")])


def cig(
    maps: Iterable[np.ndarray], baselines: np.ndarray | Iterable[np.ndarray], x: np.ndarray, y: np.ndarray
) -> np.ndarray:
    """Conditional information gain (n,), bits: ``log2(p + eps) - log2(b + eps)`` at each next fixation.

    Parameters
    ----------
    maps : iterable of (height, width)
        Densities, one a fixation; each is scaled to sum 1.
    baselines : (height, width) or an iterable of them
        One for all fixations (the bias to the centre, say), or one for each.
    x, y : (n,) float
        px.

    Notes
    -----
    Kummerer and Bethge (2021), arXiv:2102.12239; eps = 2.2204e-16 as HAT has it. The score is the mean.
    """
    fixed = isinstance(baselines, np.ndarray) and baselines.ndim == 2
    others = iter([]) if fixed else iter(baselines)
    found = []
    for values, u, v in _steps(maps, x, y, "cig"):
        baseline = baselines if fixed else next(others, None)
        if baseline is None:
            raise DataError("fewer baselines than maps", where="cig", remedy="Give one, or one for each fixation")
        ours, base = (_probability(which, u, v) for which in (values, baseline))
        found.append(np.log2(ours + _EPS) - np.log2(base + _EPS))
    return np.array(found)


def cauc(maps: Iterable[np.ndarray], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Conditional area under the ROC curve (n,): share of the other pixels that lie below the next fixation's.

    With one fixation the curve is (0, 0), (fp, 1), (1, 1), where fp = (pixels that reach it - 1) / (pixels - 1); a
    constant map gives 0.5. Yang et al. (2024), CVPR (HAT).
    """
    found = []
    for values, u, v in _steps(maps, x, y, "cauc"):
        values = as_map(values, "cauc")
        _, at_least, _ = values.ranks(*fixated_pixels(values.shape, [u], [v], "cauc", "refuse"))
        alarm = (at_least[0] - 1) / max(values.size - 1, 1)
        # Two triangles: up to the fixation, and from there on.
        found.append(alarm / 2 + (1 - alarm))
    return np.array(found)


def _steps(maps: Iterable[np.ndarray], x: np.ndarray, y: np.ndarray, where: str) -> Iterator[tuple]:
    """Map, x and y of each fixation."""
    x, y = np.atleast_1d(np.asarray(x, dtype=float)), np.atleast_1d(np.asarray(y, dtype=float))
    try:
        yield from zip(maps, x, y, strict=True)
    except ValueError as error:
        raise DataError(
            f"{len(x)} x, {len(y)} y and another number of maps", where=where, remedy="Give one map for each fixation"
        ) from error


def _probability(values: np.ndarray, u: float, v: float) -> float:
    values = as_map(values, "cig")
    columns, rows = fixated_pixels(values.shape, [u], [v], "cig", "refuse")
    low, _, total = values.extent
    if low < 0 or not total > 0:
        raise DataError(f"a density of minimum {low} and sum {total}", where="cig", remedy="Give probabilities")
    return float(values.values[rows, columns][0] / total)
