"""Dispersion-threshold identification of fixations (I-DT)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze import _idt_kernels as idt_kernels
from cogmodels.gaze import _kernels as kernels
from cogmodels.gaze.events import assemble_events, pieces
from cogmodels.gaze.geometry import gaze_degrees
from cogmodels.gaze.parameters import check_not_negative, read_parameters
from cogmodels.gaze.recording import Recording
from cogmodels.gaze.velocity import speed as speed_of


@dataclass(frozen=True)
class IDT:
    """Parameters of I-DT.

    ``dispersion_threshold_deg``: range of x plus range of y that a fixation may have. ``minimum_fixation_s``: shorter
    ones are none, s. ``minimum_saccade_s``: gaze between fixations is a saccade if it lasts as long, s.
    """

    dispersion_threshold_deg: float = 1.0
    minimum_fixation_s: float = 0.1
    minimum_saccade_s: float = 0.01

    def __post_init__(self) -> None:
        check_not_negative(self, "idt", positive=("dispersion_threshold_deg", "minimum_fixation_s"))


def detect_idt(recording: Recording, **parameters: float) -> pd.DataFrame:
    """Divide a recording into fixations, the saccades between them, blinks and losses by the dispersion of gaze.

    Parameters
    ----------
    recording : Recording
    **parameters
        Fields of :class:`IDT`.

    Returns
    -------
    events : DataFrame
        See :func:`cogmodels.gaze.events.tabulate_events`. A fixation holds no lost sample.

    Raises
    ------
    DataError
        A parameter is unknown or negative.

    Notes
    -----
    Salvucci and Goldberg (2000), ETRA, 71-78. Fixations end with the last sample within the limit.
    """
    options = read_parameters(IDT, parameters, "idt")
    rate = recording.sampling_rate
    x, y = gaze_degrees(recording)
    minimum = max(2, int(np.ceil(options.minimum_fixation_s * rate - 1e-6)))
    found = [
        _windows(x[a:b], y[a:b], options.dispersion_threshold_deg, minimum, beyond=False, split=True) + a
        for a, b in pieces(recording)
    ]
    starts, stops = np.concatenate(found, axis=1)
    labels = np.where(recording.lost != 0, kernels.LOST, kernels.SACCADE).astype(np.int8)
    for start, stop in zip(starts, stops, strict=True):
        labels[start:stop] = kernels.FIXATION
    kernels.drop_short_saccades(labels, recording.time, recording.gaps, 1 / rate, options.minimum_saccade_s)
    labels[labels != kernels.SACCADE] = kernels.NONE
    n = recording.n_samples
    between, kinds = np.empty((2, n), np.int64), np.empty(n, np.int8)
    count = kernels.runs_of_labels(labels, recording.gaps, between[0], between[1], kinds)
    return assemble_events(
        recording,
        speed_of(recording),
        np.concatenate([starts, between[0, :count]]),
        np.concatenate([stops, between[1, :count]]),
        np.repeat([kernels.FIXATION, kernels.SACCADE], [len(starts), count]),
    )


def idt_runs(
    x: np.ndarray, y: np.ndarray, dispersion_threshold: float, minimum_samples: int, *, include_lost: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Windows of low dispersion, by the definition of pymovements' ``idt`` (0.28) and without its objects.

    Dispersion is ``(max x - min x) + (max y - min y)``, NaN left out: at most the threshold to start a window, below
    it to go on. A window ends with the first sample beyond the threshold, which belongs to it; one with a NaN inside
    ends one sample earlier, and breaks at NaN unless ``include_lost``. The next window starts after the last sample.

    Parameters
    ----------
    x, y : (n,) float
        Positions, any unit; NaN where lost.
    dispersion_threshold : float
        Above 0, in the unit of x and y.
    minimum_samples : int
        2 or more (the peer's ``minimum_duration`` over its time step).
    include_lost : bool
        Windows may hold NaN inside.

    Returns
    -------
    starts, stops : (n_windows,) int
        First sample of each window and the one after its last.

    Raises
    ------
    DataError
        x and y differ in length, or a parameter is too small.
    """
    x, y = (np.ascontiguousarray(values, dtype=float) for values in (x, y))
    if x.shape != y.shape or x.ndim != 1:
        raise DataError(f"x has shape {x.shape}, y {y.shape}", where="idt_runs", remedy="Give one y an x")
    if not dispersion_threshold > 0 or minimum_samples < 2:
        raise DataError(
            f"a dispersion of {dispersion_threshold} over {minimum_samples} samples",
            where="idt_runs",
            remedy="Give a dispersion above 0 and two samples or more",
        )
    starts, stops = _windows(x, y, dispersion_threshold, int(minimum_samples), beyond=True, split=not include_lost)
    return starts, stops


def _windows(x: np.ndarray, y: np.ndarray, threshold: float, minimum: int, *, beyond: bool, split: bool) -> np.ndarray:
    """Starts and stops (2, n_windows) of the windows."""
    found = np.empty((2, len(x) // minimum + 1), np.int64)
    count = idt_kernels.dispersed_runs(x, y, threshold, minimum, beyond, split, found[0], found[1])
    return found[:, :count].copy()
