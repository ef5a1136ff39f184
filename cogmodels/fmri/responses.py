"""Responses to single events without a model of the haemodynamic response."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError

# Share of a volume by which rounded onsets may miss its time.
TOLERANCE = 1e-6


def window_mean_responses(
    data: np.ndarray,
    repetition_time: float,
    onsets: np.ndarray,
    durations: np.ndarray,
    *,
    delay_s: float = 5.0,
    window_s: float | None = None,
) -> np.ndarray:
    """Mean of the volumes in a window after each event.

    Volume k is taken at k * repetition_time; the window is ``[onset + delay, onset + delay + length)``, its length
    ``window_s`` or else the event's duration. Where the run ends inside a window, the volumes that exist count.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        One run.
    repetition_time : float
        Seconds.
    onsets, durations : (n_events,) float
        Seconds from the first volume.
    delay_s : float
        Haemodynamic delay, s.
    window_s : float, optional
        Length of the window, s; by default each event's duration.

    Returns
    -------
    responses : (n_events, n_voxels) float32

    Raises
    ------
    DataError
        A window without a volume, or times that are not finite.
    """
    data = np.asarray(data)
    onsets, durations = np.asarray(onsets, dtype=float), np.asarray(durations, dtype=float)
    if data.ndim != 2 or onsets.shape != durations.shape or onsets.ndim != 1 or not repetition_time > 0:
        raise DataError(
            f"data of shape {data.shape}, {onsets.size} onsets, {durations.size} durations, TR {repetition_time} s",
            where="fMRI responses",
            remedy="Give volumes x voxels, as many durations as onsets, and a repetition time above 0",
        )
    begins = onsets + delay_s
    ends = begins + (durations if window_s is None else window_s)
    wrong = np.flatnonzero(~(np.isfinite(begins) & np.isfinite(ends)))
    if len(wrong):
        raise DataError(
            f"event {wrong[0] + 1} has onset {onsets[wrong[0]]} s and duration {durations[wrong[0]]} s",
            where="fMRI responses",
            remedy="Correct the times in the events",
        )
    # Volume k lies in the window if begin <= k * TR < end.
    first = np.ceil(begins / repetition_time - TOLERANCE).astype(int)
    stop = np.ceil(ends / repetition_time - TOLERANCE).astype(int)
    first, stop = np.clip(first, 0, None), np.clip(stop, None, len(data))
    empty = np.flatnonzero(stop <= first)
    if len(empty):
        event = empty[0]
        raise DataError(
            f"no volume lies in the window {begins[event]:g} to {ends[event]:g} s of event {event + 1} "
            f"(onset {onsets[event]:g} s, duration {durations[event]:g} s); the run has {len(data)} volumes of "
            f"{repetition_time:g} s",
            where="fMRI responses",
            remedy="Leave the event out, or set `delay_s` and `window_s` so that its window holds a volume",
        )
    responses = np.empty((len(onsets), data.shape[1]), dtype=np.float32)
    for event, (a, b) in enumerate(zip(first, stop, strict=True)):
        responses[event] = data[a:b].mean(axis=0, dtype=np.float64)
    return responses
