"""Head motion that was estimated here against a table of motion that came with the data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.fmri.confounds import MOTION
from cogmodels.metrics.uncertainty import permutation_p


def motion_agreement(
    estimated: Sequence[pd.DataFrame], shipped: Sequence[pd.DataFrame], *, draws: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Correlation of each estimated parameter with each shipped column, over the runs of a subject.

    The size of r counts, since axes and signs differ between programs. Slow drifts correlate by themselves: chance is
    the median |r| of a run with the *other* runs' shipped motion, and p comes from pairing runs at random (all pairs
    of columns are tested; p is of one alone).

    Parameters
    ----------
    estimated : sequence of DataFrame
        ``trans_x`` ... ``rot_z`` of each run, one row a volume.
    shipped : sequence of DataFrame
        Any columns, the same in each run, rows as in ``estimated``.
    draws, seed
        Bootstrap samples of runs, and permutations of runs.

    Returns
    -------
    DataFrame
        One row a pair: ``estimated``, ``shipped``, ``n`` (runs), ``median_abs_r``, ``ci_low``, ``ci_high`` (95 %,
        bootstrap over runs), ``chance``, ``p`` (one-sided), ``median_r`` (its sign). Empty where either is constant,
        as what one slice does not show.

    Raises
    ------
    DataError
        Runs whose tables do not fit each other.
    """
    if not len(estimated) or len(estimated) != len(shipped):
        raise _misfit(f"{len(estimated)} estimated and {len(shipped)} shipped runs")
    names = list(shipped[0])
    for run, (mine, theirs) in enumerate(zip(estimated, shipped, strict=True), 1):
        if len(mine) != len(theirs) or list(theirs) != names or not set(MOTION) <= set(mine):
            raise _misfit(f"run {run} has {len(mine)} estimated and {len(theirs)} shipped rows, or other columns")
    mine = [table[list(MOTION)].to_numpy(dtype=float) for table in estimated]
    theirs = [table.to_numpy(dtype=float) for table in shipped]
    if not all(np.isfinite(values).all() for values in (*mine, *theirs)):
        raise _misfit("there are values that are not finite")
    r = np.array([[_correlations(a, b) for b in theirs] for a in mine])
    rng = np.random.default_rng(seed)
    runs = np.arange(len(mine))
    samples = rng.integers(len(runs), size=(draws, len(runs)))
    orders = np.array([rng.permutation(len(runs)) for _ in range(draws)])
    rows = []
    for i, name in enumerate(MOTION):
        for k, column in enumerate(names):
            row = {"estimated": name, "shipped": column, "n": len(runs)}
            if np.isfinite(r[:, :, i, k]).all():
                row |= _compare(r[:, :, i, k], samples, orders)
            rows.append(row)
    numbers = ["median_abs_r", "ci_low", "ci_high", "chance", "p", "median_r"]
    return pd.DataFrame(rows, columns=["estimated", "shipped", "n", *numbers]).astype(dict.fromkeys(numbers, float))


def _compare(r: np.ndarray, samples: np.ndarray, orders: np.ndarray) -> dict[str, float]:
    """Numbers of one pair from the correlations (runs, runs) of each run with each run's shipped motion."""
    own, size = np.diag(r), np.abs(r)
    matched, runs = np.abs(own), np.arange(len(r))
    low, high = np.quantile(np.median(matched[samples], axis=1), [0.025, 0.975])
    others = size[~np.eye(len(r), dtype=bool)]
    return {
        "median_abs_r": float(np.median(matched)),
        "ci_low": float(low),
        "ci_high": float(high),
        "chance": float(np.median(others)) if others.size else np.nan,
        "p": permutation_p(float(np.median(matched)), np.median(size[runs, orders], axis=1)),
        "median_r": float(np.median(own)),
    }


def _correlations(mine: np.ndarray, theirs: np.ndarray) -> np.ndarray:
    """Correlations of the columns of two tables, over the rows that both have; nan of a constant one."""
    rows = min(len(mine), len(theirs))
    scaled = []
    for values in (mine[:rows], theirs[:rows]):
        centred = values - values.mean(axis=0)
        size = np.linalg.norm(centred, axis=0)
        size[size <= 1e-12 * (1 + np.abs(values).max(axis=0))] = np.nan
        scaled.append(centred / size)
    return scaled[0].T @ scaled[1]


def _misfit(message: str) -> DataError:
    return DataError(message, where="agreement of motion", remedy="Give both tables of the same runs, one row a volume")
