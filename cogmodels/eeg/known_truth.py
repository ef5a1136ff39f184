"""Clocks, responses and ICA beside the known truth of SIMULATED EEG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cogmodels.eeg.ica import inside_events
from cogmodels.eeg.responses import is_average, is_intercept, type_of

if TYPE_CHECKING:
    from mne import Evoked
    from mne.preprocessing import ICA

# Window of an evoked response that a cleaning must keep, s after the fixation.
KEPT_WINDOW_S = 0.4


def clock_errors(found: Mapping[str, Any], truth: Mapping[str, Any], seconds: float) -> dict[str, float]:
    """Error of the line between two clocks at its two ends, ms, and of the drift, ppm.

    ``found``: ``offset_s``, ``drift_ppm``; ``truth``: ``offset_s``, ``slope``; ``seconds``: length of the gaze.
    """
    ends = np.array([0.0, seconds])
    line = found["offset_s"] + (1 + found["drift_ppm"] * 1e-6) * ends
    errors = np.abs(line - truth["offset_s"] - truth["slope"] * ends) * 1e3
    drift = found["drift_ppm"] - (truth["slope"] - 1) * 1e6
    return {"largest_time_error_ms": float(errors.max()), "drift_error_ppm": float(abs(drift))}


def kernel_errors(
    evoked: list[Evoked], types: Mapping[str, str], truth: Mapping[str, Any], kernels: np.ndarray
) -> pd.DataFrame:
    """Relative error of each type's response, and of its plain average: |found - true| / |true| over channels and lags.

    A constant in each channel is left out of both: a high-pass takes it from the recording, and where responses follow
    one another without a pause no regression finds it again. With it, the error is ``with_constant``.

    Parameters
    ----------
    evoked : list of mne Evoked
        As `responses.all_evoked` makes them.
    types : mapping of type -> event
        Only types whose event is in ``truth["events"]`` are compared.
    truth : mapping
        ``events``, ``channels``, ``sampling_rate``, ``first_lag_s``, ``last_lag_s``.
    kernels : (events, channels, lags) float
        V.

    Returns
    -------
    errors : DataFrame
        ``type``, ``estimate`` (corrected, averaged), ``relative_error``, ``with_constant``.
    """
    rate, rows = truth["sampling_rate"], []
    lags = np.arange(round(truth["first_lag_s"] * rate), round(truth["last_lag_s"] * rate) + 1)
    for one in evoked:
        kind = type_of(one.comment)
        event = types.get(kind)
        if event not in truth["events"] or not is_intercept(one.comment):
            continue
        true = kernels[list(truth["events"]).index(event)]
        mine = np.round(one.times * rate).astype(int)
        common = np.intersect1d(lags, mine)
        rows_of = [truth["channels"].index(name) for name in one.ch_names]
        true = true[rows_of] - true[rows_of].mean(axis=0)
        found = one.data - one.data.mean(axis=0)
        found, true = found[:, np.isin(mine, common)], true[:, np.isin(lags, common)]
        errors = {"relative_error": relative_error(_varying(found), _varying(true))}
        errors["with_constant"] = relative_error(found, true)
        rows.append({"type": kind, "estimate": "averaged" if is_average(one.comment) else "corrected", **errors})
    return pd.DataFrame(rows, columns=["type", "estimate", "relative_error", "with_constant"])


def relative_error(found: np.ndarray, true: np.ndarray) -> float:
    """Norm of the difference over that of the truth."""
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))


def _varying(response: np.ndarray) -> np.ndarray:
    """A response (channels, lags) without each channel's mean over lags."""
    return response - response.mean(axis=1, keepdims=True)


def cleaning_matrix(ica: ICA, components: list[int]) -> np.ndarray:
    """(channels, channels) linear part of taking components out."""
    import mne

    n = len(ica.ch_names)
    info = mne.create_info(ica.ch_names, 1000.0, "eeg")
    at = [
        ica.apply(mne.io.RawArray(values, info, verbose="error"), exclude=list(components), verbose="error").get_data()
        for values in (np.eye(n), np.zeros((n, n)))
    ]
    return at[0] - at[1]


def cleaning_fate(
    matrix: np.ndarray, eyes: np.ndarray, brain: np.ndarray, saccades: pd.DataFrame, onsets: np.ndarray, rate: float
) -> dict[str, float]:
    """What a linear cleaning does to the known parts of a recording.

    Parameters
    ----------
    matrix : (channels, channels) float
    eyes, brain : (channels, samples) float
        Average reference.
    saccades : DataFrame
        ``onset``, ``duration``, s.
    onsets : (n,) float
        Of the fixations, s.
    rate : float
        Hz.

    Returns
    -------
    fate : dict
        ``saccade_variance_removed``: share of the eyes' variance around saccades (10 ms before to 20 ms after);
        ``evoked_amplitude_kept``: regression of the evoked response that is left on the true one.
    """
    moving = inside_events(saccades, rate, eyes.shape[1], 0.01, 0.02)
    removed = 1 - (matrix @ eyes[:, moving]).var(axis=1).sum() / eyes[:, moving].var(axis=1).sum()
    starts = np.rint(onsets * rate).astype(int)
    width = round(KEPT_WINDOW_S * rate)
    starts = starts[(starts >= 0) & (starts + width <= brain.shape[1])]
    true = np.mean([brain[:, start : start + width] for start in starts], axis=0)
    kept = (true * (matrix @ true)).sum() / (true**2).sum()
    return {"saccade_variance_removed": float(removed), "evoked_amplitude_kept": float(kept)}


def score_recording(
    facts: Mapping[str, Any],
    clocks: Mapping[str, Any],
    responses: tuple[list[Evoked], Mapping[str, str], np.ndarray],
    cleaning: tuple[ICA | None, list[int]],
    *,
    eyes: np.ndarray,
    brain: np.ndarray,
    saccades: pd.DataFrame,
    fixations: pd.DataFrame,
) -> list[dict[str, Any]]:
    """All of the above for one recording, as rows of ``measure``, ``of`` and ``value``.

    Parameters
    ----------
    facts, clocks : mapping
        The truth's record, and what the synchronisation found.
    responses : (evoked, types, kernels)
        See :func:`kernel_errors`; no evoked = left out.
    cleaning : (ica, components)
        See :func:`cleaning_matrix`; no ICA = left out.
    eyes, brain : (channels and eyes, samples) float
        True parts, V.
    saccades, fixations : DataFrame
        True events, on the EEG's clock, s.
    """
    rate, names = facts["sampling_rate"], list(facts["channels"])
    found = [
        {"measure": k, "of": "clocks", "value": v} for k, v in clock_errors(clocks, facts, eyes.shape[1] / rate).items()
    ]
    for row in kernel_errors(responses[0], responses[1], facts, responses[2]).itertuples():
        for measure in ("relative_error", "with_constant"):
            name = "relative_error" if measure == "relative_error" else "relative_error_with_constant"
            found.append({"measure": name, "of": f"{row.type}, {row.estimate}", "value": getattr(row, measure)})
    ica, components = cleaning
    if ica is not None:
        rows = [names.index(name) for name in ica.ch_names]
        parts = [part[rows] - part[: len(names)].mean(axis=0) for part in (eyes, brain)]
        onsets = fixations["onset"].to_numpy(float)
        fate = cleaning_fate(cleaning_matrix(ica, components), *parts, saccades, onsets, rate)
        found += [{"measure": k, "of": f"ICA, {len(components)} components", "value": v} for k, v in fate.items()]
    return found
