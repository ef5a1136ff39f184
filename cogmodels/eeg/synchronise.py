"""Two clocks as one line: the triggers that EEG and gaze tracker share are matched, and a robust line fitted.

The EEG's clock is master: ``eeg = eeg_centre + slope * (gaze - gaze_centre)``. Triggers may be lost, added or jittered
on either side, and the clocks may start anywhere. What does not fit is refused with a reason rather than aligned by
rank. `cogmodels.eeg.gaze_channels` brings samples and events of gaze to the EEG with the line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.eeg.matching import MINIMUM_PAIRS, best_line, nearest_pairs, robust_line
from cogmodels.errors import DataError

# Of the smaller train, this much must match; a clock that jumps halfway leaves half.
MINIMUM_SHARE = 0.6
# Another alignment that this much of the matches agrees with makes the best one a guess.
AMBIGUOUS_SHARE = 0.5
# So many triggers in a row that both sides have and none of which match are no losses: a clock has jumped.
UNMATCHED_RUN = 5
# Trains that last so many times as long as the other are in another unit.
SPAN_RATIO = 100.0


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
    gaze, eeg = checked_times(gaze_times, "gaze", where), checked_times(eeg_times, "EEG", where)
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
    line, rival = best_line(g, e, gc, ec, tolerance_s, max_drift_ppm)
    pairs = nearest_pairs(g, e, gc, ec, *line, 1.5 * tolerance_s)
    for _ in range(3):
        if len(pairs) < MINIMUM_PAIRS:
            break
        slope, intercept, *_ = robust_line(g[pairs[:, 0]], e[pairs[:, 1]])
        pairs = nearest_pairs(g, e, gc, ec, slope, intercept, tolerance_s)
    _check_match(g, e, gc, ec, pairs, rival, tolerance_s, max_drift_ppm, where)
    slope, intercept, weights, slope_se = robust_line(g[pairs[:, 0]], e[pairs[:, 1]])
    if abs(slope - 1) > 1.1e-6 * max_drift_ppm + 4 * slope_se:
        raise DataError(
            f"the clocks differ by {(slope - 1) * 1e6:.0f} ppm, the largest drift looked for is {max_drift_ppm:g} ppm",
            where=where,
            remedy="Check the units and sampling rates of both sides, or raise `max_drift_ppm`",
        )
    centre = float(np.average(g[pairs[:, 0]], weights=weights))
    table = _table(gaze, eeg, g_kept, e_kept, pairs, weights, slope, intercept)
    return Synchronisation(slope, centre, intercept + slope * centre, slope_se, table)


def checked_times(times: np.ndarray, side: str, where: object) -> np.ndarray:
    """Times (n,) of one side, s; refused (DataError) where one is no number, or the clock runs backwards."""
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
            line, _ = best_line(g, e, *none, tolerance, max_drift_ppm)
            by_time = len(nearest_pairs(g, e, *none, *line, tolerance))
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
