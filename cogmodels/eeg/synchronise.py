"""Gaze on the clock of the EEG: shared triggers are matched, and two clocks become one line.

The EEG's clock is master: ``eeg = eeg_centre + slope * (gaze - gaze_centre)``. Triggers may be lost, added or jittered
on either side, and the clocks may start anywhere. What does not fit is refused with a reason rather than aligned by
rank. Events and samples of gaze come as plain tables and arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.signal import correlate

from cogmodels.eeg._trigger_kernels import resample_seen, vote_for_lines
from cogmodels.eeg.checks import add_annotations, recording_name
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.io import BaseRaw

# Fewer pairs give a line without a check.
MINIMUM_PAIRS = 4
# Of the smaller train, this much must match; a clock that jumps halfway leaves half.
MINIMUM_SHARE = 0.6
# Another alignment that this much of the matches agrees with makes the best one a guess.
AMBIGUOUS_SHARE = 0.5
# So many triggers in a row that both sides have and none of which match are no losses: a clock has jumped.
UNMATCHED_RUN = 5
# Trains that last so many times as long as the other are in another unit.
SPAN_RATIO = 100.0
# Tukey's biweight at 95 % efficiency for normal residuals (Holland & Welsch 1977).
BIWEIGHT = 4.685
# Names of gaze events as annotations; MNE and every step here leave out what begins with BAD.
ANNOTATIONS = {"blink": "BAD_blink", "lost": "BAD_gaze_lost"}
NO_GAZE = "BAD_no_gaze"


@dataclass(frozen=True)
class Synchronisation:
    """Two clocks as one line, and how well the triggers hold it.

    ``slope``: seconds of the EEG per second of gaze. ``gaze_centre``, ``eeg_centre``: a point of the line, the mean of
    the matched triggers, s. ``slope_se``: standard error of the slope. ``triggers``: one row a trigger of either side:
    ``gaze_row``, ``eeg_row`` (-1 where it has no partner), ``gaze_time``, ``eeg_time`` (s), ``residual_ms`` (EEG minus
    line), ``weight`` of the robust fit, ``status``: matched, outlier (weight 0), only_gaze, only_eeg or repeated.
    """

    slope: float
    gaze_centre: float
    eeg_centre: float
    slope_se: float
    triggers: pd.DataFrame

    @property
    def drift_ppm(self) -> float:
        """How much faster the EEG's clock runs, parts per million."""
        return (self.slope - 1) * 1e6

    @property
    def offset_s(self) -> float:
        """Time of the EEG at time 0 of the gaze clock, s."""
        return self.eeg_centre - self.slope * self.gaze_centre

    def to_eeg(self, gaze_time: np.ndarray) -> np.ndarray:
        """Seconds from the EEG's first sample, of times of the gaze clock, s."""
        return self.eeg_centre + self.slope * (np.asarray(gaze_time, dtype=float) - self.gaze_centre)

    def summary(self) -> dict[str, float | int]:
        """Numbers of a quality table: counts by status, drift, median and largest residual of the fit."""
        matched = self.triggers[self.triggers["status"].isin(["matched", "outlier"])]
        residual = matched["residual_ms"].abs()
        counts = self.triggers["status"].value_counts()
        names = ("matched", "outlier", "only_gaze", "only_eeg", "repeated")
        return {
            **{f"triggers_{name}": int(counts.get(name, 0)) for name in names},
            "offset_s": self.offset_s,
            "drift_ppm": self.drift_ppm,
            "drift_se_ppm": self.slope_se * 1e6,
            "residual_median_ms": float(residual.median()),
            "residual_max_ms": float(residual.max()),
        }


@dataclass(frozen=True)
class GazeLag:
    """Lag of the EEG's horizontal EOG behind the gaze: ``lag_ms`` (0 when in time) and the ``correlation`` there."""

    lag_ms: float
    correlation: float
    seconds: float


