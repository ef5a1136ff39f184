"""MultiMatch: five similarities of aligned scanpaths."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath._multimatch_kernels import multimatch_pairs
from cogmodels.metrics.scanpath.paths import PathLike, compare

DIMENSIONS = ("vector", "direction", "length", "position", "duration")


def multimatch(
    first: PathLike,
    second: PathLike,
    screen: tuple[float, float],
    *,
    grouping: bool = False,
    direction_deg: float = 45.0,
    duration_s: float = 0.3,
    amplitude_px: float = 0.0,
    use_duration: bool = True,
    pairs: np.ndarray | None = None,
) -> np.ndarray:
    """Similarity of scanpaths in the shape, direction, length, position and duration of their saccades.

    Parameters
    ----------
    first, second : (n, 3) array of x, y (px), duration (s); table; or Scanpaths
    screen : (width, height)
        px; distances are relative to its diagonal.
    grouping : bool
        Simplify first: merge successive saccades that turn by less than ``direction_deg`` over a fixation shorter than
        ``duration_s``, and saccades shorter than ``amplitude_px`` beside a fixation shorter than ``duration_s``.
    use_duration : bool
        False: durations may be unknown, and the fifth number is NaN; grouping needs them.
    pairs : (n_pairs, 2) int, optional
        See :func:`cogmodels.metrics.scanpath.paths.compare`.

    Returns
    -------
    (5,) or (n_pairs, 5) float
        In order of ``DIMENSIONS``, each in 0 to 1 for gaze on the screen; 1 for equal scanpaths. NaN among many pairs
        where a scanpath has fewer than three fixations.

    Raises
    ------
    DataError
        A screen without size; a single pair with fewer than three fixations; unknown durations where they are used.

    Notes
    -----
    Jarodzka, Holmqvist and Nystrom (2010), Proceedings of ETRA, 211-218; Dewhurst et al. (2012), Behavior Research
    Methods 44, 1079-1100. The definition of multimatch-gaze 0.1.3 (Wagner, Halchenko and Hanke 2019), but for what
    fails there: a single short saccade has none to join and stays; one of no length has no direction and is not
    merged for it; two fixations of no duration do not differ.
    """
    if not (np.isfinite(screen).all() and min(screen) > 0):
        raise DataError(f"a screen of {screen} px", where="multimatch", remedy="Give width and height above 0")
    parameters = (*screen, grouping, direction_deg, duration_s, amplitude_px, use_duration)
    return compare(
        multimatch_pairs, first, second, pairs, parameters, where="multimatch", minimum=3, columns=5,
        needs_duration=use_duration or grouping,
    )  # fmt: skip
