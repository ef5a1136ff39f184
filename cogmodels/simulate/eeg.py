"""Simulated EEG: fields of dipoles that follow the stimuli's latent vectors, in noise with artefacts.

A trial's evoked response is a sum of components, each a dipole's topography times a time course times an
amplitude. The first two are a visual P1 and N1, equal for all stimuli; the amplitudes of the others are
linear in the latent vector. Around it: 1/f noise whose channels correlate as those of random dipoles do, an
occipital alpha rhythm, line noise and blinks. All draws are one subject's own. No file is touched here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfftfreq

from cogmodels.errors import DataError

# The 32 positions of a BioSemi cap, in its order; then two bipolar eye channels.
CHANNELS = [
    "Fp1", "AF3", "F7", "F3", "FC1", "FC5", "T7", "C3", "CP1", "CP5", "P7",
    "P3", "Pz", "PO3", "O1", "Oz", "O2", "PO4", "P4", "P8", "CP6", "CP2",
    "C4", "T8", "FC6", "FC2", "F4", "F8", "AF4", "Fp2", "Fz", "Cz",
]  # fmt: skip
EYE_CHANNELS = ["HEOG", "VEOG"]
LINE_HZ = 50.0
ALPHA_HZ, ALPHA_WIDTH_HZ = 10.0, 1.0
HIGHPASS_HZ = 0.1
RESPONSE_WINDOW = 0.6
BLINK_SECONDS = 0.3
BLINK_VEOG_UV = 250.0
# name: (x right, y front, z up in head radii, mirrored in x), latency s, width s, peak in units of `signal`.
VISUAL = {
    "P1": ((0.35, -0.65, 0.10), 0.100, 0.015, 2.0),
    "N1": ((0.50, -0.55, 0.00), 0.165, 0.020, -3.5),
}


@dataclass(frozen=True)
class Sources:
    """What is fixed in one subject's head.

    ``names`` of the components; ``topographies`` (components, channels), peak 1; ``time_courses``
    (components, samples), peak 1, from trial onset at the sampling rate; ``amplitudes`` (stimuli,
    components), uV; ``noise_mixing`` (channels, channels), uV: its product with independent series of unit
    variance is the noise; ``alpha``, ``blink``, ``line`` (channels,), uV. Channels are `CHANNELS`, except in
    ``blink`` and ``line``, which go on with `EYE_CHANNELS`.
    """

    names: list[str]
    topographies: np.ndarray
    time_courses: np.ndarray
    amplitudes: np.ndarray
    noise_mixing: np.ndarray
    alpha: np.ndarray
    blink: np.ndarray
    line: np.ndarray

    def evoked(self) -> np.ndarray:
        """Noise-free responses (stimuli, channels, samples), uV."""
        fields = self.topographies[:, :, None] * self.time_courses[:, None, :]
        return np.einsum("nk,kct->nct", self.amplitudes, fields)


def standard_positions(names: list[str]) -> np.ndarray:
    """Positions on the ``colin27_1005`` montage, scaled to a head of radius 1 around the origin.

    Parameters
    ----------
    names : list of str
        Channels of the 10-05 system.

    Returns
    -------
    positions : (channels, 3) float
        x right, y front, z up, in head radii.

    Raises
    ------
    DataError
        A name is not in the montage.
    """
    from mne.channels import make_standard_montage

    places = make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    unknown = [name for name in names if name not in places]
    if unknown:
        raise DataError(
            f"colin27_1005 has no {', '.join(unknown)}",
            where="simulation",
            remedy="Use names of the 10-05 system",
        )
    wanted = np.array([places[name] for name in names])
    # Least-squares sphere through all electrodes of the montage: |p|^2 = 2 p.c + (r^2 - |c|^2).
    every = np.array(list(places.values()))
    solution = np.linalg.lstsq(np.c_[2 * every, np.ones(len(every))], (every**2).sum(axis=1), rcond=None)[0]
    centred = wanted - solution[:3]
    return centred / np.linalg.norm(centred, axis=1, keepdims=True)


def dipole_field(positions: np.ndarray, location: np.ndarray, moment: np.ndarray) -> np.ndarray:
    """Potential of a current dipole in an unbounded homogeneous conductor, scaled to a peak of 1.

    moment . (r - location) / |r - location|^3 (Nunez & Srinivasan 2006, Electric Fields of the Brain): smooth
    on the scalp, which is all that is asked of it here; the skull is left out.

    Parameters
    ----------
    positions : (channels, 3) float
        On the unit sphere.
    location, moment : (3,) float
        Place inside the sphere, and direction.

    Returns
    -------
    field : (channels,) float
    """
    away = positions - location
    field = away @ moment / np.linalg.norm(away, axis=1) ** 3
    return field / np.abs(field).max()


def pink_noise(series: int, samples: int, rng: np.random.Generator, *, exponent: float, rate: float) -> np.ndarray:
    """Gaussian noise of unit variance whose power falls as 1 / f ** exponent above 0.1 Hz, and is flat below.

    Parameters
    ----------
    series, samples : int
        Shape.
    rng : numpy Generator
    exponent : float
        0 = white, 1 = pink, 2 = brown.
    rate : float
        Sampling rate, Hz.

    Returns
    -------
    noise : (series, samples) float
    """
    length = next_fast_len(samples, real=True)
    frequencies = np.maximum(rfftfreq(length, 1 / rate), HIGHPASS_HZ)
    return _shaped_noise(series, samples, length, frequencies ** (-exponent / 2), rng)


def draw_sources(
    latent: np.ndarray,
    positions: np.ndarray,
    *,
    rng: np.random.Generator,
    sampling_rate: float = 250.0,
    signal: float = 2.0,
    components: int = 16,
    noise_uv: float = 8.0,
    sensor_noise_uv: float = 1.0,
    alpha_uv: float = 4.0,
    line_uv: float = 2.0,
    blink_uv: float = 120.0,
) -> Sources:
    """Draw one subject's head: which fields the stimuli evoke, and how noise spreads over the channels.

    Parameters
    ----------
    latent : (stimuli, dimensions) float
        Latent vectors that all subjects share.
    positions : (channels, 3) float
        Of `CHANNELS`, from `standard_positions`.
    rng : numpy Generator
        The subject's own.
    sampling_rate : float
        Hz.
    signal : float
        Standard deviation over stimuli of a latent component at its peak, uV; P1 and N1 have 2 and -3.5
        times as much. 0 = nothing is evoked.
    components : int
        Number of components that follow the latent vector.
    noise_uv, sensor_noise_uv : float
        Mean standard deviation of the 1/f noise over channels, and the part of it that no two channels share.
    alpha_uv, line_uv, blink_uv : float
        Standard deviation of the alpha rhythm where it is largest; amplitude of the line noise; mean peak of
        a blink at the frontal pole.

    Returns
    -------
    Sources
    """
    times = np.arange(round(RESPONSE_WINDOW * sampling_rate)) / sampling_rate
    fields, courses, peaks = [], [], []
    for place, latency, width, peak in VISUAL.values():
        right = np.array(place) + rng.normal(0, 0.05, 3)
        left = right * [-1, 1, 1]
        fields.append(dipole_field(positions, right, right) + dipole_field(positions, left, left))
        courses.append(np.exp(-0.5 * ((times - latency - rng.normal(0, 0.004)) / width) ** 2))
        peaks.append(peak)
    for _ in range(components):
        place = _posterior_place(rng)
        moment = place / np.linalg.norm(place) + rng.normal(0, 0.5, 3)
        fields.append(dipole_field(positions, place, moment))
        latency, width = rng.uniform(0.12, 0.40), rng.uniform(0.02, 0.05)
        courses.append(np.exp(-0.5 * ((times - latency) / width) ** 2))
    topographies = np.array(fields)
    topographies /= np.abs(topographies).max(axis=1, keepdims=True)
    weights = latent @ rng.standard_normal((latent.shape[1], components))
    weights /= weights.std(axis=0)
    common = np.ones((len(latent), 1)) * np.array(peaks)
    eyes = _eye_field(positions)
    return Sources(
        names=[*VISUAL, *(f"latent{k:02d}" for k in range(components))],
        topographies=topographies,
        time_courses=np.array(courses),
        amplitudes=signal * np.hstack([common, weights]),
        noise_mixing=_noise_mixing(positions, noise_uv, sensor_noise_uv, rng),
        alpha=alpha_uv * dipole_field(positions, np.array([0, -0.6, 0.2]), np.array([0, -1, 0.3])),
        blink=np.r_[blink_uv * eyes, 0.05 * BLINK_VEOG_UV, BLINK_VEOG_UV] * rng.lognormal(0, 0.15),
        line=line_uv * rng.lognormal(0, 0.4, len(positions) + len(EYE_CHANNELS)),
    )


def simulate_recording(
    head: Sources,
    order: np.ndarray,
    onsets: np.ndarray,
    *,
    rng: np.random.Generator,
    samples: int,
    sampling_rate: float = 250.0,
    noise_exponent: float = 1.0,
    blink_rate: float = 12.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate one recording of a subject.

    Parameters
    ----------
    head : Sources
        From `draw_sources`, at the same sampling rate.
    order : (trials,) int
        Stimulus of each trial, a row of ``head.amplitudes``.
    onsets : (trials,) float
        Seconds; the nearest sample is taken.
    rng : numpy Generator
        The recording's own.
    samples : int
        Length of the recording.
    sampling_rate : float
        Hz.
    noise_exponent : float
        Slope of the 1/f noise.
    blink_rate : float
        Blinks a minute.

    Returns
    -------
    data : (channels + 2, samples) float
        Volt; `CHANNELS` (potentials relative to infinity), then `EYE_CHANNELS`.
    blinks : (blinks,) float
        Onset of each blink, s; a blink lasts 0.3 s.
    """
    n_channels, n_eyes = len(head.noise_mixing), len(EYE_CHANNELS)
    noise = pink_noise(n_channels + n_eyes, samples, rng, exponent=noise_exponent, rate=sampling_rate)
    data = np.empty((n_channels + n_eyes, samples))
    data[:n_channels] = head.noise_mixing @ noise[:n_channels]
    data[n_channels:] = np.abs(np.diag(head.noise_mixing)).mean() * noise[n_channels:]
    data[:n_channels] += head.alpha[:, None] * _alpha_rhythm(samples, sampling_rate, rng)
    window = head.time_courses.shape[1]
    starts = np.rint(np.asarray(onsets) * sampling_rate).astype(int)
    if len(starts) and (starts.min() < 0 or starts.max() + window > samples):
        raise DataError(
            f"trials from {min(onsets):g} to {max(onsets):g} s do not fit {samples / sampling_rate:g} s",
            where="simulation",
            remedy="Lengthen the recording",
        )
    for start, stimulus in zip(starts, order, strict=True):
        courses = head.amplitudes[stimulus][:, None] * head.time_courses
        data[:n_channels, start : start + window] += head.topographies.T @ courses
    wave = 2 * np.pi * LINE_HZ * np.arange(samples) / sampling_rate + rng.uniform(0, 2 * np.pi)
    data += head.line[:, None] * np.sin(wave)
    blinks = _add_blinks(data, head.blink, blink_rate, sampling_rate, rng)
    return data * 1e-6, blinks


