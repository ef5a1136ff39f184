"""Scores of classes decoded in people who were not trained on, each person's and over people."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from cogmodels.data.tables import Features
from cogmodels.decoding.score import SCORE_COLUMNS, score_features
from cogmodels.errors import DataError
from cogmodels.metrics.uncertainty import bootstrap_interval, permutation_p, two_sided_p

_REPEATS = ("seed", "draw")


def person_scores(predictions: pd.DataFrame) -> pd.DataFrame:
    """Scores of each person: ``balanced_accuracy`` and, of two classes, ``roc_auc``; seeds and draws are averaged.

    Parameters
    ----------
    predictions : DataFrame
        Columns subject, label, predicted; of two classes ``log_odds`` and the class that they are of,
        ``log_odds_of``; seed, draw where there are several.

    Returns
    -------
    DataFrame, a row a person (index ``subject``, sorted), a column a metric.

    Raises
    ------
    DataError
        A person with trials of one class alone.
    """
    found = {str(name): _observed(mine) for name, mine in predictions.groupby("subject", sort=True)}
    return pd.DataFrame.from_dict(found, orient="index").rename_axis("subject")


def score_classes(
    predictions: pd.DataFrame, *, permutations: int = 2000, bootstrap: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Mean over people of :func:`person_scores`, with interval, chance and p.

    The interval is a bootstrap of people. The p-value permutes the labels of each person's trials, within runs, against
    the predictions as they stand: it asks whether these trained decoders tell new people's trials apart, not whether
    training on other people would again give such decoders.

    Parameters
    ----------
    predictions : DataFrame
        As :func:`person_scores` takes them, with session and run.
    permutations, bootstrap, seed : int

    Returns
    -------
    DataFrame with the columns of ``SCORE_COLUMNS`` and ``shuffled_brain``: the mean over the permutations, which is
    what the decoders reach with other trials of the same person. The ceiling is 1: labels carry no noise of their own.
    """
    people = person_scores(predictions)
    generator = np.random.default_rng([seed, 31])
    nulls = [_null(mine, permutations, generator) for _, mine in predictions.groupby("subject", sort=True)]
    chance = {"balanced_accuracy": 1 / predictions["label"].nunique(), "roc_auc": 0.5}
    rows = []
    for metric in people:
        values = people[metric].to_numpy()
        value = float(values.mean())
        low, high = bootstrap_interval([values[[k]] for k in range(len(values))], samples=bootstrap, seed=seed)
        null = np.mean([one[metric] for one in nulls], axis=0)
        p = permutation_p(value, null)
        rows.append([metric, value, low, high, chance[metric], 1.0, p, len(values), "subject", float(null.mean())])
    return pd.DataFrame(rows, columns=[*SCORE_COLUMNS, "shuffled_brain"])


def score_run(predictions: pd.DataFrame, features: Features | None) -> pd.DataFrame:
    """:func:`score_classes`, or :func:`cogmodels.decoding.score.score_features` where the target are Features."""
    if features is None:
        return score_classes(predictions)
    return score_features(predictions, features.stimuli, features.values)