def synchronise(
    gaze_times: np.ndarray,
    eeg_times: np.ndarray,
    *,
    gaze_codes: Sequence | None = None,
    eeg_codes: Sequence | None = None,
    tolerance_s: float = 0.015,
    max_drift_ppm: float = 1000.0,
    where: object = "gaze synchronisation",
) -> Synchronisation:
    """Match two trains of triggers and fit the line between their clocks.

    Every pair of triggers (of one code, where codes are given) votes for the offset that it stands for, under each
    drift in turn; the line with most votes is the alignment (a Hough transform: Duda & Hart 1972, Commun ACM 15,
    11-15). So neither side needs to be whole and no first trigger is trusted. Mutual nearest neighbours within the
    tolerance are pairs, and Tukey's biweight (iteratively reweighted least squares) fits them.

    Parameters
    ----------
    gaze_times, eeg_times : (n,), (m,) float
        Times of the triggers on each clock, s, increasing.
    gaze_codes, eeg_codes : sequence, optional
        Code of each trigger; both or neither.
    tolerance_s : float
        A pair may lie this far off the line, s: jitter of the slower side, and a sample or two.
    max_drift_ppm : float
        Largest drift that is looked for, parts per million.
    where : object
        What is joined, for messages.

    Returns
    -------
    Synchronisation

    Raises
    ------
    DataError
        A clock runs backwards or holds what is no number; fewer than four triggers on a side or matches; less than 60 %
        of the smaller train matches; a second alignment fits half as many; a stretch of triggers on both sides without
        a match (a clock jumped); times that match under codes that do not.
    """
    gaze, eeg = _times(gaze_times, "gaze", where), _times(eeg_times, "EEG", where)
    g_codes, e_codes = _codes(gaze_codes, eeg_codes, len(gaze), len(eeg), where)
    if not tolerance_s > 0 or not 0 <= max_drift_ppm < 1e5:
        raise DataError(
            f"a tolerance of {tolerance_s:g} s and a drift of up to {max_drift_ppm:g} ppm",
            where=where,
            remedy="Give a tolerance above 0, and a drift from 0 to below 100000",
        )
    g_kept, e_kept = _unrepeated(gaze, g_codes, tolerance_s), _unrepeated(eeg, e_codes, tolerance_s)
    g, e = gaze[g_kept], eeg[e_kept]
    gc, ec = g_codes[g_kept], e_codes[e_kept]
    for side, times in (("gaze", g), ("EEG", e)):
        if len(times) < MINIMUM_PAIRS:
            raise DataError(
                f"the {side} side has {len(times)} triggers, {MINIMUM_PAIRS} are needed for a line and its check",
                where=where,
                remedy="Check which events are triggers, or join the recordings by hand",
            )
    spans = max(np.ptp(g), tolerance_s), max(np.ptp(e), tolerance_s)
    if not 1 / SPAN_RATIO < spans[0] / spans[1] < SPAN_RATIO:
        raise DataError(
            f"gaze triggers span {spans[0]:g} s, EEG triggers {spans[1]:g} s",
            where=where,
            remedy="Give both sides in seconds (EyeLink's clock is in ms)",
        )
    line, rival = _vote(g, e, gc, ec, tolerance_s, max_drift_ppm)
    pairs = _pair(g, e, gc, ec, *line, 1.5 * tolerance_s)
    for _ in range(3):
        if len(pairs) < MINIMUM_PAIRS:
            break
        slope, intercept, *_ = _robust_line(g[pairs[:, 0]], e[pairs[:, 1]])
        pairs = _pair(g, e, gc, ec, slope, intercept, tolerance_s)
    _check_match(g, e, gc, ec, pairs, rival, tolerance_s, max_drift_ppm, where)
    slope, intercept, weights, slope_se = _robust_line(g[pairs[:, 0]], e[pairs[:, 1]])
    if abs(slope - 1) > 1.1e-6 * max_drift_ppm + 4 * slope_se:
        raise DataError(
            f"the clocks differ by {(slope - 1) * 1e6:.0f} ppm, the largest drift looked for is {max_drift_ppm:g} ppm",
            where=where,
            remedy="Check the units and sampling rates of both sides, or raise `max_drift_ppm`",
        )
    centre = float(np.average(g[pairs[:, 0]], weights=weights))
    table = _table(gaze, eeg, g_kept, e_kept, pairs, weights, slope, intercept)
    return Synchronisation(slope, centre, intercept + slope * centre, slope_se, table)


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
    time = _times(time, "gaze", "gaze samples")
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
    filled = [np.where(k, m - m[k].mean(), 0.0) for m, k in zip(moves, known, strict=True)]
    if min(np.abs(f).max() for f in filled) == 0:
        raise DataError(
            "HEOG or gaze does not move at all", where="synchronisation check", remedy="Check the channels' names"
        )
    reach = min(round(max_lag_s * sampling_rate), len(filled[0]) - 2)
    middle = len(filled[0]) - 1
    window = slice(middle - reach, middle + reach + 1)
    # Energies over the overlap at each lag: losses must not look like low correlation.
    mask = [k.astype(float) for k in known]
    product = correlate(filled[0], filled[1], method="fft")[window]
    energy_eog = correlate(filled[0] ** 2, mask[1], method="fft")[window]
    energy_gaze = correlate(mask[0], filled[1] ** 2, method="fft")[window]
    correlation = product / np.sqrt(np.maximum(energy_eog * energy_gaze, 1e-300))
    peak = int(np.argmax(np.abs(correlation)))
    shift = 0.0
    if 0 < peak < 2 * reach:
        before, here, after = np.abs(correlation[peak - 1 : peak + 2])
        shift = 0.5 * (before - after) / min(before - 2 * here + after, -1e-300)
    return GazeLag((peak - reach + shift) / sampling_rate * 1e3, float(correlation[peak]), seconds)


