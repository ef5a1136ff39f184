"""What learning from other subjects is worth to a new one: the paired difference of two experiments."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cogmodels.decoding.score import retrieval_matrices
from cogmodels.errors import DataError
from cogmodels.metrics.uncertainty import bootstrap_interval, sign_flip_p

METRICS = ("two_way", "retrieval_top1", "brain_retrieval_top1")


def compare_adaptation(
    pairs: Sequence[tuple[int, pd.DataFrame, pd.DataFrame]],
    stimuli: list[str],
    features: np.ndarray,
    *,
    bootstrap: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Scores with and without the other subjects before, and their difference (``gain``), by number of trials.

    The difference is taken for each stimulus of each subject, so that what makes a subject or a stimulus hard does not
    widen the interval, which is a two-stage bootstrap over subjects. p flips the signs of the subjects' differences:
    with n subjects it is 2^-n at the least.

    Parameters
    ----------
    pairs : sequence of (n_trials, pretrained, scratch)
        Predictions as :func:`cogmodels.decoding.score.score_features` takes them.
    stimuli, features
        Names and true feature vectors (n_stimuli, d).
    bootstrap, seed : int

    Returns
    -------
    DataFrame
        A row a number of trials and metric: n_trials, metric, and value, ci_low and ci_high of ``pretrained``,
        ``scratch`` and ``gain`` (such as ``gain_ci_low``); p, chance, n.

    Raises
    ------
    DataError
        Two experiments of other subjects or stimuli.
    """
    rows = []
    for n_trials, *both in pairs:
        pretrained, scratch = (by_subject(table, stimuli, features) for table in both)
        if pretrained.keys() != scratch.keys():
            raise DataError(
                f"{n_trials} trials: the subjects or test stimuli of the two experiments are not the same",
                where="adaptation curve",
                remedy="Run every fold of both experiments",
            )
        pool = np.mean([len(names) for _, names in pretrained])
        for metric in METRICS:
            row = {"n_trials": n_trials, "metric": metric}
            units = {
                "pretrained": [one[metric] for one in pretrained.values()],
                "scratch": [one[metric] for one in scratch.values()],
                "gain": [one[metric] - scratch[key][metric] for key, one in pretrained.items()],
            }
            for name, values in units.items():
                low, high = bootstrap_interval(values, samples=bootstrap, seed=seed)
                mean = float(np.mean([one.mean() for one in values]))
                row |= {name: mean, f"{name}_ci_low": low, f"{name}_ci_high": high}
            row["p"] = sign_flip_p(np.array([one.mean() for one in units["gain"]]), seed=seed)
            row["chance"] = 0.5 if metric == "two_way" else 1 / pool
            rows.append({**row, "n": len(units["gain"])})
    order = {metric: place for place, metric in enumerate(METRICS)}
    found = pd.DataFrame(rows)
    return found.iloc[np.lexsort([found["n_trials"], found["metric"].map(order)])].reset_index(drop=True)


def adaptation_scores(table: pd.DataFrame, experiments: dict[int, str]) -> pd.DataFrame:
    """The gains in two-way identification as the study's score table has them, under the pretrained experiments."""
    mine = table[table["metric"] == "two_way"]
    return pd.DataFrame(
        {
            "experiment": [experiments[n] for n in mine["n_trials"]], "protocol": "new_subject",
            "metric": "adaptation_gain", "value": mine["gain"], "ci_low": mine["gain_ci_low"],
            "ci_high": mine["gain_ci_high"], "chance": 0.0, "ceiling": np.nan, "p": mine["p"], "n": mine["n"],
            "unit_of_n": "subject",
        }
    )  # fmt: skip


def by_subject(
    predictions: pd.DataFrame, stimuli: list[str], features: np.ndarray
) -> dict[tuple[str, tuple[str, ...]], dict[str, np.ndarray]]:
    """(Subject, its test stimuli) -> each metric's scores (n_stimuli,)."""
    found = {}
    for subject, mine in predictions.groupby("subject", sort=True):
        names = sorted(set(mine["stimulus"]))
        matrices = retrieval_matrices(mine, names, stimuli, features)
        found[str(subject), tuple(names)] = {metric: np.diagonal(matrices[metric]) for metric in METRICS}
    return found