def compare_people(
    scores: pd.DataFrame, people: Mapping[str, pd.DataFrame], *, reference: str, metric: str, bootstrap: int = 2000
) -> pd.DataFrame:
    """Score rows of one metric with each experiment's difference from a reference, person by person.

    Parameters
    ----------
    scores : DataFrame
        Score rows of all experiments, with ``p_refit``.
    people : mapping of experiment -> DataFrame
        Columns ``subject`` and the metric; its order is that of the result.
    reference, metric : str
    bootstrap : int
        Samples behind the interval of the difference, over people.

    Returns
    -------
    DataFrame
        experiment, metric, value, ci_low, ci_high, chance, shuffled_brain, p, p_refit, n; ``difference`` with
        ``difference_low``,
        ``difference_high`` and ``difference_p`` (two-sided sign flips of people; missing for the reference).

    Raises
    ------
    DataError
        Experiments on other people than the reference's.
    """
    rows = []
    known = scores[scores["metric"] == metric].set_index("experiment")
    first = people[reference].set_index("subject")[metric]
    columns = ["value", "ci_low", "ci_high", "chance", "shuffled_brain", "p", "p_refit", "n"]
    for name, table in people.items():
        own = table.set_index("subject")[metric]
        if set(own.index) != set(first.index):
            raise DataError(
                f"its people are not those of `{reference}`",
                where=f"experiment {name}",
                remedy="Give all experiments of a comparison the same people",
            )
        row = {"experiment": name, "metric": metric, **known.loc[name, columns].to_dict()}
        if name != reference:
            gaps = (own.loc[first.index] - first).to_numpy()
            low, high = bootstrap_interval([gaps[[k]] for k in range(len(gaps))], samples=bootstrap)
            p = two_sided_p(gaps)
            row |= {"difference": gaps.mean(), "difference_low": low, "difference_high": high, "difference_p": p}
        rows.append(row)
    return pd.DataFrame(rows)


def refit_p(scores: pd.DataFrame, refits: pd.DataFrame) -> pd.Series:
    """p of each score row against the scores of refits to permuted labels; NaN where there are none."""
    nulls = {name: mine["value"].to_numpy() for name, mine in refits.groupby("metric")}
    return pd.Series(
        [permutation_p(row.value, nulls[row.metric]) if row.metric in nulls else np.nan for row in scores.itertuples()],
        index=scores.index,
        dtype=float,
    )


def _observed(mine: pd.DataFrame) -> dict[str, float]:
    found = [_scores(one, one["label"].to_numpy(dtype=object)[None]) for one in _repeats(mine)]
    return {metric: float(np.mean([one[metric] for one in found])) for metric in found[0]}


def _null(mine: pd.DataFrame, permutations: int, generator: np.random.Generator) -> dict[str, np.ndarray]:
    """Scores (permutations,) of one person after labels are permuted within runs, the same way in all repeats."""
    repeats = _repeats(mine)
    labels = np.tile(repeats[0]["label"].to_numpy(dtype=object), (permutations, 1))
    runs = repeats[0].groupby(["session", "run"], dropna=False, sort=True).ngroup().to_numpy()
    for run in np.unique(runs):
        places = np.flatnonzero(runs == run)
        labels[:, places] = generator.permuted(labels[:, places], axis=1)
    found = [_scores(one, labels) for one in repeats]
    return {metric: np.mean([one[metric] for one in found], axis=0) for metric in found[0]}


def _repeats(mine: pd.DataFrame) -> list[pd.DataFrame]:
    """One person's predictions of each seed and draw, trials in the same order."""
    keys = [name for name in _REPEATS if name in mine]
    order = [name for name in ("session", "run", "trial") if name in mine]
    ordered = mine.sort_values(order, kind="stable")
    return [one for _, one in ordered.groupby(keys, sort=True)] if keys else [ordered]


def _scores(mine: pd.DataFrame, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Scores (n,) of one set of predictions under each of several labellings (n, n_trials)."""
    names = sorted(set(labels[0]))
    if len(names) < 2:
        raise DataError(
            f"all trials are of class `{names[0]}`",
            where=f"predictions, subject {mine['subject'].iloc[0]}",
            remedy="Exclude the subject, or correct `classes`",
        )
    predicted = mine["predicted"].to_numpy(dtype=object)
    hits = [((labels == name) & (predicted == name)).sum(axis=1) / (labels == name).sum(axis=1) for name in names]
    found = {"balanced_accuracy": np.mean(hits, axis=0)}
    if "log_odds" in mine:
        # The Mann-Whitney form.
        own = labels == mine["log_odds_of"].iloc[0]
        n = own.sum(axis=1)
        ranks = rankdata(mine["log_odds"].to_numpy(dtype=float))
        found["roc_auc"] = (own @ ranks - n * (n + 1) / 2) / (n * (labels.shape[1] - n))
    return found
