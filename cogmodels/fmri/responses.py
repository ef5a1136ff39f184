"""From cleaned volumes to one response an event."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError


def window_mean_responses(
    data: np.ndarray,
    repetition_time: float,
    onsets: np.ndarray,
    durations: np.ndarray,
    *,
    delay_s: float = 5.0,
    window_s: float | None = None,
) -> np.ndarray:
    """Mean of the volumes in a window after each event, shifted by the haemodynamic delay.

    Volume k is at k * repetition_time; those in [onset + delay, onset + delay + window) count.

    Parameters
    ----------
    data : array (n_volumes, n_voxels)
        Cleaned run.
    repetition_time : float
        s.
    onsets, durations : array (n_events,)
        s, from the first volume.
    delay_s : float
        s.
    window_s : float, optional
        s; the event's own duration by default.

    Returns
    -------
    responses : array (n_events, n_voxels) float32

    Raises
    ------
    DataError
        No volume lies in an event's window: it is past the end of the run, or shorter than the sampling.
    """
    times = np.arange(len(data)) * repetition_time
    # Onsets are written with few decimals: a volume at the very edge counts as inside.
    slack = 1e-6 * repetition_time
    responses = np.empty((len(onsets), data.shape[1]), dtype=np.float32)
    for row, (onset, duration) in enumerate(zip(onsets, durations, strict=True)):
        start = onset + delay_s
        stop = start + (duration if window_s is None else window_s)
        inside = (times >= start - slack) & (times < stop - slack)
        if not inside.any():
            raise DataError(
                f"no volume lies between {start:.2f} and {stop:.2f} s, the window of the event at {onset:.2f} s; "
                f"the run lasts {len(data) * repetition_time:.2f} s",
                where=f"event {row + 1}",
                remedy="Remove events past the end of the run, or widen `window_s`",
            )
        responses[row] = data[inside].mean(axis=0)
    return responses
