"""Channels that do not measure the brain, each with the reason.

The criteria and limits are those of the PREP pipeline (Bigdely-Shamlo, Mullen, Kothe, Su & Robbins 2015, Front
Neuroinform 9, 16): no signal, too large or too noisy against the others, correlated with none of the others, not
predicted by its neighbours (RANSAC). Each is judged among the channels that the criteria before it left.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.polynomial.legendre import legval
from scipy.signal import butter, sosfiltfilt

from cogmodels.eeg.checks import bridge_lost, check_units, count_eeg, good_samples, recording_name
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.io import BaseRaw

METHODS = ("flat", "noisy", "correlation", "ransac")
COLUMNS = ["channel", "reason", "value", "limit"]
# Smaller amplitudes than this (median absolute deviation) are the amplifier's own, uV.
FLAT_UV = 0.1
LOW_HZ, HIGH_HZ = 1.0, 50.0
ROBUST_Z = 5.0
CORRELATION, CORRELATION_WINDOW_S, CORRELATION_SHARE = 0.4, 1.0, 0.01
# Correlation with the best of the others, without the very best: it may be a bridge.
CORRELATION_QUANTILE = 0.98
RANSAC_SAMPLES, RANSAC_PART, RANSAC_CORRELATION = 50, 0.25, 0.75
RANSAC_WINDOW_S, RANSAC_SHARE = 5.0, 0.4
# A quarter of fewer channels does not sample the head: of 26 simulated ones, up to five sound ones at the edge fell.
RANSAC_MINIMUM = 32
# Spherical splines: order, terms of the series, and regularisation of MNE.
SPLINE_ORDER, SPLINE_TERMS, SPLINE_ALPHA = 4, 50, 1e-5


def find_bad_channels(
    raw: BaseRaw, *, methods: Sequence[str] = ("flat", "noisy", "correlation"), seed: int = 0
) -> pd.DataFrame:
    """EEG channels to be left out or interpolated, and why.

    The recording is taken from 1 to 50 Hz (noise: what is above 50 Hz), without what annotations call BAD; stretches
    between EDGE annotations are filtered one by one. Where there
    are EOG channels, what they explain by regression is taken out first (not for ``flat``): frontal channels that see
    the eyes turn are sound, and free viewing would make outliers of them.

    Parameters
    ----------
    raw : mne Raw
        Not re-referenced by an average that holds the bad channels; not changed. Those marked bad are not judged.
    methods : sequence of str
        Of ``flat``: not finite, or a median absolute deviation below 0.1 uV. ``noisy``: amplitude, or share of
        amplitude above 50 Hz (where the rate allows), a robust z above 5. ``correlation``: the 0.98 quantile of the
        absolute correlations with other channels is below 0.4 in more than 1 % of windows of 1 s. ``ransac``: the
        median of 50 predictions, each by spherical splines (Perrin et al. 1989, Electroencephalogr Clin Neurophysiol
        72, 184-187) from a quarter of the others, correlates less than 0.75 in more than 40 % of windows of 5 s.
    seed : int
        Of the quarters.

    Returns
    -------
    bads : DataFrame
        ``channel``, ``reason`` (flat, deviation, noise, correlation, ransac), ``value`` of the criterion and its
        ``limit``; one row a channel, in order of the criteria.

    Raises
    ------
    DataError
        An unknown method; fewer than 10 s of good samples; RANSAC with fewer than 32 channels left or without their
        positions; no channel left; amplitudes that are no EEG's in V.
    """
    import mne

    where = recording_name(raw)
    unknown = [method for method in methods if method not in METHODS]
    if unknown:
        raise DataError(f"method `{unknown[0]}` is unknown", where=where, remedy=f"Use {', '.join(METHODS)}")
    count_eeg(raw)
    picks = mne.pick_types(raw.info, eeg=True, exclude="bads")
    names = [raw.ch_names[pick] for pick in picks]
    rate, good = raw.info["sfreq"], good_samples(raw)
    if good.sum() < 10 * rate:
        raise DataError(
            f"{good.sum() / rate:.1f} s outside of BAD annotations, 10 s are needed",
            where=where,
            remedy="Mark less as BAD, or name the bad channels by hand",
        )
    if "ransac" in methods:
        positions = _positions(raw, picks, where)
    check_units(raw)
    data = bridge_lost(raw.get_data(picks=picks), ~good) * 1e6
    finite = np.isfinite(data).all(axis=1)
    rows: list[tuple[str, str, float, float]] = []
    left = np.ones(len(names), dtype=bool)

    def drop(wrong: np.ndarray, reason: str, values: np.ndarray, limit: float) -> None:
        for k in np.flatnonzero(wrong & left):
            rows.append((names[k], reason, float(values[k]), limit))
        left[wrong] = False

    if "flat" in methods or not finite.all():
        spread = np.where(finite, _mad(np.where(finite[:, None], data, 0.0)[:, good]), np.nan)
        drop(~finite | (spread < FLAT_UV), "flat", spread, FLAT_UV)
    data = np.where(finite[:, None], data, 0.0)
    borders = _borders(raw)
    low, above = _bands(data, rate, borders)
    low, above = low[:, good], None if above is None else above[:, good]
    eog = mne.pick_types(raw.info, eeg=False, eog=True, exclude="bads")
    if len(eog):
        low = _without_eyes(
            low, _bands(bridge_lost(raw.get_data(picks=eog), ~good) * 1e6, rate, borders)[0][:, good], where
        )
    if "noisy" in methods:
        amplitude = 0.7413 * np.subtract(*np.percentile(low, [75, 25], axis=1))
        drop(np.abs(z := _robust_z(amplitude, left)) > ROBUST_Z, "deviation", z, ROBUST_Z)
        if above is not None:
            ratio = _mad(above) / np.maximum(_mad(low), 1e-12)
            drop((z := _robust_z(ratio, left)) > ROBUST_Z, "noise", z, ROBUST_Z)
    if "correlation" in methods and left.sum() > 2:
        best = _best_correlations(low[left], round(CORRELATION_WINDOW_S * rate))
        share = np.zeros(len(names))
        share[left] = (best < CORRELATION).mean(axis=0)
        drop(share > CORRELATION_SHARE, "correlation", share, CORRELATION_SHARE)
    if "ransac" in methods:
        if left.sum() < RANSAC_MINIMUM:
            raise DataError(
                f"RANSAC predicts a channel from a quarter of the others; {int(left.sum())} channels are left, "
                f"{RANSAC_MINIMUM} are needed",
                where=where,
                remedy="Leave `ransac` out of the methods",
            )
        match = _ransac(low[left], positions[left], round(RANSAC_WINDOW_S * rate), np.random.default_rng([seed, 61]))
        share = np.zeros(len(names))
        share[left] = (match < RANSAC_CORRELATION).mean(axis=0)
        drop(share > RANSAC_SHARE, "ransac", share, RANSAC_SHARE)
    if not left.any():
        raise DataError(
            f"all {len(names)} channels are bad ({', '.join(sorted({row[1] for row in rows}))})",
            where=where,
            remedy="Check the unit of the recording (V) and its reference",
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def spherical_spline_weights(known: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """Weights (wanted, known) that interpolate a potential over a sphere.

    Perrin, Pernier, Bertrand & Echallier (1989), equations 1 to 3 with m = 4.

    Parameters
    ----------
    known, wanted : (n, 3), (m, 3) float
        Directions from the head's centre, of any length.
    """
    known = known / np.linalg.norm(known, axis=1, keepdims=True)
    wanted = wanted / np.linalg.norm(wanted, axis=1, keepdims=True)
    degree = np.arange(1, SPLINE_TERMS + 1)
    series = np.r_[0.0, (2 * degree + 1) / (degree * (degree + 1)) ** SPLINE_ORDER] / (4 * np.pi)
    n = len(known)
    system = np.ones((n + 1, n + 1))
    system[:n, :n] = legval(np.clip(known @ known.T, -1, 1), series) + SPLINE_ALPHA * np.eye(n)
    system[n, n] = 0.0
    there = np.hstack([legval(np.clip(wanted @ known.T, -1, 1), series), np.ones((len(wanted), 1))])
    return np.linalg.solve(system.T, there.T).T[:, :n]


def _positions(raw: BaseRaw, picks: np.ndarray, where: object) -> np.ndarray:
    """Positions of channels around the centre of the sphere through them."""
    places = np.array([raw.info["chs"][pick]["loc"][:3] for pick in picks])
    unknown = ~np.isfinite(places).all(axis=1) | (np.abs(places).sum(axis=1) == 0)
    if unknown.any():
        raise DataError(
            f"RANSAC needs the place of each channel; {int(unknown.sum())} have none, "
            f"{raw.ch_names[picks[np.flatnonzero(unknown)[0]]]} among them",
            where=where,
            remedy="Set a montage, or leave `ransac` out of the methods",
        )
    if len(places) < RANSAC_MINIMUM:
        raise DataError(
            f"RANSAC predicts a channel from a quarter of the others; {len(places)} channels are too few, "
            f"{RANSAC_MINIMUM} are needed",
            where=where,
            remedy="Leave `ransac` out of the methods",
        )
    centre = np.linalg.lstsq(np.c_[2 * places, np.ones(len(places))], (places**2).sum(axis=1), rcond=None)[0][:3]
    return places - centre


def _borders(raw: BaseRaw) -> np.ndarray:
    """Samples at which one stretch ends and the next begins, by annotations called EDGE."""
    edges = [n["onset"] - raw.first_time for n in raw.annotations if str(n["description"]).upper().startswith("EDGE")]
    return np.unique(np.rint(np.array(edges) * raw.info["sfreq"]).astype(int))


def _bands(data: np.ndarray, rate: float, borders: Sequence[int] = ()) -> tuple[np.ndarray, np.ndarray | None]:
    """Signal from 1 to 50 Hz, and what is above (None below 100 Hz and a bit); stretches are filtered one by one."""
    if len(borders):
        parts = [_bands(part, rate) for part in np.split(data, borders, axis=1) if part.shape[1]]
        above = None if parts[0][1] is None else np.concatenate([part for _, part in parts], axis=1)
        return np.concatenate([part for part, _ in parts], axis=1), above
    slow = sosfiltfilt(butter(2, LOW_HZ, "highpass", fs=rate, output="sos"), data, axis=1)
    if rate <= 2.2 * HIGH_HZ:
        return slow, None
    low = sosfiltfilt(butter(4, HIGH_HZ, "lowpass", fs=rate, output="sos"), slow, axis=1)
    return low, slow - low


def _without_eyes(data: np.ndarray, eog: np.ndarray, where: object) -> np.ndarray:
    """What the EOG channels do not explain of each channel by least squares."""
    if not np.isfinite(eog).all():
        raise DataError(
            "an EOG channel holds values that are not finite",
            where=where,
            remedy="Mark the stretch BAD, or the channel bad",
        )
    return data - np.linalg.lstsq(eog.T, data.T, rcond=None)[0].T @ eog


def _mad(values: np.ndarray) -> np.ndarray:
    """Median absolute deviation of each row."""
    return np.median(np.abs(values - np.median(values, axis=1, keepdims=True)), axis=1)


def _robust_z(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Distance from the median in standard deviations by the interquartile range, both of the rows ``among``."""
    chosen = values[among]
    if len(chosen) < 3:
        return np.zeros(len(values))
    spread = 0.7413 * np.subtract(*np.percentile(chosen, [75, 25]))
    return (values - np.median(chosen)) / max(float(spread), 1e-12)