def _times(times: np.ndarray, side: str, where: object) -> np.ndarray:
    times = np.asarray(times, dtype=float)
    if times.ndim != 1 or not np.isfinite(times).all():
        raise DataError(
            f"{int((~np.isfinite(times)).sum())} times of the {side} side are no numbers", where=where,
            remedy="Remove triggers and samples without a time",
        )  # fmt: skip
    back = np.flatnonzero(np.diff(times) < 0)
    if len(back):
        raise DataError(
            f"the {side} clock runs backwards after row {back[0]} ({times[back[0]]:.4f} s, then "
            f"{times[back[0] + 1]:.4f} s; {len(back)} such steps)",
            where=where,
            remedy="Sort rows that are merely out of order; where the clock was reset, join each part by itself",
        )
    return times


def _codes(
    gaze: Sequence | None, eeg: Sequence | None, n_gaze: int, n_eeg: int, where: object
) -> tuple[np.ndarray, np.ndarray]:
    """Codes as integers that both sides share; all 0 without codes."""
    if (gaze is None) != (eeg is None):
        raise DataError("only one side has codes", where=where, remedy="Give codes of both sides, or of neither")
    if gaze is None:
        return np.zeros(n_gaze, np.int64), np.zeros(n_eeg, np.int64)
    if len(gaze) != n_gaze or len(eeg) != n_eeg:
        raise DataError(
            f"{len(gaze)} codes for {n_gaze} gaze triggers, {len(eeg)} for {n_eeg} EEG triggers",
            where=where,
            remedy="Give one code a trigger",
        )
    numbers = pd.factorize(np.array([str(code) for code in [*gaze, *eeg]], dtype=object))[0].astype(np.int64)
    return numbers[:n_gaze], numbers[n_gaze:]


def _unrepeated(times: np.ndarray, codes: np.ndarray, tolerance: float) -> np.ndarray:
    """Rows that are not the echo of one of the same code within the tolerance: a pulse sent twice is one trigger."""
    kept, last = [], {}
    for row, (time, code) in enumerate(zip(times, codes, strict=True)):
        if time - last.get(code, -np.inf) > tolerance:
            kept.append(row)
            last[code] = time
    return np.array(kept, dtype=np.int64)


