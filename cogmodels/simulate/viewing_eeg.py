"""Simulated EEG of free viewing: responses to fixations and stimuli that overlap, eyes that turn, channels that fail.

Brain: dipoles in MNE's spherical head model (three shells), each with a time course after every fixation, in part
proportional to the saccade's size, or after every stimulus; on noise and alpha as in `cogmodels.simulate.eeg`. Eyes:
corneo-retinal dipoles that turn with the gaze, a spike at each saccade, lids at each blink. Every part is returned by
itself, so that what a method removes or keeps can be measured. No file is touched here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.fft import irfft, next_fast_len, rfft, rfftfreq

from cogmodels.errors import DataError
from cogmodels.simulate.eeg import (
    LINE_HZ,
    _alpha_rhythm,
    _eye_field,
    _noise_mixing,
    dipole_field,
    pink_noise,
    standard_positions,
)

MONTAGE = "colin27_1005"
# Eyes and the electrodes around them, head radii; so deep that a degree upwards is 22 uV there and 9 uV at Fp1.
EYES = np.array([[-0.35, 0.75, -0.45], [0.35, 0.75, -0.45]])
CANTHI = np.array([[-0.75, 0.62, -0.25], [0.75, 0.62, -0.25]])
ABOVE_BELOW = np.array([[0.35, 0.94, 0.00], [0.35, 0.70, -0.80]])
# Horizontal EOG, right minus left canthus, uV per degree (Malmivuo & Plonsey 1995, Bioelectromagnetism, 28.2).
EOG_UV_PER_DEG = 16.0
SPIKE_UV, SPIKE_S = 30.0, 0.020
BLINK_UV, BLINK_VEOG_UV = 120.0, 250.0
KERNEL_WINDOW = (-0.1, 0.6)
# event: component -> (place in head radii, moment, latency s, width s, nAm; nAm more per degree of saccade).
RESPONSES = {
    "fixation": {
        "lambda": ((0.0, -0.65, 0.10), (0.0, -1.0, 0.3), 0.090, 0.018, 60.0, 6.0),
        "N1": ((0.50, -0.50, 0.05), (0.7, -0.7, 0.0), 0.165, 0.025, -40.0, 0.0),
        "P2": ((0.0, -0.40, 0.55), (0.0, -0.3, 1.0), 0.260, 0.050, 25.0, 0.0),
    },
    "stimulus": {
        "P1": ((0.35, -0.65, 0.10), (0.4, -0.9, 0.1), 0.105, 0.018, 50.0, 0.0),
        "N170": ((0.55, -0.45, -0.10), (0.8, -0.6, -0.2), 0.170, 0.022, -80.0, 0.0),
        "P300": ((0.0, -0.30, 0.60), (0.0, -0.2, 1.0), 0.380, 0.080, 70.0, 0.0),
    },
}
BAD_KINDS = ("flat", "noisy", "loose", "drifting")


@dataclass(frozen=True)
class ViewingEeg:
    """EEG of one simulated viewer, V; channels are ``names``, then `simulate.eeg.EYE_CHANNELS`.

    ``data`` (channels + 2, samples) is the sum of ``brain`` (evoked), ``noise`` (background, alpha, line) and ``eyes``,
    before channels fail. ``kernels``: event -> (channels, lags) response at the mean saccade size; ``slopes``: event ->
    (channels, lags) response per degree of saccade; ``lags`` (lags,) s. ``fixations``: onset, amplitude (degrees of the
    saccade before it); ``saccades``: onset, duration; on the clock of the samples, s.
    """

    names: list[str]
    sampling_rate: float
    data: np.ndarray
    brain: np.ndarray
    noise: np.ndarray
    eyes: np.ndarray
    kernels: dict[str, np.ndarray]
    slopes: dict[str, np.ndarray]
    lags: np.ndarray
    fixations: pd.DataFrame
    saccades: pd.DataFrame


def head_fields(names: list[str], places: np.ndarray, moments: np.ndarray) -> np.ndarray:
    """Potentials of current dipoles on a standard cap, in MNE's three-shell spherical head.

    Parameters
    ----------
    names : list of str
        Channels of the 10-05 system.
    places, moments : (dipoles, 3) float
        Place in head radii (x right, y front, z up), within 0.8; direction, of any length.

    Returns
    -------
    fields : (channels, dipoles) float
        uV per nAm, relative to the average of the channels.

    Raises
    ------
    DataError
        A name is not in the montage; a dipole is outside of the brain.
    """
    import mne

    standard_positions(names)
    places, moments = np.atleast_2d(np.asarray(places, float)), np.atleast_2d(np.asarray(moments, float))
    if np.linalg.norm(places, axis=1).max() > 0.8:
        raise DataError(
            f"a dipole at {np.linalg.norm(places, axis=1).max():.2f} head radii",
            where="simulation",
            remedy="Place dipoles within 0.8 of the head's radius",
        )
    info = mne.create_info(list(names), 250.0, "eeg")
    info.set_montage(mne.channels.make_standard_montage(MONTAGE), verbose="error")
    sphere = mne.make_sphere_model("auto", "auto", info, verbose="error")
    moments = moments / np.linalg.norm(moments, axis=1, keepdims=True)
    positions = {"rr": sphere["r0"] + sphere.radius * places, "nn": moments}
    sources = mne.setup_volume_source_space(pos=positions, sphere=sphere, sphere_units="m", verbose="error")
    forward = mne.make_forward_solution(info, trans=None, src=sources, bem=sphere, meg=False, verbose="error")
    # Three orthogonal moments a place, V per Am.
    gain = forward["sol"]["data"].reshape(len(names), len(places), 3)
    fields = np.einsum("cdk,dk->cd", gain, moments) * 1e6 * 1e-9
    return fields - fields.mean(axis=0)


def simulate_viewing_eeg(
    times: np.ndarray,
    gaze: np.ndarray,
    events: pd.DataFrame,
    stimuli: np.ndarray,
    *,
    rng: np.random.Generator,
    names: list[str],
    seconds: float,
    sampling_rate: float = 250.0,
    response_gain: float = 1.0,
    noise_uv: float = 8.0,
    alpha_uv: float = 4.0,
    line_uv: float = 1.0,
    eye_gain: float = 1.0,
) -> ViewingEeg:
    """Simulate the EEG that goes with a simulated gaze.

    Parameters
    ----------
    times, gaze : (n,), (n, 2) float
        Gaze on the EEG's clock, s; degrees, x right and y down, without losses (`simulate.gaze.GazeRecording.clean`).
    events : DataFrame
        Of the gaze, on the EEG's clock: ``onset``, ``duration`` (s), ``trial_type`` (fixation, saccade, blink),
        ``x_start`` to ``y_end`` (degrees).
    stimuli : (trials,) float
        Onsets of stimuli, s.
    rng : numpy Generator
    names : list of str
        Channels of the 10-05 system.
    seconds, sampling_rate : float
        Length of the EEG, s; Hz.
    response_gain, eye_gain : float
        Multiply the evoked responses and all that the eyes do.
    noise_uv, alpha_uv, line_uv : float
        See `simulate.eeg.draw_sources`.

    Returns
    -------
    ViewingEeg
    """
    n = round(seconds * sampling_rate)
    positions = standard_positions(names)
    saccades = events[events["trial_type"] == "saccade"]
    fixations = _fixations_after(events)
    lags = np.arange(round(KERNEL_WINDOW[0] * sampling_rate), round(KERNEL_WINDOW[1] * sampling_rate) + 1)
    mean_size = float(fixations["amplitude"].mean()) if len(fixations) else 0.0
    kernels, slopes = _kernels(names, lags / sampling_rate, response_gain, mean_size)
    brain = np.zeros((len(names) + 2, n))
    centred = fixations["amplitude"].to_numpy() - mean_size
    _add(brain, fixations["onset"], lags[0], sampling_rate, kernels["fixation"])
    _add(brain, fixations["onset"], lags[0], sampling_rate, slopes["fixation"], centred)
    _add(brain, stimuli, lags[0], sampling_rate, kernels["stimulus"])
    noise = np.zeros_like(brain)
    mixing = _noise_mixing(positions, noise_uv, min(1.0, noise_uv), rng)
    pink = pink_noise(len(names) + 2, n, rng, exponent=1.0, rate=sampling_rate)
    noise[:-2], noise[-2:] = mixing @ pink[:-2], noise_uv * pink[-2:]
    alpha = alpha_uv * dipole_field(positions, np.array([0, -0.6, 0.2]), np.array([0, -1, 0.3]))
    noise[:-2] += alpha[:, None] * _alpha_rhythm(n, sampling_rate, rng)
    wave = np.sin(2 * np.pi * LINE_HZ * np.arange(n) / sampling_rate + rng.uniform(0, 2 * np.pi))
    noise += (line_uv * rng.lognormal(0, 0.4, len(names) + 2))[:, None] * wave
    eyes = eye_gain * _eyes(times, gaze, events, positions, n, sampling_rate, rng)
    parts = [part * 1e-6 for part in (brain, noise, eyes)]
    return ViewingEeg(
        names=list(names),
        sampling_rate=sampling_rate,
        data=parts[0] + parts[1] + parts[2],
        brain=parts[0],
        noise=parts[1],
        eyes=parts[2],
        kernels={name: values * 1e-6 for name, values in kernels.items()},
        slopes={name: values * 1e-6 for name, values in slopes.items()},
        lags=lags / sampling_rate,
        fixations=fixations,
        saccades=saccades[["onset", "duration"]].reset_index(drop=True),
    )


def break_channels(
    data: np.ndarray, names: list[str], faults: Mapping[str, str], *, rng: np.random.Generator, sampling_rate: float
) -> np.ndarray:
    """EEG with channels that fail.

    Parameters
    ----------
    data : (channels, samples) float
        V; the first ones are ``names``.
    names : list of str
    faults : mapping
        Channel -> ``flat`` (a disconnected input: below 0.01 uV), ``noisy`` (white noise of 50 uV added), ``loose``
        (noise of its own, as large as its signal, in place of the brain) or ``drifting`` (brown noise of 300 uV added).
    rng : numpy Generator
    sampling_rate : float
        Hz.

    Returns
    -------
    broken : (channels, samples) float
    """
    broken = data.copy()
    n = data.shape[1]
    for name, kind in faults.items():
        if name not in names or kind not in BAD_KINDS:
            raise DataError(
                f"fault `{kind}` of channel `{name}`", where="simulation", remedy=f"Use {', '.join(BAD_KINDS)}"
            )
        row = names.index(name)
        if kind == "flat":
            broken[row] = rng.normal(0, 1e-9, n)
        elif kind == "noisy":
            broken[row] += rng.normal(0, 50e-6, n)
        elif kind == "loose":
            broken[row] = data[row].std() * pink_noise(1, n, rng, exponent=1.0, rate=sampling_rate)[0]
        else:
            broken[row] += 300e-6 * pink_noise(1, n, rng, exponent=2.0, rate=sampling_rate)[0]
    return broken


def _fixations_after(events: pd.DataFrame) -> pd.DataFrame:
    """Fixations that a saccade leads to, with its amplitude."""
    follows = (events["trial_type"] == "fixation") & (events["trial_type"].shift() == "saccade")
    before = events.shift()[follows]
    amplitude = np.hypot(before["x_end"] - before["x_start"], before["y_end"] - before["y_start"])
    return pd.DataFrame({"onset": events["onset"][follows], "amplitude": amplitude}).reset_index(drop=True)


def _kernels(
    names: list[str], times: np.ndarray, gain: float, mean_size: float
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Responses at the mean saccade size, and per degree, (channels, lags) uV."""
    rows = [(event, *values) for event, parts in RESPONSES.items() for values in parts.values()]
    fields = head_fields(names, np.array([row[1] for row in rows]), np.array([row[2] for row in rows]))
    kernels = {event: np.zeros((len(names), len(times))) for event in RESPONSES}
    slopes = {event: np.zeros((len(names), len(times))) for event in RESPONSES}
    for (event, _, _, latency, width, size, slope), dipole in zip(rows, fields.T, strict=True):
        course = gain * dipole[:, None] * np.exp(-0.5 * ((times - latency) / width) ** 2)
        kernels[event] += (size + slope * mean_size) * course
        slopes[event] += slope * course
    return kernels, slopes


