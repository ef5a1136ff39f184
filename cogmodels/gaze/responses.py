"""Where and how a person looked in a trial, as a response vector beside those of voxels and electrodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cogmodels.data.tables import TRIAL_COLUMNS
from cogmodels.errors import DataError

#: What follows the cells: fixations, their mean duration (s), mean distance to the next one and from the centre (in
#: widths of the screen), onset of the first one (s).
STATISTICS = 5


def gaze_responses(
    fixations: pd.DataFrame, trials: pd.DataFrame, *, size_px: Sequence[float], rows: int, columns: int
) -> tuple[pd.DataFrame, np.ndarray]:
    """Responses of a recording's trials: share of the looking time by cell of the screen, and statistics of fixations.

    The vector knows of the stimulus only where and how long the person looked, nothing of what was there: features
    of the image under the fixations would hand a decoder the image that it is to find.

    Parameters
    ----------
    fixations : DataFrame
        Fixations table of the recording: trial, onset, duration (s), x, y (px of the screen).
    trials : DataFrame
        Columns of ``TRIAL_COLUMNS``.
    size_px : (width, height)
        The screen, px.
    rows, columns : int
        Cells of the screen. A fixation is shared out among the four cells whose centres lie around it.

    Returns
    -------
    trials : DataFrame
        Those in which a fixation began; trials without one have no response.
    values : array (n_trials, rows * columns + STATISTICS), float32

    Raises
    ------
    DataError
        No trial has a fixation.
    """
    found, kept = [], []
    named = {str(name): mine for name, mine in fixations.groupby(fixations["trial"].astype(str), sort=False)}
    for place, trial in enumerate(trials["trial"].astype(str)):
        if trial in named:
            kept.append(place)
            found.append(_response(named[trial], np.asarray(size_px, dtype=float), rows, columns))
    if not found:
        raise DataError(
            "no fixation began in a trial",
            where=f"subject {trials['subject'].iloc[0]}",
            remedy="Check the onsets of the trials, and the gaze recording's quality",
        )
    return trials.iloc[kept][TRIAL_COLUMNS].reset_index(drop=True), np.stack(found).astype(np.float32)


def _response(mine: pd.DataFrame, size: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Response vector of one trial."""
    points, durations = mine[["x", "y"]].to_numpy(dtype=float), mine["duration"].to_numpy(dtype=float)
    # Published scanpaths may lack durations: each fixation then counts the same.
    known = np.isfinite(durations).all()
    shares = durations / durations.sum() if known else np.full(len(points), 1 / len(points))
    cells = np.zeros((rows, columns))
    # In cells, 0 at the centre of the first; what lies off the screen counts at its edge.
    place = np.clip(points / size * [columns, rows] - 0.5, 0, [columns - 1, rows - 1])
    low = np.floor(place).astype(int)
    part = place - low
    for right in (0, 1):
        for down in (0, 1):
            weight = np.abs(1 - right - part[:, 0]) * np.abs(1 - down - part[:, 1])
            across, along = (
                np.minimum(low[:, k] + step, n - 1) for k, step, n in ((0, right, columns), (1, down, rows))
            )
            np.add.at(cells, (along, across), shares * weight)
    steps = np.linalg.norm(np.diff(points, axis=0), axis=1) / size[0]
    centre = np.linalg.norm(points - size / 2, axis=1) / size[0]
    first = float(mine["onset"].iloc[0])
    statistics = [
        len(points), durations.mean() if known else 0.0, steps.mean() if len(steps) else 0.0, shares @ centre,
        first if np.isfinite(first) else 0.0,
    ]  # fmt: skip
    return np.concatenate([cells.ravel(), statistics])
