"""Gaze in the EEG: samples as channels, events as annotations, and a check of both by the horizontal EOG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.signal import correlate

from cogmodels.eeg._trigger_kernels import resample_seen
from cogmodels.eeg.checks import add_annotations, recording_name
from cogmodels.eeg.synchronise import Synchronisation, checked_times
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.io import BaseRaw

# Names of gaze events as annotations; MNE and every step here leave out what begins with BAD.
ANNOTATIONS = {"blink": "BAD_blink", "lost": "BAD_gaze_lost"}
NO_GAZE = "BAD_no_gaze"


@dataclass(frozen=True)
class GazeLag:
    """Lag of the EEG's horizontal EOG behind the gaze: ``lag_ms`` (0 when in time) and the ``correlation`` there.

    ``seconds``: in which both are known. ``lags_ms``, ``correlations`` (lags,): the whole curve.
    """

    lag_ms: float
    correlation: float
    seconds: float
    lags_ms: np.ndarray
    correlations: np.ndarray


def resample_to_eeg(
    time: np.ndarray, values: np.ndarray, synchronisation: Synchronisation, *, sampling_rate: float, n_times: int
) -> np.ndarray:
    """Samples of gaze at the sample times of the EEG.

    Each is the triangular mean of the gaze samples around it, as wide as a whole number of gaze periods that covers an
    EEG period: linear interpolation where the tracker is the slower, and a low-pass (linear B-spline) where it is the
    faster. Straight movements are kept exactly. Nothing is interpolated across a loss.

    Parameters
    ----------
    time : (n,) float
        Gaze clock, s, increasing.
    values : (n,) or (n, columns) float
        NaN where lost.
    synchronisation : Synchronisation
    sampling_rate : float
        Of the EEG, Hz.
    n_times : int
        Samples of the EEG.

    Returns
    -------
    resampled : (n_times,) or (n_times, columns) float
        NaN where a gaze sample under the triangle is lost, and outside the gaze recording.

    Raises
    ------
    DataError
        Time runs backwards; fewer than two samples.
    """
    time = checked_times(time, "gaze", "gaze samples")
    values = np.asarray(values, dtype=float)
    if len(time) < 2 or len(values) != len(time):
        raise DataError(
            f"{len(time)} time stamps for {len(values)} samples",
            where="gaze samples",
            remedy="Give two samples or more, each with its time",
        )
    on_eeg = synchronisation.to_eeg(time)
    period = float(np.median(np.diff(on_eeg)))
    half_width = period * max(1, np.ceil(1 / sampling_rate / period - 1e-6))
    out = np.empty((n_times, 1 if values.ndim == 1 else values.shape[1]))
    wanted = np.arange(n_times) / sampling_rate
    resample_seen(on_eeg, np.ascontiguousarray(values.reshape(len(time), -1)), period, wanted, half_width, out)
    return out[:, 0] if values.ndim == 1 else out


def add_gaze(
    raw: BaseRaw,
    samples: pd.DataFrame,
    synchronisation: Synchronisation,
    *,
    columns: Sequence[str] = ("x", "y", "pupil"),
    unit: str = "px",
    eye: str = "unknown",
    minimum_gap_s: float = 0.5,
) -> BaseRaw:
    """EEG with the gaze as channels, and the stretches that the tracker did not record as ``BAD_no_gaze``.

    Parameters
    ----------
    raw : mne Raw
        Not changed.
    samples : DataFrame
        ``time`` (gaze clock, s) and any of ``columns``; NaN where lost.
    synchronisation : Synchronisation
    columns : sequence of str
        Which become channels, named ``gaze_x``, ``gaze_y`` and ``pupil``; those that are not there are left out.
    unit : {"px", "deg"}
        Of x and y. MNE keeps angles in radian, so ``deg`` is converted.
    eye : {"left", "right", "unknown"}
    minimum_gap_s : float
        Pauses of the tracker (calibration, recording stopped), before its first and after its last sample too, become
        annotations from this length on, s.

    Returns
    -------
    joined : mne Raw
        Copy with loaded data; channel types eyegaze and pupil, NaN where gaze is lost.

    Raises
    ------
    DataError
        No time, or none of the columns; gaze that does not overlap the EEG; an unknown unit.
    """
    import mne

    where = recording_name(raw)
    names = [name for name in columns if name in samples]
    if "time" not in samples or not names:
        raise DataError(
            f"the samples have columns {', '.join(map(str, samples.columns))}",
            where=where,
            remedy=f"Give `time` and one of {', '.join(columns)}",
        )
    if unit not in ("px", "deg"):
        raise DataError(f"gaze in `{unit}`", where=where, remedy="Convert it to px or deg")
    rate = raw.info["sfreq"]
    time = samples["time"].to_numpy(dtype=float)
    values = samples[names].to_numpy(dtype=float)
    resampled = resample_to_eeg(time, values, synchronisation, sampling_rate=rate, n_times=raw.n_times)
    on_eeg = synchronisation.to_eeg(time)
    if on_eeg[-1] <= 0 or on_eeg[0] >= raw.n_times / rate:
        raise DataError(
            f"gaze from {on_eeg[0]:.1f} to {on_eeg[-1]:.1f} s does not overlap the EEG of {raw.n_times / rate:.1f} s",
            where=where,
            remedy="Check that both recordings belong together",
        )
    if unit == "deg":
        angular = [name != "pupil" for name in names]
        resampled[:, angular] = np.radians(resampled[:, angular])
    titles = [name if name == "pupil" else f"gaze_{name}" for name in names]
    kinds = ["pupil" if name == "pupil" else "eyegaze" for name in names]
    gaze = mne.io.RawArray(
        resampled.T, mne.create_info(titles, rate, kinds), first_samp=raw.first_samp, verbose="error"
    )
    if eye in ("left", "right"):
        mapping = {
            title: (kind, "au", eye) if kind == "pupil" else (kind, "rad" if unit == "deg" else "px", eye, name)
            for title, kind, name in zip(titles, kinds, names, strict=True)
        }
        mne.preprocessing.eyetracking.set_channel_types_eyetrack(gaze, mapping)
    joined = raw.copy().load_data(verbose="error")
    gaze.set_meas_date(joined.info["meas_date"])
    joined.add_channels([gaze], force_update_info=True)
    gaps = _pauses(on_eeg, raw.n_times / rate, minimum_gap_s)
    return add_annotations(joined, gaps[:, 0], gaps[:, 1] - gaps[:, 0], [NO_GAZE] * len(gaps))


def annotate_gaze_events(
    raw: BaseRaw,
    events: pd.DataFrame,
    synchronisation: Synchronisation,
    *,
    kinds: Sequence[str] = ("fixation", "saccade", "blink", "lost"),
    pad_s: float = 0.05,
) -> BaseRaw:
    """EEG with events of gaze as annotations on its own clock.

    Fixations and saccades keep their names; blinks become ``BAD_blink`` and losses ``BAD_gaze_lost``, each longer by
    ``pad_s`` on both sides, since lids move before the pupil is lost.

    Parameters
    ----------
    raw : mne Raw
        Not changed.
    events : DataFrame
        ``event``, ``onset``, ``duration`` (gaze clock, s), as the detectors of ``cogmodels.gaze`` give them.
    synchronisation : Synchronisation
    kinds : sequence of str
        Events that become annotations.
    pad_s : float
        s.

    Returns
    -------
    annotated : mne Raw
        Copy; what lies outside of the EEG is left out, what crosses its edges is cut.

    Raises
    ------
    DataError
        A column is missing.
    """
    where = recording_name(raw)
    missing = [name for name in ("event", "onset", "duration") if name not in events]
    if missing:
        raise DataError(f"the events lack column `{missing[0]}`", where=where, remedy="Detect the events anew")
    chosen = events[events["event"].isin(kinds)]
    names = chosen["event"].astype(str)
    pad = np.where(names.isin(list(ANNOTATIONS)), pad_s, 0.0)
    start = synchronisation.to_eeg(chosen["onset"].to_numpy(dtype=float)) - pad
    stop = synchronisation.to_eeg((chosen["onset"] + chosen["duration"]).to_numpy(dtype=float)) + pad
    end = raw.n_times / raw.info["sfreq"]
    inside = (stop > 0) & (start < end)
    start, stop = np.clip(start[inside], 0, end), np.clip(stop[inside], 0, end)
    return add_annotations(raw.copy(), start, stop - start, [ANNOTATIONS.get(name, name) for name in names[inside]])


def gaze_lag(
    heog: np.ndarray, gaze_x: np.ndarray, *, sampling_rate: float, max_lag_s: float = 0.5, step_s: float = 0.012
) -> GazeLag:
    """Lag at which the horizontal EOG moves as the gaze does: 0 where synchronisation holds.

    Both are differenced over ``step_s`` (saccades remain, slow EOG drift does not) and cross-correlated where both are
    known; the peak of the absolute correlation is refined by a parabola. The idea is EYE-EEG's ``checksync`` (Dimigen
    et al. 2011, J Exp Psychol Gen 140, 552-572).

    Parameters
    ----------
    heog : (n,) float
        Bipolar horizontal EOG, or the difference of two channels beside the eyes; any unit.
    gaze_x : (n,) float
        Horizontal gaze at the same samples, any unit; NaN where lost.
    sampling_rate : float
        Hz.
    max_lag_s : float
        Lags to look at, s.
    step_s : float
        Span of the difference, s.

    Returns
    -------
    GazeLag
        ``lag_ms`` above 0: the EOG comes later. ``correlation`` is negative where the EOG's polarity is.

    Raises
    ------
    DataError
        Lengths differ; less than 10 s in which both are known; a signal without movement.
    """
    heog, gaze_x = np.asarray(heog, dtype=float), np.asarray(gaze_x, dtype=float)
    if heog.shape != gaze_x.shape or heog.ndim != 1:
        raise DataError(
            f"HEOG of {heog.shape} and gaze of {gaze_x.shape} samples",
            where="synchronisation check",
            remedy="Resample the gaze to the EEG first",
        )
    step = max(1, round(step_s * sampling_rate))
    moves = [signal[step:] - signal[:-step] for signal in (heog, gaze_x)]
    known = [np.isfinite(move) for move in moves]
    seconds = float((known[0] & known[1]).sum() / sampling_rate)
    if seconds < 10:
        raise DataError(
            f"HEOG and gaze are known together for {seconds:.1f} s, 10 s are needed",
            where="synchronisation check",
            remedy="Check the overlap of both recordings",
        )
    lags, correlation = _correlation(moves, known, min(round(max_lag_s * sampling_rate), len(moves[0]) - 2))
    peak, shift = int(np.argmax(np.abs(correlation))), 0.0
    if 0 < peak < len(lags) - 1:
        before, here, after = np.abs(correlation[peak - 1 : peak + 2])
        shift = 0.5 * (before - after) / min(before - 2 * here + after, -1e-300)
    to_ms = 1e3 / sampling_rate
    return GazeLag(float((lags[peak] + shift) * to_ms), float(correlation[peak]), seconds, lags * to_ms, correlation)


def _correlation(moves: list[np.ndarray], known: list[np.ndarray], reach: int) -> tuple[np.ndarray, np.ndarray]:
    """Lags from ``-reach`` to ``reach`` samples, and the correlation of two signals at each."""
    filled = [np.where(k, m - m[k].mean(), 0.0) for m, k in zip(moves, known, strict=True)]
    if min(np.abs(f).max() for f in filled) == 0:
        raise DataError(
            "HEOG or gaze does not move at all", where="synchronisation check", remedy="Check the channels' names"
        )
    middle = len(filled[0]) - 1
    window = slice(middle - reach, middle + reach + 1)
    # Energies over the overlap at each lag: losses must not look like low correlation.
    mask = [k.astype(float) for k in known]
    product = correlate(filled[0], filled[1], method="fft")[window]
    energy_eog = correlate(filled[0] ** 2, mask[1], method="fft")[window]
    energy_gaze = correlate(mask[0], filled[1] ** 2, method="fft")[window]
    return np.arange(-reach, reach + 1), product / np.sqrt(np.maximum(energy_eog * energy_gaze, 1e-300))


def _pauses(times: np.ndarray, end: float, minimum: float) -> np.ndarray:
    """Stretches (k, 2) without samples between 0 and ``end``, s, that last at least ``minimum``."""
    inside = times[(times >= 0) & (times <= end)]
    edges = np.concatenate([[0.0], inside, [end]])
    gaps = np.flatnonzero(np.diff(edges) >= minimum)
    return np.column_stack([edges[gaps], edges[gaps + 1]])
