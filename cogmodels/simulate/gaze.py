"""Simulated gaze: free viewing of stimuli with points of interest, sample by sample, with every event known.

Gaze alternates between fixations (log-normal durations, random-walk drift) and minimum-jerk saccades that
obey the main sequence; now and then a blink hides the eye. During a trial saccades go to the stimulus's
points of interest, which all subjects share, or anywhere near the centre; between trials gaze returns to the
centre. White noise is the tracker's. Degrees are relative to the screen centre, x right, y down. No file is
touched here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.errors import DataError

FIXATION, SACCADE, BLINK = 1, 2, 5
LABELS = {FIXATION: "fixation", SACCADE: "saccade", BLINK: "blink"}
SACCADE_INTERCEPT_S, SACCADE_SLOPE_S_PER_DEG = 0.021, 0.0022
FIXATION_RANGE_S = (0.08, 1.0)
BLINK_RANGE_S = (0.08, 0.25)
BURST_RANGE_S = (0.02, 0.2)
DRIFT_DEG_PER_SQRT_S = 0.004 * np.sqrt(1000)
LIMIT_DEG = (14.0, 11.0)
CENTRE_BIAS_DEG = (5.0, 3.5)
RETURN_SCATTER_DEG = 0.4
SMALLEST_SACCADE_DEG = 0.5
PUPIL_MM, PUPIL_NOISE_MM = 4.0, 0.01
PUPIL_WALK_MM, PUPIL_WALK_S = 0.15, 5.0
CONSTRICTION_MM, CONSTRICTION_S, LIGHT_DELAY_S = 0.35, 0.4, 0.25


@dataclass(frozen=True)
class GazeRecording:
    """One simulated recording.

    ``times`` (n,) s; ``gaze`` (n, 2) degrees, NaN in blinks; ``clean`` (n, 2) the same without tracker noise
    and without loss; ``pupil`` (n,) mm, NaN in blinks; ``labels`` (n,) int8: 1 fixation, 2 saccade, 5 blink
    (the codes of Andersson et al. 2017, Behav Res 49, 616-637); ``events``: onset, duration (s), trial_type,
    x_start, y_start, x_end, y_end (degrees, of ``clean``), trial (0-based; -1 between trials).
    """

    times: np.ndarray
    gaze: np.ndarray
    clean: np.ndarray
    pupil: np.ndarray
    labels: np.ndarray
    events: pd.DataFrame


def saccade_duration(amplitude: float | np.ndarray) -> float | np.ndarray:
    """Duration in s of a saccade of ``amplitude`` degrees: 21 ms + 2.2 ms/deg.

    The main sequence (Bahill, Clark & Stark 1975, Math Biosci 24, 191-204), with the coefficients of
    Carpenter (1988), Movements of the Eyes, 2nd ed.
    """
    return SACCADE_INTERCEPT_S + SACCADE_SLOPE_S_PER_DEG * amplitude


def minimum_jerk(phase: np.ndarray) -> np.ndarray:
    """Share of the way covered at ``phase`` 0..1 of a minimum-jerk movement.

    Flash & Hogan (1985), J Neurosci 5, 1688-1703.
    """
    return 10 * phase**3 - 15 * phase**4 + 6 * phase**5


def draw_hotspots(n_stimuli: int, points: int, rng: np.random.Generator) -> np.ndarray:
    """Points of interest of each stimulus.

    Parameters
    ----------
    n_stimuli, points : int
        Number of stimuli, and of points in each.
    rng : numpy Generator

    Returns
    -------
    hotspots : (n_stimuli, points, 3) float
        x, y in degrees, and the probability that a saccade goes there (they sum to 1).
    """
    places = rng.normal(0, (6.0, 4.5), (n_stimuli, points, 2)).clip(-np.array(LIMIT_DEG) + 1, np.array(LIMIT_DEG) - 1)
    weights = rng.dirichlet(np.full(points, 2.0), n_stimuli)
    return np.concatenate([places, weights[..., None]], axis=2)


def simulate_gaze(
    onsets: np.ndarray,
    hotspots: np.ndarray,
    *,
    rng: np.random.Generator,
    duration: float,
    trial_duration: float = 2.0,
    sampling_rate: float = 500.0,
    noise_deg: float = 0.02,
    fixation_median: float = 0.25,
    fixation_spread: float = 0.4,
    hotspot_share: float = 0.8,
    hotspot_scatter_deg: float = 0.8,
    blink_rate: float = 10.0,
) -> GazeRecording:
    """Simulate the gaze of one subject over one recording.

    Parameters
    ----------
    onsets : (trials,) float
        Trial onsets, s, increasing.
    hotspots : (trials, points, 3) float
        Points of interest of the stimulus of each trial, as `draw_hotspots` gives them.
    rng : numpy Generator
        The recording's own.
    duration, trial_duration, sampling_rate : float
        Length of the recording and of a trial, s; Hz.
    noise_deg : float
        Standard deviation of the tracker's white noise on each axis.
    fixation_median, fixation_spread : float
        Median in s, and standard deviation of the logarithm, of fixation durations; clipped to 0.08-1 s.
    hotspot_share, hotspot_scatter_deg : float
        Share of saccades in a trial that go to a point of interest, and their scatter around it on each axis.
    blink_rate : float
        Blinks a minute; each lasts 80-250 ms.

    Returns
    -------
    GazeRecording

    Raises
    ------
    DataError
        Trials overlap or do not fit the recording.
    """
    onsets = np.asarray(onsets, float)
    if len(onsets) and (
        onsets[0] < 0 or (np.diff(onsets) < trial_duration).any() or onsets[-1] + trial_duration > duration
    ):
        raise DataError(
            f"trials of {trial_duration:g} s from {onsets[0]:g} to {onsets[-1]:g} s do not fit {duration:g} s",
            where="simulation",
            remedy="Space the onsets, or lengthen the recording",
        )
    viewer = _Viewer(
        onsets=onsets,
        hotspots=np.asarray(hotspots, float),
        rng=rng,
        trial_duration=trial_duration,
        fixation_median=fixation_median,
        fixation_spread=fixation_spread,
        hotspot_share=hotspot_share,
        hotspot_scatter_deg=hotspot_scatter_deg,
        blinks_per_s=blink_rate / 60,
    )
    samples = round(duration * sampling_rate)
    times = np.arange(samples) / sampling_rate
    clean, labels, events = _draw_events(viewer, samples, sampling_rate)
    gaze = clean + rng.normal(0, 1, clean.shape) * noise_deg
    pupil = _pupil(_trial_at(times - LIGHT_DELAY_S, onsets, trial_duration) >= 0, sampling_rate, rng)
    gaze[labels == BLINK] = np.nan
    pupil[labels == BLINK] = np.nan
    events["trial"] = _trial_at(events["onset"].to_numpy(), onsets, trial_duration)
    return GazeRecording(times, gaze, clean, pupil, labels, events)


def drop_samples(n: int, share: float, sampling_rate: float, rng: np.random.Generator) -> np.ndarray:
    """Samples (n,) bool that a tracker loses in bursts, until at least a share of all is lost.

    Bursts last 20 to 200 ms (log-uniform) and begin anywhere; so short dropouts and losses as long as blinks both come.
    """
    lost = np.zeros(n, bool)
    while lost.sum() < share * n:
        length = max(1, round(float(np.exp(rng.uniform(*np.log(BURST_RANGE_S)))) * sampling_rate))
        start = int(rng.integers(max(n - length, 1)))
        lost[start : start + length] = True
    return lost


def degrees_to_pixels(
    degrees: np.ndarray, *, resolution: tuple[int, int], size_m: tuple[float, float], distance_m: float
) -> np.ndarray:
    """Pixels (n, 2), 0-based from the top left, of gaze in degrees (n, 2), each axis by itself.

    pixel = (resolution - 1) / 2 + distance tan(angle) resolution / size.
    """
    scale = np.array(resolution) / np.array(size_m)
    return (np.array(resolution) - 1) / 2 + distance_m * np.tan(np.radians(degrees)) * scale


def pixels_to_degrees(
    pixels: np.ndarray, *, resolution: tuple[int, int], size_m: tuple[float, float], distance_m: float
) -> np.ndarray:
    """The inverse of `degrees_to_pixels`: degrees (n, 2) of pixels (n, 2)."""
    scale = np.array(resolution) / np.array(size_m)
    return np.degrees(np.arctan((pixels - (np.array(resolution) - 1) / 2) / scale / distance_m))


@dataclass(frozen=True)
class _Viewer:
    """Decides what the eye does next, and when."""

    onsets: np.ndarray
    hotspots: np.ndarray
    rng: np.random.Generator
    trial_duration: float
    fixation_median: float
    fixation_spread: float
    hotspot_share: float
    hotspot_scatter_deg: float
    blinks_per_s: float

    def fixation(self, now: float) -> float:
        """Duration of the fixation that begins ``now``."""
        length = self.rng.lognormal(np.log(self.fixation_median), self.fixation_spread)
        length = float(np.clip(length, *FIXATION_RANGE_S))
        coming = np.searchsorted(self.onsets, now)
        between = _trial_at(np.array([now]), self.onsets, self.trial_duration)[0] < 0
        if between and coming < len(self.onsets) and now + length > self.onsets[coming] - 0.1:
            # Gaze waits for the stimulus, and leaves the centre one latency after it has come.
            length += self.onsets[coming] - now
        return length

    def blink(self, fixated: float) -> float:
        """Duration of the blink that ends a fixation of ``fixated`` s; 0 = none."""
        blinks = self.rng.random() < 1 - np.exp(-self.blinks_per_s * fixated)
        return self.rng.uniform(*BLINK_RANGE_S) if blinks else 0.0

    def target(self, now: float, here: np.ndarray) -> np.ndarray:
        """Where the saccade that begins ``now`` goes; targets nearer than half a degree are drawn again."""
        trial = _trial_at(np.array([now]), self.onsets, self.trial_duration)[0]
        while True:
            if trial < 0:
                target = self.rng.normal(0, RETURN_SCATTER_DEG, 2)
            elif self.rng.random() < self.hotspot_share:
                points = self.hotspots[trial]
                chosen = points[self.rng.choice(len(points), p=points[:, 2] / points[:, 2].sum())]
                target = chosen[:2] + self.rng.normal(0, self.hotspot_scatter_deg, 2)
            else:
                target = self.rng.normal(0, CENTRE_BIAS_DEG)
            target = target.clip(-np.array(LIMIT_DEG), LIMIT_DEG)
            if np.hypot(*(target - here)) >= SMALLEST_SACCADE_DEG:
                return target


def _draw_events(viewer: _Viewer, samples: int, rate: float) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Positions without tracker noise, labels, and the table of events; the last one ends with the recording."""
    clean, labels, rows = np.empty((samples, 2)), np.empty(samples, np.int8), []
    here, start = np.zeros(2), 0

    def add(label: int, length: float, target: np.ndarray | None = None) -> None:
        nonlocal here, start
        count = max(1, round(length * rate))
        stop = min(start + count, samples)
        if target is None:
            path = here + np.cumsum(viewer.rng.normal(0, DRIFT_DEG_PER_SQRT_S / np.sqrt(rate), (count, 2)), axis=0)
        else:
            # The first sample has left the fixation, the last one has arrived.
            path = here + minimum_jerk(np.arange(1, count + 1) / count)[:, None] * (target - here)
        clean[start:stop], labels[start:stop] = path[: stop - start], label
        first = path[0] if target is None else here
        here = clean[stop - 1].copy()
        rows.append((start / rate, (stop - start) / rate, LABELS[label], *first, *here))
        start = stop

    while start < samples:
        fixated = viewer.fixation(start / rate)
        add(FIXATION, fixated)
        lost = viewer.blink(fixated) if start < samples else 0.0
        if lost:
            add(BLINK, lost)
        elif start < samples:
            target = viewer.target(start / rate, here)
            add(SACCADE, float(saccade_duration(np.hypot(*(target - here)))), target)
    columns = ["onset", "duration", "trial_type", "x_start", "y_start", "x_end", "y_end"]
    return clean, labels, pd.DataFrame(rows, columns=columns)


def _trial_at(times: np.ndarray, onsets: np.ndarray, trial_duration: float) -> np.ndarray:
    """Trial that is on the screen at each time, -1 for none."""
    trial = np.searchsorted(onsets, times, side="right") - 1
    if not len(onsets):
        return trial
    return np.where((trial >= 0) & (times < onsets[np.maximum(trial, 0)] + trial_duration), trial, -1)


def _pupil(lit: np.ndarray, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Diameter in mm: a slow mean-reverting walk, constriction while light acts, noise."""
    from scipy.signal import lfilter

    memory = np.exp(-1 / (PUPIL_WALK_S * rate))
    walk = lfilter([np.sqrt(1 - memory**2)], [1, -memory], rng.standard_normal(len(lit)))
    decay = np.exp(-1 / (CONSTRICTION_S * rate))
    constriction = lfilter([1 - decay], [1, -decay], lit.astype(float))
    noise = rng.normal(0, PUPIL_NOISE_MM, len(lit))
    return PUPIL_MM + PUPIL_WALK_MM * walk - CONSTRICTION_MM * constriction + noise
