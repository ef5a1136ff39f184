"""Events to regressors.

Volume k is modelled at ``k * repetition_time + reference_s``: 0 where slices are taken as simultaneous with the start
of the volume, the moment that slices were brought to after `correct_slice_timing`.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.fmri.hrf import Hrf

# Relative size below which a regressor is empty: the event's response has not begun when the run ends.
EMPTY = 1e-3


def trial_design(
    onsets: np.ndarray,
    durations: np.ndarray,
    n_volumes: int,
    repetition_time: float,
    *,
    hrf: Hrf | None = None,
    reference_s: float = 0.0,
) -> np.ndarray:
    """One regressor for each trial, which has its largest value, 1, at the peak of the response to that trial.

    So a beta is the height of the response, in units of the data.

    Parameters
    ----------
    onsets, durations : (n_trials,) float
        Seconds from the start of the first volume; a duration of 0 is an impulse.
    n_volumes : int
    repetition_time : float
        Seconds.
    hrf : Hrf, optional
        By default the canonical response.
    reference_s : float
        Moment of each volume that is modelled, s from its start.

    Returns
    -------
    design : (n_volumes, n_trials) float

    Raises
    ------
    DataError
        Times that are not finite, negative durations, or a trial whose response is not seen in the run.
    """
    onsets, durations = check_events(onsets, durations, n_volumes, repetition_time)
    hrf = hrf or Hrf()
    times = np.arange(n_volumes) * repetition_time + reference_s
    design = np.empty((n_volumes, len(onsets)))
    for duration in np.unique(durations):
        chosen = durations == duration
        design[:, chosen] = hrf.respond(times[:, None] - onsets[chosen], duration) / hrf.peak(duration)
    empty = np.flatnonzero(np.abs(design).max(axis=0, initial=0) < EMPTY)
    if len(empty):
        trial = empty[0]
        raise DataError(
            f"the response to trial {trial + 1} (onset {onsets[trial]:g} s) is not seen in the run of {n_volumes} "
            f"volumes of {repetition_time:g} s",
            where="design",
            remedy="Leave out trials at the very end of the run",
        )
    return design


def condition_design(
    events: pd.DataFrame,
    n_volumes: int,
    repetition_time: float,
    *,
    basis: Literal["canonical", "derivative", "derivatives", "fir"] = "canonical",
    hrf: Hrf | None = None,
    modulation: str | None = None,
    fir_lags: int = 10,
    reference_s: float = 0.0,
) -> pd.DataFrame:
    """One regressor, or one set of regressors, for each trial type.

    Parameters
    ----------
    events : data frame
        Columns ``onset``, ``duration`` (s), ``trial_type``.
    n_volumes, repetition_time, reference_s
        As in `trial_design`.
    basis : str
        ``canonical``; ``derivative``: and the derivative by time; ``derivatives``: and by dispersion too; ``fir``: one
        regressor for each volume after the onset, which assumes no shape.
    hrf : Hrf, optional
        Another response than the canonical one.
    modulation : str, optional
        Column that scales each event in a second regressor ``<trial_type>_x_<column>``, less its mean over the trial
        type.
    fir_lags : int
        Volumes after the onset, of ``fir``.

    Returns
    -------
    design : data frame (n_volumes, n_regressors)
        Trial types in alphabetical order. A regressor is scaled so that the response to one event of the trial type's
        mean duration has its largest value at 1; longer events evoke more. Events that overlap add up.

    Raises
    ------
    DataError
        Missing columns, times that are not finite or lie after the run, durations of 0 beside others in one trial type,
        or a trial type without a response in the run.
    """
    wanted = ["onset", "duration", "trial_type", *([modulation] if modulation else [])]
    missing = [name for name in wanted if name not in events]
    if missing or not len(events):
        raise DataError(
            f"{len(events)} events without the columns {', '.join(missing) or 'none'}",
            where="design",
            remedy="Give onset, duration and trial_type of one event or more",
        )
    onsets, durations = check_events(events["onset"], events["duration"], n_volumes, repetition_time)
    hrf = hrf or Hrf()
    times = np.arange(n_volumes) * repetition_time + reference_s
    columns: dict[str, np.ndarray] = {}
    for name, chosen in sorted(events.reset_index(drop=True).groupby("trial_type").groups.items()):
        chosen = np.asarray(chosen)
        own_onsets, own_durations = onsets[chosen], durations[chosen]
        amplitudes = {str(name): np.ones(len(chosen))}
        if modulation:
            values = pd.to_numeric(events[modulation].iloc[chosen]).to_numpy(float)
            if not np.isfinite(values).all():
                raise DataError(
                    f"`{modulation}` of trial type `{name}` holds values that are not finite",
                    where="design",
                    remedy="Fill them, or leave the events out",
                )
            if np.ptp(values) > 0:
                amplitudes[f"{name}_x_{modulation}"] = values - values.mean()
        for label, amplitude in amplitudes.items():
            if basis == "fir":
                columns |= _fir(label, own_onsets, amplitude, n_volumes, repetition_time, fir_lags)
            else:
                columns |= _convolved(label, times, own_onsets, own_durations, amplitude, hrf, basis)
        # Of the regressors of one trial type the first is the response itself.
        if not np.abs(columns[str(name) if basis != "fir" else f"{name}_lag00"]).max() > EMPTY:
            raise DataError(
                f"trial type `{name}` evokes no response in the run of {n_volumes} volumes of {repetition_time:g} s",
                where="design",
                remedy="Leave out events at the very end of the run",
            )
    return pd.DataFrame(columns)


def check_events(
    onsets: np.ndarray, durations: np.ndarray, n_volumes: int, repetition_time: float
) -> tuple[np.ndarray, np.ndarray]:
    """Onsets and durations as floats.

    Raises
    ------
    DataError
        Other numbers of onsets than durations, times that are not finite, negative durations, a repetition time that is
        not above 0, or an onset after the end of the run.
    """
    onsets, durations = np.asarray(onsets, dtype=float), np.asarray(durations, dtype=float)
    if onsets.ndim != 1 or onsets.shape != durations.shape or not repetition_time > 0 or n_volumes < 1:
        raise DataError(
            f"{onsets.size} onsets and {durations.size} durations in {n_volumes} volumes of {repetition_time} s",
            where="design",
            remedy="Give one duration for each onset, and a run of one volume or more",
        )
    wrong = np.flatnonzero(~(np.isfinite(onsets) & np.isfinite(durations) & (durations >= 0)))
    if len(wrong):
        raise DataError(
            f"event {wrong[0] + 1} has onset {onsets[wrong[0]]} s and duration {durations[wrong[0]]} s",
            where="design",
            remedy="Correct the times in the events; a duration is 0 or more",
        )
    late = np.flatnonzero(onsets >= n_volumes * repetition_time)
    if len(late):
        raise DataError(
            f"event {late[0] + 1} begins at {onsets[late[0]]:g} s, after the run of {n_volumes * repetition_time:g} s",
            where="design",
            remedy="Correct the onsets (seconds from the first volume) or the repetition time",
        )
    return onsets, durations


def dependent_columns(design: np.ndarray) -> list[int]:
    """Columns (n, k) that those before them span: [] where the design has full rank."""
    design = np.asarray(design, dtype=float)
    size = np.linalg.norm(design, axis=0)
    found, kept = [], np.empty((len(design), 0))
    for number in range(design.shape[1]):
        column = design[:, number] / (size[number] or 1)
        for _ in range(2):
            column = column - kept @ (kept.T @ column)
        left = np.linalg.norm(column)
        if left < 1e-6:
            found.append(number)
        else:
            kept = np.column_stack([kept, column / left])
    return found


def _convolved(label, times, onsets, durations, amplitude, hrf, basis):
    """Regressors of one trial type with a response and its derivatives."""
    if (durations == 0).any() and (durations > 0).any():
        raise DataError(
            f"events of `{label}` last 0 s and {durations.max():g} s",
            where="design",
            remedy="An impulse has no length to compare with: give all events of a trial type a duration, or none",
        )
    functions = {"": hrf.respond}
    if basis in ("derivative", "derivatives"):
        functions["_derivative"] = hrf.onset_derivative
    if basis == "derivatives":
        functions["_dispersion"] = hrf.dispersion_derivative
    scale = hrf.peak(float(durations.mean()))
    since = times[:, None] - onsets
    columns = {}
    for suffix, function in functions.items():
        parts = np.column_stack([function(since[:, i], durations[i]) for i in range(len(onsets))])
        columns[label + suffix] = parts @ amplitude / scale
    return columns


def _fir(label, onsets, amplitude, n_volumes, repetition_time, lags):
    """One regressor for each volume after the onset; an onset counts for the volume nearest to it."""
    first = np.rint(onsets / repetition_time).astype(int)
    columns = {}
    for lag in range(lags):
        column = np.zeros(n_volumes)
        seen = (first + lag >= 0) & (first + lag < n_volumes)
        np.add.at(column, first[seen] + lag, amplitude[seen])
        columns[f"{label}_lag{lag:02d}"] = column
    return columns
