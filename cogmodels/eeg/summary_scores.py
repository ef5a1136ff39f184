"""Scores of EEG preprocessing over recordings or people, as rows of the comparison."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import numpy as np
import pandas as pd

from cogmodels.eeg.deconvolution import subject_interval
from cogmodels.eeg.time_decoding import CHANCE
from cogmodels.errors import DataError

# Measure of `known_truth` -> what estimating nothing would give, what perfect knowledge would.
TRUTH_BOUNDS = {
    "largest_time_error_ms": (np.nan, 0.0),
    "drift_error_ppm": (np.nan, 0.0),
    "relative_error": (1.0, 0.0),
    "relative_error_with_constant": (1.0, 0.0),
    "saccade_variance_removed": (0.0, 1.0),
    "evoked_amplitude_kept": (np.nan, 1.0),
}
# So many people or fewer: all sign flips, else as many draws.
ALL_FLIPS, FLIPS = 12, 4096


def summarise_truth(scores: pd.DataFrame, *, study: str, dataset: str, experiment: str) -> pd.DataFrame:
    """Mean over recordings of what was found beside the known truth of SIMULATED EEG, with 95 % t intervals.

    Parameters
    ----------
    scores : DataFrame
        ``recording``, ``measure``, ``of``, ``value``, as `known_truth.score_recording` gives them.
    study, dataset, experiment : str
        Names in the comparison.

    Returns
    -------
    rows : DataFrame
        One row a measure; no p, since nothing is tested. ``chance``: what a response of 0, or no cleaning, gives.
    """
    rows = []
    for (measure, of), part in scores.groupby(["measure", scores["of"].str.replace(r"ICA.*", "ICA", regex=True)]):
        values = part["value"].to_numpy(float)
        mean, low, high = subject_interval(values) if len(values) > 1 else (values[0], np.nan, np.nan)
        chance, ceiling = TRUTH_BOUNDS[measure]
        tail = "" if of in ("clocks", "ICA") else "_" + of.replace(", ", "_").replace(" ", "_")
        rows.append(
            {"metric": measure + tail, "value": mean, "ci_low": low, "ci_high": high, "chance": chance}
            | {"ceiling": ceiling, "p": np.nan, "n": len(values), "unit_of_n": "recordings"}
        )
    return _named(rows, study, dataset, experiment, "truth of SIMULATED EEG")


def summarise_time_decoding(
    tables: Mapping[str, pd.DataFrame], *, study: str, dataset: str, experiment: str, seed: int = 0
) -> pd.DataFrame:
    """Area under the ROC curve, mean over the times from the event on, over people.

    No time is chosen, so that no score is the best of many; ``p`` by sign flips of people against chance, one-sided.

    Parameters
    ----------
    tables : mapping of subject -> DataFrame
        What `time_scores.decode_classes` gave; of pairs of times those on the diagonal count.
    study, dataset, experiment : str
        Names in the comparison.
    seed : int
        Of the sign flips, where there are too many people for all of them.

    Raises
    ------
    DataError
        Fewer than two people, or no time from the event on.
    """
    means = []
    for subject, table in tables.items():
        used = table[(table["time"] >= 0) & (table["time"] == table["train_time"])]
        if not len(used):
            raise DataError("no time from the event on", where=f"subject {subject}", remedy="Lengthen the epochs")
        means.append(used["score"].mean())
    values = np.array(means, float)
    mean, low, high = subject_interval(values)
    row = {"metric": "roc_auc", "value": mean, "ci_low": low, "ci_high": high, "chance": CHANCE, "ceiling": 1.0}
    row |= {"p": _sign_flip_p(values - CHANCE, seed), "n": len(values), "unit_of_n": "subjects"}
    return _named([row], study, dataset, experiment, "within person, mean over times from the event on")


def _sign_flip_p(differences: np.ndarray, seed: int) -> float:
    """One-sided p of a mean above 0."""
    n = len(differences)
    if n <= ALL_FLIPS:
        signs = np.array(list(product([1.0, -1.0], repeat=n)))
        return float((signs @ differences >= differences.sum() - 1e-12).mean())
    signs = np.random.default_rng(seed).choice([1.0, -1.0], (FLIPS - 1, n))
    return float((1 + (signs @ differences >= differences.sum() - 1e-12).sum()) / FLIPS)


def _named(rows: list[dict], study: str, dataset: str, experiment: str, protocol: str) -> pd.DataFrame:
    names = {"study": study, "family": "eeg", "dataset": dataset, "experiment": experiment, "protocol": protocol}
    return pd.DataFrame([names | row for row in rows])
