"""How soon scanpaths reach a target: fixation probability by step, its sum, mismatch, scanpath ratio."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cogmodels.errors import DataError


def steps_to_target(
    paths: Sequence[np.ndarray], box: tuple[float, float, float, float], *, first_is_start: bool = True
) -> np.ndarray:
    """Number (n,) of the first fixation inside of the target's box, from 1; infinite where there is none.

    Parameters
    ----------
    paths : sequence of (k, 2 or more)
        x, y px.
    box : (left, top, right, bottom)
        px, the last two excluded.
    first_is_start : bool
        The first fixation is where the search starts: it is number 0, and finds nothing.
    """
    left, top, right, bottom = box
    if not (right > left and bottom > top):
        raise DataError(f"the box {box} is empty", where="search efficiency", remedy="Give left, top, right, bottom")
    found = np.full(len(paths), np.inf)
    for number, path in enumerate(paths):
        x, y = np.asarray(path, float)[int(first_is_start) :, :2].T
        inside = np.flatnonzero((x >= left) & (x < right) & (y >= top) & (y < bottom))
        if len(inside):
            found[number] = inside[0] + 1
    return found


def found_by_step(steps: np.ndarray, most: int = 6) -> np.ndarray:
    """Target fixation probability (most,): share of scanpaths that have fixated the target by fixation 1, 2, ...

    ``steps`` (n,) as :func:`steps_to_target` gives them. The sum over the steps is the TFP-AUC of Yang et al. (2020,
    CVPR, COCO-Search18; ``most`` = 6), 0 to ``most``.
    """
    steps = np.asarray(steps, float)
    if not len(steps):
        raise DataError("there are no scanpaths", where="search efficiency", remedy="Give one or more")
    return (steps[:, None] <= np.arange(1, most + 1)).mean(axis=0)


def probability_mismatch(first: np.ndarray, second: np.ndarray) -> float:
    """Sum of the absolute differences of two curves of :func:`found_by_step`."""
    return float(np.abs(np.asarray(first) - np.asarray(second)).sum())


def scanpath_ratio(path: np.ndarray, box: tuple[float, float, float, float], *, first_is_start: bool = True) -> float:
    """Straight way from the start to the middle of the target over the way that was gone until it was found, at most 1.

    NaN where the target was not fixated, or at once (there is no way). Without a start (``first_is_start=False``) the
    way begins at the first fixation.
    """
    step = steps_to_target([path], box, first_is_start=first_is_start)[0]
    last = int(step) - (not first_is_start) if np.isfinite(step) else 0
    if last < 1:
        return float("nan")
    xy = np.asarray(path, float)[: last + 1, :2]
    gone = np.hypot(*np.diff(xy, axis=0).T).sum()
    middle = np.array([box[0] + box[2], box[1] + box[3]]) / 2
    return float(min(np.hypot(*(middle - xy[0])) / gone, 1.0)) if gone > 0 else float("nan")
