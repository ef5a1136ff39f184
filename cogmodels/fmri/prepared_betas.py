"""Responses that come ready-made, brought to one scale over sessions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from cogmodels.errors import DataError


def standardise_session(
    pieces: Callable[[], Iterator[np.ndarray]], train: np.ndarray, where: object = "betas"
) -> Iterator[np.ndarray]:
    """Responses of a session, each voxel by mean and standard deviation of the session's training trials.

    NSD's users take all trials of a session; here test trials have no part in it. The session is read three times, a
    piece at a time, so that it need not fit in memory. A voxel that does not vary becomes 0.

    Parameters
    ----------
    pieces : callable
        Gives the trials in pieces (n, n_voxels), the same at each call.
    train : (n_trials,) bool
        Trials that mean and standard deviation are taken of.

    Yields
    ------
    (n, n_voxels) float32

    Raises
    ------
    DataError
        Fewer than two training trials.
    """
    train = np.asarray(train, dtype=bool)
    if train.sum() < 2:
        raise DataError(
            f"{int(train.sum())} training trials in a session, its scale needs two or more",
            where=where,
            remedy="Check the column `split` of the events, or set `zscore: none`",
        )
    mean = _total(pieces, train, lambda values: values) / train.sum()
    variance = _total(pieces, train, lambda values: (values - mean) ** 2) / train.sum()
    varies = variance > 1e-10 * np.maximum(mean**2, 1e-12)
    scale = np.where(varies, np.sqrt(variance), 1.0)
    for values in pieces():
        yield np.where(varies, (values - mean) / scale, 0.0).astype(np.float32)


def _total(pieces: Callable[[], Iterator[np.ndarray]], rows: np.ndarray, of: Callable) -> np.ndarray:
    total, done = 0.0, 0
    for values in pieces():
        kept = np.asarray(values[rows[done : done + len(values)]], dtype=np.float64)
        total = total + of(kept).sum(axis=0)
        done += len(values)
    return total