def _windows(data: np.ndarray, length: int) -> np.ndarray:
    """(windows, channels, length), standardised; a rest shorter than a window is left out."""
    n = data.shape[1] // length
    cut = data[:, : n * length].reshape(len(data), n, length).transpose(1, 0, 2)
    cut = cut - cut.mean(axis=2, keepdims=True)
    norm = np.linalg.norm(cut, axis=2, keepdims=True)
    return cut / np.maximum(norm, 1e-12)


def _best_correlations(data: np.ndarray, length: int) -> np.ndarray:
    """(windows, channels): a high quantile of the absolute correlations with the other channels."""
    cut = _windows(data, length)
    correlation = np.abs(np.matmul(cut, cut.transpose(0, 2, 1)))
    k = correlation.shape[1]
    others = correlation[:, ~np.eye(k, dtype=bool)].reshape(len(cut), k, k - 1)
    return np.quantile(others, CORRELATION_QUANTILE, axis=2)


def _ransac(data: np.ndarray, positions: np.ndarray, length: int, rng: np.random.Generator) -> np.ndarray:
    """(windows, channels): correlation of each channel with the median of its predictions."""
    k = len(data)
    size = max(4, round(RANSAC_PART * k))
    weights = np.zeros((RANSAC_SAMPLES, k, k))
    predicts = np.ones((RANSAC_SAMPLES, k), dtype=bool)
    for sample in range(RANSAC_SAMPLES):
        chosen = rng.choice(k, size, replace=False)
        weights[sample][:, chosen] = spherical_spline_weights(positions[chosen], positions)
        # A channel does not predict itself.
        predicts[sample, chosen] = False
    n = max(data.shape[1] // length, 1)
    found = np.empty((n, k))
    for window in range(n):
        part = data[:, window * length : (window + 1) * length]
        predicted = np.matmul(weights, part)
        for channel in range(k):
            guess = np.median(predicted[predicts[:, channel], channel], axis=0)
            both = (
                np.corrcoef(guess, part[channel]) if guess.std() > 0 and part[channel].std() > 0 else np.zeros((2, 2))
            )
            found[window, channel] = both[0, 1]
    return found