def _vote(
    gaze: np.ndarray, eeg: np.ndarray, gc: np.ndarray, ec: np.ndarray, tolerance: float, max_drift_ppm: float
) -> tuple[tuple[float, float], int]:
    """Slope and offset with most votes, and the votes of the best line through other pairs."""
    centre = gaze.mean()
    shifted = gaze - centre
    # Both sides overlap no longer than the shorter one; at its ends half a step of drift moves a trigger by half a bin.
    reach = max(min(np.ptp(gaze), np.ptp(eeg)) / 2, tolerance)
    steps = int(np.ceil(max_drift_ppm * 1e-6 * reach / tolerance))
    slopes = 1 + max_drift_ppm * 1e-6 * np.arange(-steps, steps + 1) / max(steps, 1)
    # From the smallest drift up, so that of equal votes the nearest to none wins.
    slopes = slopes[np.argsort(np.abs(slopes - 1), kind="stable")]
    low = eeg[0] - slopes.max() * shifted[-1] - tolerance
    high = eeg[-1] - slopes.max() * shifted[0] + tolerance
    votes = np.zeros(int((high - low) / tolerance) + 2, np.int32)
    arguments = (shifted, eeg, gc, ec, slopes, low, tolerance)
    _, slope, border = vote_for_lines(*arguments, np.zeros(3), votes)
    line = (float(slopes[slope]), float(low + border * tolerance))
    pairs = _pair(shifted, eeg, gc, ec, *line, 1.5 * tolerance)
    if len(pairs) >= MINIMUM_PAIRS:
        line = _robust_line(shifted[pairs[:, 0]], eeg[pairs[:, 1]])[:2]
    rival = vote_for_lines(*arguments, np.array([*line, 3 * tolerance]), votes)[0]
    return (line[0], line[1] - line[0] * centre), int(rival)


def _pair(
    gaze: np.ndarray, eeg: np.ndarray, gc: np.ndarray, ec: np.ndarray, slope: float, intercept: float, tolerance: float
) -> np.ndarray:
    """Pairs (k, 2) of mutual nearest neighbours of one code within the tolerance, in order of time."""
    found = []
    for code in np.intersect1d(gc, ec):
        rows, columns = np.flatnonzero(gc == code), np.flatnonzero(ec == code)
        at, there = slope * gaze[rows] + intercept, eeg[columns]
        forth, back = _nearest(at, there), _nearest(there, at)
        mutual = (back[forth] == np.arange(len(rows))) & (np.abs(there[forth] - at) <= tolerance)
        found.append(np.column_stack([rows[mutual], columns[forth[mutual]]]))
    pairs = np.concatenate(found) if found else np.empty((0, 2), np.int64)
    return pairs[np.argsort(pairs[:, 0], kind="stable")]


