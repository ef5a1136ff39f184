"""Saccades and microsaccades by a threshold that adapts to the noise of velocity (Engbert and Kliegl)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.gaze import _engbert_kernels as engbert_kernels
from cogmodels.gaze import _kernels as kernels
from cogmodels.gaze.events import assemble_events
from cogmodels.gaze.geometry import gaze_degrees
from cogmodels.gaze.parameters import check_choice, check_not_negative, read_parameters
from cogmodels.gaze.recording import Recording
from cogmodels.gaze.velocity import velocity

SIGMAS = ("engbert2015", "engbert2003")
# Velocity that varies less than this has no noise to set a threshold by (the peer's value).
MINIMUM_SIGMA = 1e-10
# Of this many values the median is guessed before one pass over all finds it.
_GUESS = 4096


@dataclass(frozen=True)
class EngbertKliegl:
    """Parameters of the Engbert-Kliegl detector.

    ``threshold_factor``: saccades leave the ellipse of so many sigma. ``sigma``: see :func:`velocity_sigma`.
    ``minimum_saccade_s``: from the first to the last sample, s; the published 6 ms are 3 samples at 500 Hz.
    ``minimum_fixation_s``: gaze between saccades is a fixation if it lasts as long, s.
    """

    threshold_factor: float = 6.0
    sigma: str = "engbert2015"
    minimum_saccade_s: float = 0.006
    minimum_fixation_s: float = 0.04

    def __post_init__(self) -> None:
        check_choice(self.sigma, SIGMAS, "sigma", "engbert_kliegl")
        check_not_negative(self, "engbert_kliegl", positive=("threshold_factor",))


def detect_engbert_kliegl(recording: Recording, **parameters: float | str) -> pd.DataFrame:
    """Divide a recording into saccades (microsaccades too), the fixations between them, blinks and losses.

    Parameters
    ----------
    recording : Recording
    **parameters
        Fields of :class:`EngbertKliegl`.

    Returns
    -------
    events : DataFrame
        See :func:`cogmodels.gaze.events.tabulate_events`.

    Raises
    ------
    DataError
        A parameter is unknown or wrong, or gaze does not move.

    Notes
    -----
    Engbert and Kliegl (2003), Vision Research 43, 1035-1045; the five-point velocity is theirs. Samples too near to a
    loss for a velocity go with the fixation beside them.
    """
    options = read_parameters(EngbertKliegl, parameters, "engbert_kliegl")
    x, y = gaze_degrees(recording)
    vx, vy = velocity(x, y, recording.sampling_rate, gaps=recording.gaps)
    step, where = 1 / recording.sampling_rate, recording.source or "detector engbert_kliegl"
    limits = {"threshold_factor": options.threshold_factor, "sigma": options.sigma, "where": where}
    # A pause has no velocity around it, so no stretch spans one.
    minimum = options.minimum_saccade_s - 1e-6 * step
    saccades = np.array(engbert_saccades(vx, vy, recording.time, minimum_duration=minimum, **limits))
    labels = np.where(recording.lost != 0, kernels.NONE, kernels.FIXATION).astype(np.int8)
    for start, stop in saccades.T:
        labels[start:stop] = kernels.NONE
    n = recording.n_samples
    rest, kinds = np.empty((2, n), np.int64), np.empty(n, np.int8)
    rest = rest[:, : kernels.runs_of_labels(labels, recording.gaps, rest[0], rest[1], kinds)]
    lasts = recording.time[rest[1] - 1] - recording.time[rest[0]] + step * 1.000001
    rest = rest[:, lasts >= options.minimum_fixation_s]
    starts, stops = np.concatenate([saccades, rest], axis=1)
    codes = np.repeat([kernels.SACCADE, kernels.FIXATION], [saccades.shape[1], rest.shape[1]])
    return assemble_events(recording, np.hypot(vx, vy), starts, stops, codes)


def velocity_sigma(velocity: np.ndarray, sigma: str = "engbert2015") -> float:
    """Noise of one component of velocity (n,), NaN left out: 0 where none is seen.

    ``engbert2015``: ``sqrt(median((v - median v)^2))`` (Engbert, Sinn, Mergenthaler and Trukenbrod 2015, Microsaccade
    Toolbox 0.9). ``engbert2003``: ``sqrt(median(v^2) - median(v)^2)`` (Engbert and Kliegl 2003), 0 if that is negative.
    """
    check_choice(sigma, SIGMAS, "sigma", "engbert_kliegl")
    velocity = np.ascontiguousarray(velocity, dtype=float)
    middle = _median(velocity, 0.0, 0)
    if sigma == "engbert2015":
        return float(np.sqrt(_median(velocity, middle, 1)))
    return float(np.sqrt(max(_median(velocity, 0.0, 1) - middle * middle, 0.0)))


def engbert_saccades(
    vx: np.ndarray,
    vy: np.ndarray,
    time: np.ndarray,
    *,
    threshold_factor: float = 6.0,
    minimum_duration: float = 0.006,
    sigma: str = "engbert2015",
    where: object = "engbert_saccades",
) -> tuple[np.ndarray, np.ndarray]:
    """Saccades of one eye, by the definition of pymovements' ``microsaccades`` (0.28) and without its objects.

    Parameters
    ----------
    vx, vy : (n,) float
        Velocity along each axis; NaN is in no saccade.
    time : (n,) float
        Time of each sample, any unit.
    threshold_factor : float
        lambda: outside is ``(vx / (lambda sigma_x))^2 + (vy / (lambda sigma_y))^2 > 1``.
    minimum_duration : float
        Kept is ``time[last] - time[first] >= minimum_duration``, in the unit of ``time``.
    sigma : {"engbert2015", "engbert2003"}
        See :func:`velocity_sigma`.
    where : object
        Named in errors.

    Returns
    -------
    starts, stops : (n_saccades,) int
        First sample of each saccade and the one after its last.

    Raises
    ------
    DataError
        Arrays differ in length, or a component of velocity has no noise.
    """
    vx, vy, time = (np.ascontiguousarray(values, dtype=float) for values in (vx, vy, time))
    if not vx.shape == vy.shape == time.shape or vx.ndim != 1:
        raise DataError(
            f"velocities have shapes {vx.shape} and {vy.shape}, time {time.shape}",
            where=where,
            remedy="Give one velocity of each axis and one time a sample",
        )
    sigmas = [velocity_sigma(component, sigma) for component in (vx, vy)]
    if min(sigmas) < MINIMUM_SIGMA:
        axis = "horizontal" if sigmas[0] <= sigmas[1] else "vertical"
        raise DataError(
            f"half of the {axis} velocities do not vary (sigma {min(sigmas):g}), so that no threshold follows",
            where=where,
            remedy="Leave the recording out, or use detector ivt",
        )
    found = np.empty((2, len(vx) // 2 + 1), np.int64)
    radii = [threshold_factor * value for value in sigmas]
    count = engbert_kernels.ellipse_runs(vx, vy, time, *radii, minimum_duration, found[0], found[1])
    return found[0, :count].copy(), found[1, :count].copy()


def binocular_saccades(
    left: tuple[np.ndarray, np.ndarray],
    right: tuple[np.ndarray, np.ndarray],
    time: np.ndarray,
    *,
    threshold_factor: float = 6.0,
    minimum_duration: float = 0.006,
    sigma: str = "engbert2015",
) -> tuple[np.ndarray, np.ndarray]:
    """Saccades that both eyes make at the same time.

    Parameters
    ----------
    left, right : (vx, vy)
        Velocity of each eye, every component (n,).
    time, threshold_factor, minimum_duration, sigma
        As in :func:`engbert_saccades`, which is applied to each eye by itself.

    Returns
    -------
    starts, stops : (n_saccades,) int
        A chain of saccades that overlap in at least one sample, with both eyes in it, is one: from the first start
        to the last stop. A saccade of one eye alone is noise and left out.

    Raises
    ------
    DataError
        As :func:`engbert_saccades`.

    Notes
    -----
    Engbert and Mergenthaler (2006), PNAS 103, 7192-7197.
    """
    limits = {"threshold_factor": threshold_factor, "minimum_duration": minimum_duration, "sigma": sigma}
    eyes = [engbert_saccades(*v, time, where=f"{eye} eye", **limits) for eye, v in (("left", left), ("right", right))]
    (left_starts, left_stops), (right_starts, right_stops) = eyes
    if len(left[0]) != len(right[0]):
        raise DataError("the eyes differ in length", where="binocular_saccades", remedy="Give both on the same times")
    found = np.empty((2, min(len(left_starts), len(right_starts))), np.int64)
    count = engbert_kernels.overlapping(left_starts, left_stops, right_starts, right_stops, found[0], found[1])
    return found[0, :count].copy(), found[1, :count].copy()


def _median(values: np.ndarray, centre: float, kind: int) -> float:
    """Median of what is not NaN; 0 where nothing is. ``kind`` as in ``count_between``."""
    guess = values[:: max(1, len(values) // _GUESS)]
    guess = guess[~np.isnan(guess)]
    guess = np.sort(guess if kind == 0 else (guess - centre) ** 2)
    # Six standard errors of the rank on each side: misses are rare, and then the slow way is taken.
    half = 3 * int(np.sqrt(len(guess))) + 2
    low = guess[len(guess) // 2 - half] if len(guess) // 2 >= half else -np.inf
    high = guess[len(guess) // 2 + half] if len(guess) // 2 + half < len(guess) else np.inf
    kept = np.empty(len(values) + 1)
    total, below, between = engbert_kernels.count_between(values, centre, kind, low, high, kept)
    ranks = (total - 1) // 2 - below, total // 2 - below
    if total and ranks[0] >= 0 and ranks[1] < between:
        return float(np.mean(np.partition(kept[:between], ranks)[list(ranks)]))
    seen = values[~np.isnan(values)]
    seen = seen if kind == 0 else (seen - centre) ** 2
    return float(np.median(seen)) if len(seen) else 0.0
