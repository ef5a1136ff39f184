"""Velocity-threshold identification of fixations and saccades (I-VT)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze import _kernels as kernels
from cogmodels.gaze.events import tabulate_events
from cogmodels.gaze.geometry import gaze_degrees
from cogmodels.gaze.parameters import check_not_negative, read_parameters
from cogmodels.gaze.recording import Recording
from cogmodels.gaze.velocity import speed as speed_of


@dataclass(frozen=True)
class IVT:
    """Parameters of I-VT; the defaults are those of Tobii's fixation filter (Olsen 2012).

    ``velocity``: method of :func:`cogmodels.gaze.velocity.velocity`. ``velocity_threshold``: gaze at this speed or
    above is a saccade, deg/s. ``minimum_fixation_s``, ``minimum_saccade_s``: shorter ones are dropped, s.
    ``merge_gap_s``, ``merge_distance_deg``: fixations no farther apart than both become one; a gap of 0 merges none.
    """

    velocity: str = "five_point"
    velocity_threshold: float = 30.0
    minimum_fixation_s: float = 0.06
    minimum_saccade_s: float = 0.01
    merge_gap_s: float = 0.075
    merge_distance_deg: float = 0.5

    def __post_init__(self) -> None:
        check_not_negative(self, "ivt", positive=("velocity_threshold",))


def detect_ivt(recording: Recording, **parameters: float | str) -> pd.DataFrame:
    """Divide a recording into fixations, saccades, blinks and losses by the speed of gaze.

    In this order: samples slower than the threshold are fixation, others saccade; samples beside a loss, too near to
    it for a velocity, go with their neighbour; saccades that are too short are dropped; fixations near in time and
    place are merged, with what lies between them; fixations that are too short are dropped.

    Parameters
    ----------
    recording : Recording
    **parameters
        Fields of :class:`IVT`.

    Returns
    -------
    events : DataFrame
        See :func:`cogmodels.gaze.events.tabulate_events`. Gaze that is neither fixation nor saccade is in no event.

    Raises
    ------
    DataError
        A parameter is unknown or negative.

    Notes
    -----
    Salvucci and Goldberg (2000), ETRA, 71-78; merging and minimum durations as in Olsen (2012), The Tobii I-VT fixation
    filter. Merging takes the saccades between merged fixations away, so I-VT finds no microsaccades.
    """
    options = read_parameters(IVT, parameters, "ivt")
    speed = speed_of(recording, options.velocity)
    labels = ivt_labels(recording, speed, options)
    n = recording.n_samples
    starts, stops, kinds = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int8)
    count = kernels.runs_of_labels(labels, recording.gaps, starts, stops, kinds)
    starts, stops, kinds = starts[:count], stops[:count], kinds[:count]
    lasts = recording.time[stops - 1] - recording.time[starts] + 1.000001 / recording.sampling_rate
    kept = (kinds != kernels.FIXATION) | (lasts >= options.minimum_fixation_s)
    return tabulate_events(recording, speed, starts[kept], stops[kept], kinds[kept])


def ivt_labels(recording: Recording, speed: np.ndarray, options: IVT) -> np.ndarray:
    """Label of every sample (n,) int8 before short fixations are dropped: codes of ``cogmodels.gaze.events.NAMES``."""
    step, gaps = 1 / recording.sampling_rate, recording.gaps
    labels = np.empty(recording.n_samples, np.int8)
    kernels.label_by_speed(recording.x, speed, gaps, options.velocity_threshold, labels)
    kernels.drop_short_saccades(labels, recording.time, gaps, step, options.minimum_saccade_s)
    x, y = gaze_degrees(recording)
    if options.merge_gap_s > 0:
        kernels.merge_fixations(labels, recording.time, gaps, x, y, options.merge_gap_s, options.merge_distance_deg)
    return labels


def ivt_runs(
    speed: np.ndarray, time: np.ndarray, velocity_threshold: float, minimum_duration: float
) -> tuple[np.ndarray, np.ndarray]:
    """Stretches slower than a threshold, by the definition of pymovements' ``ivt`` (0.28) and without its objects.

    Parameters
    ----------
    speed : (n,) float
        Speed of gaze; NaN is not slower than anything.
    time : (n,) float
        Time of each sample, any unit.
    velocity_threshold : float
        Kept is ``speed < velocity_threshold``, strictly.
    minimum_duration : float
        Kept is ``time[last] - time[first] >= minimum_duration``, in the unit of ``time``.

    Returns
    -------
    starts, stops : (n_runs,) int
        First sample of each stretch and the one after its last.

    Raises
    ------
    DataError
        Speed and time differ in length.
    """
    speed, time = np.ascontiguousarray(speed, dtype=float), np.ascontiguousarray(time, dtype=float)
    if speed.shape != time.shape or speed.ndim != 1:
        raise DataError(
            f"speed has shape {speed.shape}, time {time.shape}", where="ivt_runs", remedy="Give one time a sample"
        )
    starts, stops = np.empty(len(speed) // 2 + 1, np.int64), np.empty(len(speed) // 2 + 1, np.int64)
    count = kernels.below_runs(speed, time, velocity_threshold, minimum_duration, starts, stops)
    return starts[:count].copy(), stops[:count].copy()