def _add(
    data: np.ndarray,
    onsets: np.ndarray | pd.Series,
    first_lag: int,
    rate: float,
    kernel: np.ndarray,
    weights: np.ndarray | float = 1.0,
) -> None:
    """Add a response after each onset in place; what leaves the recording is cut."""
    onsets = np.asarray(onsets, dtype=float)
    for start, weight in zip(np.rint(onsets * rate).astype(int), np.broadcast_to(weights, onsets.shape), strict=True):
        low, high = max(start + first_lag, 0), min(start + first_lag + kernel.shape[1], data.shape[1])
        if low < high:
            shift = low - start - first_lag
            data[: len(kernel), low:high] += weight * kernel[:, shift : shift + high - low]


def _eyes(
    times: np.ndarray,
    gaze: np.ndarray,
    events: pd.DataFrame,
    positions: np.ndarray,
    n: int,
    rate: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Potentials of the eyes (channels + 2, samples), uV."""
    at = np.arange(n) / rate
    fine = _lowpassed(gaze, times, 0.4 * rate)
    turned = np.column_stack([np.interp(at, times, fine[:, k]) for k in range(2)])
    sites = np.vstack([positions, CANTHI, ABOVE_BELOW])
    maps = np.array([_eye_dipoles(sites, np.array(moment)) for moment in ((1.0, 0, 0), (0, 0, 1.0), (0, -1.0, 0))])
    horizontal, vertical, spike = (np.r_[m[:-4], m[-3] - m[-4], m[-2] - m[-1]] for m in maps)
    scale = EOG_UV_PER_DEG / horizontal[-2]
    # Gaze is y down, the eye's moment z up.
    total = scale * (horizontal[:, None] * turned[:, 0] - vertical[:, None] * turned[:, 1])
    shape = np.arange(round(SPIKE_S * rate) + 1) / max(round(SPIKE_S * rate), 1)
    pulse = np.sin(2 * np.pi * shape)
    saccades = events[events["trial_type"] == "saccade"]
    size = np.hypot(saccades["x_end"] - saccades["x_start"], saccades["y_end"] - saccades["y_start"])
    strength = SPIKE_UV * np.tanh(size / 4).to_numpy() / np.abs(spike[:-2]).max()
    lead = -round(0.25 * SPIKE_S * rate)
    _add(total, saccades["onset"], lead, rate, spike[:, None] * pulse, strength)
    lid = np.r_[BLINK_UV * _eye_field(positions), 0.02 * BLINK_VEOG_UV, BLINK_VEOG_UV]
    for onset, duration in events.loc[events["trial_type"] == "blink", ["onset", "duration"]].to_numpy():
        # Lids move for as long again around the loss of the pupil.
        length = round((duration + 0.12) * rate)
        curve = np.sin(np.pi * np.linspace(0, 1, length) ** 0.7) ** 2
        _add(total, np.array([onset - 0.06]), 0, rate, lid[:, None] * curve, float(rng.lognormal(0, 0.2)))
    return total


def _eye_dipoles(sites: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Potential of one moment in both eyes in a homogeneous conductor (Nunez & Srinivasan 2006), without unit."""
    away = sites[None] - EYES[:, None]
    return (away @ moment / np.linalg.norm(away, axis=2) ** 3).sum(axis=0)


def _lowpassed(gaze: np.ndarray, times: np.ndarray, cut: float) -> np.ndarray:
    """Gaze without what the EEG's rate cannot hold; the ends are mirrored."""
    n = len(gaze)
    rate = (n - 1) / (times[-1] - times[0])
    if cut >= rate / 2:
        return gaze
    pad = min(n - 1, round(rate))
    wide = np.concatenate([2 * gaze[0] - gaze[pad:0:-1], gaze, 2 * gaze[-1] - gaze[-2 : -pad - 2 : -1]])
    length = next_fast_len(len(wide), real=True)
    wide = np.pad(wide, ((0, length - len(wide)), (0, 0)), mode="edge")
    frequencies = rfftfreq(length, 1 / rate)
    keep = np.exp(-np.log(2) / 2 * (frequencies / cut) ** 2)
    return irfft(rfft(wide, axis=0) * keep[:, None], n=length, axis=0)[pad : pad + n]
