"""Fixations and saccades by a hidden Markov model of speed (I-HMM)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze import _adaptive_kernels as adaptive_kernels
from cogmodels.gaze import _kernels as kernels
from cogmodels.gaze.events import tabulate_events
from cogmodels.gaze.parameters import check_not_negative, read_parameters
from cogmodels.gaze.recording import Recording
from cogmodels.gaze.velocity import speed as speed_of

# Slower gaze is not told apart, deg/s; states do not become narrower than this, in units of the logarithm.
_LEAST_SPEED, _LEAST_SD = 0.1, 0.1


@dataclass(frozen=True)
class IHMM:
    """Parameters of I-HMM: a state is a normal distribution of the logarithm of speed.

    ``velocity``: method of :func:`cogmodels.gaze.velocity.velocity`. ``fixation_velocity``, ``saccade_velocity``: their
    medians, deg/s; ``fixation_spread``, ``saccade_spread``: their sd (of the natural logarithm); ``fixation_s``,
    ``saccade_s``: mean durations, s. ``iterations``: passes of Baum-Welch that fit all these to the recording; 0 takes
    them as they are. ``minimum_fixation_s``, ``minimum_saccade_s``: shorter ones are dropped, s.
    """

    velocity: str = "five_point"
    fixation_velocity: float = 6.0
    saccade_velocity: float = 120.0
    fixation_spread: float = 0.8
    saccade_spread: float = 0.8
    fixation_s: float = 0.25
    saccade_s: float = 0.04
    iterations: int = 20
    minimum_fixation_s: float = 0.04
    minimum_saccade_s: float = 0.01

    def __post_init__(self) -> None:
        positive = ("fixation_velocity", "saccade_velocity", "fixation_spread", "saccade_spread")
        check_not_negative(self, "ihmm", positive=(*positive, "fixation_s", "saccade_s"))
        if not self.fixation_velocity < self.saccade_velocity:
            raise DataError(
                f"`fixation_velocity` is {self.fixation_velocity}, `saccade_velocity` {self.saccade_velocity}",
                where="detector ihmm",
                remedy="Give saccades the higher one",
            )


def detect_ihmm(recording: Recording, **parameters: float | str) -> pd.DataFrame:
    """Divide a recording into fixations, saccades, blinks and losses by the most likely sequence of two states.

    Parameters
    ----------
    recording : Recording
    **parameters
        Fields of :class:`IHMM`.

    Returns
    -------
    events : DataFrame
        See :func:`cogmodels.gaze.events.tabulate_events`.

    Raises
    ------
    DataError
        A parameter is unknown or wrong.

    Notes
    -----
    Salvucci and Goldberg (2000), ETRA, 71-78 (Viterbi 1967; Baum et al. 1970). The logarithm, because speeds are
    positive and skewed. A lost sample does not speak for either state.
    """
    options = read_parameters(IHMM, parameters, "ihmm")
    speed = speed_of(recording, options.velocity)
    path, _ = ihmm_states(speed, recording.gaps, recording.sampling_rate, options)
    labels = np.where(path == 0, kernels.FIXATION, kernels.SACCADE).astype(np.int8)
    labels[recording.lost != 0] = kernels.LOST
    step, n = 1 / recording.sampling_rate, recording.n_samples
    kernels.drop_short_saccades(labels, recording.time, recording.gaps, step, options.minimum_saccade_s)
    starts, stops, kinds = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int8)
    count = kernels.runs_of_labels(labels, recording.gaps, starts, stops, kinds)
    starts, stops, kinds = starts[:count], stops[:count], kinds[:count]
    lasts = recording.time[stops - 1] - recording.time[starts] + 1.000001 * step
    kept = (kinds != kernels.FIXATION) | (lasts >= options.minimum_fixation_s)
    return tabulate_events(recording, speed, starts[kept], stops[kept], kinds[kept])


def ihmm_states(
    speed: np.ndarray, gaps: np.ndarray, sampling_rate: float, options: IHMM | None = None
) -> tuple[np.ndarray, dict[str, list[float]]]:
    """Most likely state of every sample, and the model.

    Parameters
    ----------
    speed : (n,) float
        deg/s; NaN where unknown.
    gaps : (n,) bool
        True at the first sample and after each pause.
    sampling_rate : float
        Hz.
    options : IHMM, optional

    Returns
    -------
    states : (n,) int8
        0 fixation, 1 saccade.
    model : dict
        Of both states ``velocity`` (median, deg/s), ``spread`` (sd of its logarithm), ``duration_s`` (mean). It is the
        given one where Baum-Welch ended with states out of order, as it can where gaze makes no saccade.
    """
    options = options or IHMM()
    values = np.log(np.maximum(np.asarray(speed, dtype=float), _LEAST_SPEED))
    means, sds, stay = given = _model(options, sampling_rate)
    if options.iterations > 0:
        adaptive_kernels.baum_welch(values, gaps, means, sds, stay, int(options.iterations), _LEAST_SD)
        if not means[0] < means[1]:
            means, sds, stay = given = _model(options, sampling_rate)
    states = np.empty(len(values), np.int8)
    adaptive_kernels.viterbi(values, gaps, *given, states)
    durations = 1 / ((1 - stay) * sampling_rate)
    return states, {"velocity": np.exp(means).tolist(), "spread": sds.tolist(), "duration_s": durations.tolist()}


def _model(options: IHMM, rate: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Means and deviations of the logarithm, and probabilities to stay."""
    means = np.log([options.fixation_velocity, options.saccade_velocity])
    sds = np.array([options.fixation_spread, options.saccade_spread])
    stay = 1 - 1 / np.maximum(np.array([options.fixation_s, options.saccade_s]) * rate, 1.5)
    return means, sds, stay