def _nearest(values: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Index of the nearest of ascending ``among`` to each value."""
    right = np.clip(np.searchsorted(among, values), 1, max(len(among) - 1, 1))
    if len(among) == 1:
        return np.zeros(len(values), np.int64)
    return np.where(values - among[right - 1] <= among[right] - values, right - 1, right)


def _robust_line(x: np.ndarray, y: np.ndarray) -> tuple[float, float, np.ndarray, float]:
    """Slope, intercept, weights and standard error of the slope by Tukey's biweight, from least squares on."""
    weights = np.ones(len(x))
    for _ in range(50):
        total = weights.sum()
        mx, my = weights @ x / total, weights @ y / total
        slope = (weights * (x - mx)) @ (y - my) / max((weights * (x - mx)) @ (x - mx), 1e-300)
        residual = y - my - slope * (x - mx)
        # Clocks are read in microseconds: below that, scale is rounding.
        scale = max(float(np.median(np.abs(residual))) / 0.6745, 1e-6)
        new = np.clip(1 - (residual / (BIWEIGHT * scale)) ** 2, 0, None) ** 2
        if np.abs(new - weights).max() < 1e-9:
            break
        weights = new
    spread = (weights @ residual**2) / max(weights.sum() - 2, 1)
    se = float(np.sqrt(spread / max((weights * (x - mx)) @ (x - mx), 1e-300)))
    return float(slope), float(my - slope * mx), weights, se


def _check_match(
    g: np.ndarray,
    e: np.ndarray,
    gc: np.ndarray,
    ec: np.ndarray,
    pairs: np.ndarray,
    rival: int,
    tolerance: float,
    max_drift_ppm: float,
    where: object,
) -> None:
    """Refuse an alignment that could as well be another, or none."""
    smaller = min(len(g), len(e))
    if len(pairs) < max(MINIMUM_PAIRS, MINIMUM_SHARE * smaller):
        advice = "Check that both recordings belong together, the triggers' codes, and `tolerance_s`"
        if len(np.unique(np.concatenate([gc, ec]))) > 1:
            none = np.zeros(len(g), np.int64), np.zeros(len(e), np.int64)
            line, _ = _vote(g, e, *none, tolerance, max_drift_ppm)
            by_time = len(_pair(g, e, *none, *line, tolerance))
            if by_time >= max(MINIMUM_PAIRS, MINIMUM_SHARE * smaller):
                advice = (
                    f"By time alone {by_time} match: correct the codes, which are permuted or of another "
                    "meaning on one side, or leave them out"
                )
        raise DataError(
            f"{len(pairs)} triggers match within {tolerance * 1e3:g} ms, of {len(g)} in the gaze and {len(e)} in "
            "the EEG",
            where=where,
            remedy=advice,
        )
    if rival > AMBIGUOUS_SHARE * len(pairs):
        raise DataError(
            f"{len(pairs)} triggers match, but {rival} do so under another offset: the trains are too regular to tell",
            where=where,
            remedy="Give the triggers' codes, or jitter their intervals",
        )
    # Matches in order: what both sides have between two of them, and does not match.
    borders_g = np.concatenate([[-1], pairs[:, 0], [len(g)]])
    borders_e = np.concatenate([[-1], pairs[:, 1], [len(e)]])
    if (np.diff(borders_e) <= 0).any():
        raise DataError(
            "matches cross: triggers are closer together than they jitter",
            where=where,
            remedy="Lower `tolerance_s`",
        )
    between = np.minimum(np.diff(borders_g), np.diff(borders_e)) - 1
    if between.max() >= UNMATCHED_RUN:
        place = int(between.argmax())
        at = g[min(borders_g[place] + 1, len(g) - 1)]
        raise DataError(
            f"from {at:.3f} s of the gaze clock on, {between.max()} triggers that both sides have do not match: a "
            "clock jumped or a recording was cut there",
            where=where,
            remedy="Join the parts before and after one by one",
        )


def _table(
    gaze: np.ndarray,
    eeg: np.ndarray,
    g_kept: np.ndarray,
    e_kept: np.ndarray,
    pairs: np.ndarray,
    weights: np.ndarray,
    slope: float,
    intercept: float,
) -> pd.DataFrame:
    """All triggers of both sides in order of the EEG's clock."""
    g_rows, e_rows = g_kept[pairs[:, 0]], e_kept[pairs[:, 1]]
    residual = (eeg[e_rows] - slope * gaze[g_rows] - intercept) * 1e3
    parts = [
        pd.DataFrame(
            {
                "gaze_row": g_rows,
                "eeg_row": e_rows,
                "gaze_time": gaze[g_rows],
                "eeg_time": eeg[e_rows],
                "residual_ms": residual,
                "weight": weights,
                "status": np.where(weights > 0, "matched", "outlier"),
            }
        )
    ]
    for side, times, kept, used in (("gaze", gaze, g_kept, g_rows), ("eeg", eeg, e_kept, e_rows)):
        rest = np.setdiff1d(np.arange(len(times)), used)
        if len(rest):
            status = np.where(np.isin(rest, kept), f"only_{side}", "repeated")
            parts.append(pd.DataFrame({f"{side}_row": rest, f"{side}_time": times[rest], "status": status}))
    table = pd.concat(parts, ignore_index=True)
    for side in ("gaze_row", "eeg_row"):
        table[side] = table[side].fillna(-1).astype(np.int64)
    order = table["eeg_time"].fillna(slope * table["gaze_time"] + intercept).argsort(kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _pauses(times: np.ndarray, end: float, minimum: float) -> np.ndarray:
    """Stretches (k, 2) without samples between 0 and ``end``, s, that last at least ``minimum``."""
    inside = times[(times >= 0) & (times <= end)]
    edges = np.concatenate([[0.0], inside, [end]])
    gaps = np.flatnonzero(np.diff(edges) >= minimum)
    return np.column_stack([edges[gaps], edges[gaps + 1]])
