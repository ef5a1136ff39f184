"""Simulated triggers that two recorders share: each on its own clock, jittered, some lost, some of no meaning."""

from __future__ import annotations

import numpy as np
import pandas as pd


def simulate_shared_triggers(
    times: np.ndarray,
    codes: np.ndarray,
    *,
    rng: np.random.Generator,
    offset_s: float = 0.0,
    drift_ppm: float = 0.0,
    jitter_s: float = 0.001,
    late_share: float = 0.0,
    late_s: float = 0.01,
    lost_share: float = 0.0,
    spurious_share: float = 0.0,
    eeg_rate: float | None = None,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Write one train of triggers as gaze tracker and EEG amplifier record it.

    The EEG's clock is the true one, the tracker's time is ``gaze = (true - offset) / (1 + drift)``.

    Parameters
    ----------
    times : (n,) float
        True times, s, increasing.
    codes : (n,) int
        Code of each trigger.
    rng : numpy Generator
    offset_s, drift_ppm : float
        True time at time 0 of the gaze clock, s; how much faster the true clock runs, parts per million.
    jitter_s : float
        Standard deviation of the normal delay on each side, s.
    late_share, late_s : float
        Share of triggers that the tracker stamps late, and by how much, s: a busy computer.
    lost_share, spurious_share : float
        Share of triggers that each side loses, and of triggers without meaning that each side adds.
    eeg_rate : float, optional
        EEG triggers fall on samples of this rate, Hz.

    Returns
    -------
    gaze, eeg : DataFrame
        ``time`` (s, each on its own clock), ``code``, ``true`` (row of ``times``, -1 if spurious), sorted by time.
    """
    times, codes = np.asarray(times, dtype=float), np.asarray(codes)
    sides = []
    for side in ("gaze", "eeg"):
        kept = np.flatnonzero(rng.random(len(times)) >= lost_share)
        delay = rng.normal(0, jitter_s, len(kept))
        if side == "gaze":
            delay += late_s * (rng.random(len(kept)) < late_share)
        extra = round(spurious_share * len(times))
        frame = pd.DataFrame(
            {
                "time": np.concatenate([times[kept] + delay, rng.uniform(times[0], times[-1], extra)]),
                "code": np.concatenate([codes[kept], rng.choice(codes, extra)]),
                "true": np.concatenate([kept, np.full(extra, -1)]),
            }
        )
        if side == "gaze":
            frame["time"] = (frame["time"] - offset_s) / (1 + drift_ppm * 1e-6)
        elif eeg_rate is not None:
            frame["time"] = np.round(frame["time"] * eeg_rate) / eeg_rate
        sides.append(frame.sort_values("time", kind="stable", ignore_index=True))
    return sides[0], sides[1]


def trigger_times(
    gaze_times: np.ndarray,
    *,
    rng: np.random.Generator,
    offset_s: float,
    slope: float,
    jitter_s: float,
    lost_share: float,
    eeg_rate: float,
) -> np.ndarray:
    """Times at which an EEG amplifier on another clock stamps the triggers of a gaze recording.

    Parameters
    ----------
    gaze_times : (n,) float
        Gaze clock, s.
    rng : numpy Generator
    offset_s, slope : float
        EEG time at time 0 of the gaze clock, s; seconds of the EEG per second of gaze.
    jitter_s : float
        Standard deviation of the normal delay, s.
    lost_share : float
        Share of triggers that is lost.
    eeg_rate : float
        Hz; stamps fall on samples.

    Returns
    -------
    eeg_times : (n,) float
        s, NaN where lost.
    """
    delayed = offset_s + slope * np.asarray(gaze_times, float) + rng.normal(0, jitter_s, len(gaze_times))
    stamps = np.round(delayed * eeg_rate) / eeg_rate
    return np.where(rng.random(len(stamps)) < lost_share, np.nan, stamps)