def _posterior_place(rng: np.random.Generator) -> np.ndarray:
    """Place of a source in the back of the head."""
    while True:
        place = rng.uniform(-0.8, 0.8, 3)
        if 0.5 < np.linalg.norm(place) < 0.8 and place[1] < -0.1 and place[2] > -0.2:
            return place


def _eye_field(positions: np.ndarray) -> np.ndarray:
    """Spread of a blink: falls with the square of the distance from the eyes, 1 at the frontal pole."""
    eyes = np.array([[-0.35, 1.0, -0.35], [0.35, 1.0, -0.35]])
    field = sum(1 / ((positions - eye) ** 2).sum(axis=1) for eye in eyes)
    return field / field.max()


def _noise_mixing(
    positions: np.ndarray, noise_uv: float, sensor_noise_uv: float, rng: np.random.Generator
) -> np.ndarray:
    """Cholesky factor of the channels' covariance: random dipoles everywhere, and noise of each sensor."""
    places = rng.standard_normal((300, 3))
    places *= (rng.uniform(0.2, 0.8, 300) / np.linalg.norm(places, axis=1))[:, None]
    fields = np.array([dipole_field(positions, place, rng.standard_normal(3)) for place in places])
    shared = fields.T @ fields
    shared *= max(noise_uv**2 - sensor_noise_uv**2, 0.0) / np.diag(shared).mean()
    return np.linalg.cholesky(shared + max(sensor_noise_uv, 1e-3) ** 2 * np.eye(len(positions)))


