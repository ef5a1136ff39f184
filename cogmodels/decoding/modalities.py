"""What joining kinds of responses is worth: a joint decoder tested with every choice of them, paired."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.decoding.adaptation import METRICS, by_subject
from cogmodels.decoding.joining import BETWEEN, complete, fullest
from cogmodels.decoding.score import score_features
from cogmodels.metrics.uncertainty import bootstrap_interval, sign_flip_p


def score_modalities(
    predictions: pd.DataFrame,
    stimuli: list[str],
    features: np.ndarray,
    *,
    permutations: int = 2000,
    bootstrap: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Scores of a joint decoder that is given some of the modalities, and what all of them add.

    All choices are tested on the same stimuli: those to which a subject has a response of every modality that it has.
    ``gain`` is the score with all modalities less that with these, for each stimulus of each subject who has these; its
    interval is a two-stage bootstrap over subjects, its p flips the signs of the subjects' differences (2^-n at the
    least).

    Parameters
    ----------
    predictions : DataFrame
        Of :func:`cogmodels.decoding.cross_subject.train_cross_subject` with joined trials.
    stimuli, features
        Names and true feature vectors (n_stimuli, d).
    permutations, bootstrap, seed : int

    Returns
    -------
    DataFrame
        A row a choice (the largest first) and metric: modalities, the columns of
        :func:`cogmodels.decoding.score.score_features`, gain, gain_ci_low, gain_ci_high, gain_p (missing for all).
    """
    tested = complete(predictions)
    choices = {str(name): mine for name, mine in tested.groupby("modalities", sort=False)}
    # Who lacks a modality has all without it.
    full = by_subject(fullest(tested), stimuli, features)
    options = {"permutations": permutations, "bootstrap": bootstrap, "seed": seed}
    tables = []
    for name in sorted(choices, key=lambda name: (-_count(name), list(choices).index(name))):
        table = score_features(choices[name], stimuli, features, **options)
        table.insert(0, "modalities", name)
        own = by_subject(choices[name], stimuli, features)
        gains = _gains(full, own, bootstrap, seed)
        if _count(name) == max(map(_count, choices)):
            gains = gains.assign(**dict.fromkeys(gains.columns[1:], np.nan))
        tables.append(table.merge(gains, how="left", on="metric"))
    return pd.concat(tables, ignore_index=True)


def joint_gains(table: pd.DataFrame, experiment: str, protocol: str) -> pd.DataFrame:
    """The gains in two-way identification over each modality alone, as the study's score table has them."""
    alone = ~table["modalities"].str.contains(BETWEEN, regex=False) & table["gain"].notna()
    mine = table[alone & (table["metric"] == "two_way")]
    return pd.DataFrame(
        {
            "experiment": experiment, "protocol": protocol, "metric": "joint_gain_over_" + mine["modalities"],
            "value": mine["gain"], "ci_low": mine["gain_ci_low"], "ci_high": mine["gain_ci_high"], "chance": 0.0,
            "ceiling": np.nan, "p": mine["gain_p"], "n": mine["n"], "unit_of_n": "subject",
        }
    )  # fmt: skip


def _gains(full: dict, own: dict, bootstrap: int, seed: int) -> pd.DataFrame:
    """A row a metric: the paired difference of all modalities and some, over the subjects who have these."""
    rows = []
    for metric in METRICS:
        units = [full[key][metric] - one[metric] for key, one in own.items()]
        low, high = bootstrap_interval(units, samples=bootstrap, seed=seed)
        means = np.array([one.mean() for one in units])
        p = sign_flip_p(means, seed=seed)
        rows.append(
            {"metric": metric, "gain": means.mean(), "gain_ci_low": low, "gain_ci_high": high, "gain_p": p}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _count(modalities: str) -> int:
    return modalities.count(BETWEEN) + 1