def _alpha_rhythm(samples: int, rate: float, rng: np.random.Generator) -> np.ndarray:
    """Narrow-band noise around 10 Hz, of unit variance: it waxes and wanes."""
    length = next_fast_len(samples, real=True)
    shape = np.exp(-0.5 * ((rfftfreq(length, 1 / rate) - ALPHA_HZ) / ALPHA_WIDTH_HZ) ** 2)
    return _shaped_noise(1, samples, length, shape, rng)[0]


def _shaped_noise(series: int, samples: int, length: int, shape: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Gaussian noise of unit variance with an amplitude spectrum proportional to ``shape``, without mean."""
    shape = shape.copy()
    shape[0] = 0.0
    spectrum = rng.standard_normal((series, len(shape))) + 1j * rng.standard_normal((series, len(shape)))
    noise = irfft(spectrum * (shape / np.sqrt((shape**2).sum())), n=length, axis=1)
    return noise[:, :samples] * (length / 2)


def _add_blinks(
    data: np.ndarray, field: np.ndarray, rate_per_minute: float, rate: float, rng: np.random.Generator
) -> np.ndarray:
    """Add blinks to ``data`` in place, at random and never closer than 0.5 s; return their onsets."""
    if rate_per_minute <= 0:
        return np.empty(0)
    shape = np.sin(np.pi * np.linspace(0, 1, round(BLINK_SECONDS * rate)) ** 0.7) ** 2
    gap = max(60 / rate_per_minute - 0.5, 0.01)
    onsets, time = [], rng.exponential(gap)
    while round(time * rate) + len(shape) <= data.shape[1]:
        start = round(time * rate)
        data[:, start : start + len(shape)] += field[:, None] * shape * rng.lognormal(0, 0.2)
        onsets.append(start / rate)
        time += 0.5 + rng.exponential(gap)
    return np.array(onsets)
