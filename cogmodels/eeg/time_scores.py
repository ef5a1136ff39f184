"""Decoding over time of a subject as a table, and of all people together with their clusters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cogmodels.eeg.deconvolution import subject_interval
from cogmodels.eeg.time_decoding import CHANCE, cluster_test, decode_over_time
from cogmodels.errors import DataError

COLUMNS = ["train_time", "time", "score"]
GROUP_COLUMNS = ["train_time", "time", "mean", "ci_low", "ci_high", "chance", "t", "significant", "n_subjects"]


def decode_classes(
    values: np.ndarray,
    trials: pd.DataFrame,
    times: np.ndarray,
    classes: Mapping[str, Sequence[str]],
    *,
    groups: str = "none",
    where: object = "decoding over time",
    **options,
) -> pd.DataFrame:
    """Area under the ROC curve of two classes of conditions at each time, or pair of times, of one subject.

    Parameters
    ----------
    values : (n_trials, n_channels, n_times) float
    trials : DataFrame
        ``label`` (condition), ``stimulus``, ``run``.
    times : (n_times,) float
        s.
    classes : mapping of class -> conditions
        Trials of other conditions are left out.
    groups : {"none", "stimulus", "run"}
        Column whose values are not split between training and test.
    where : object
        Subject, for messages.
    options
        Of :func:`~cogmodels.eeg.time_decoding.decode_over_time`.

    Returns
    -------
    scores : DataFrame
        ``train_time``, ``time`` (s; the same where the classifier is not scored at other times), ``score``.

    Raises
    ------
    DataError
        A condition that the trials do not have, or what :func:`decode_over_time` refuses.
    """
    labels = trials["label"].astype(str)
    missing = [name for names in classes.values() for name in names if name not in set(labels)]
    if missing:
        raise DataError(
            f"there is no trial of condition `{missing[0]}`; there are {', '.join(sorted(set(labels)))}",
            where=where,
            remedy="Correct `classes`, or exclude the subject",
        )
    class_of = {condition: name for name, conditions in classes.items() for condition in conditions}
    mine = labels.map(class_of)
    kept = mine.notna().to_numpy()
    units = None if groups == "none" else trials[groups].to_numpy()[kept]
    # The class that is named first is the positive one: curves of both orders are the same but for rounding.
    targets = (mine[kept] == next(iter(classes))).to_numpy().astype(int)
    try:
        scores = decode_over_time(values[kept], targets, units, **options)
    except DataError as error:
        raise DataError(error.what, where=where, remedy=error.remedy) from None
    if scores.ndim == 1:
        return pd.DataFrame({"train_time": times, "time": times, "score": scores})
    return pd.DataFrame(
        {"train_time": np.repeat(times, len(times)), "time": np.tile(times, len(times)), "score": scores.ravel()}
    )


def average_scores(
    tables: Mapping[str, pd.DataFrame], *, alpha: float = 0.05, permutations: int = 1000, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores over people at each time with t intervals, and where they exceed chance.

    Parameters
    ----------
    tables : mapping of subject -> DataFrame
        What :func:`decode_classes` gave.
    alpha, permutations, seed
        Of :func:`~cogmodels.eeg.time_decoding.cluster_test`.

    Returns
    -------
    curve : DataFrame
        One row a time or pair of times, the columns of ``GROUP_COLUMNS``: mean over people with its pointwise 95 % t
        interval, ``chance``, ``t`` against it, ``significant`` (in a cluster with p below alpha).
    clusters : DataFrame
        ``cluster``, ``size`` (points), ``mass``, ``p`` (corrected over times).

    Raises
    ------
    DataError
        Fewer than five subjects; one with other times than those before.
    """
    first_name, first = next(iter(tables.items()))
    for name, table in tables.items():
        same = len(table) == len(first) and np.allclose(table[COLUMNS[:2]], first[COLUMNS[:2]], atol=1e-6)
        if not same:
            raise DataError(
                f"its {len(table)} times are not those of subject {first_name} ({len(first)})",
                where=f"subject {name}",
                remedy="Bring all recordings to one rate (`resample_hz`), or exclude the subject",
            )
    scores = np.stack([table["score"].to_numpy(float) for table in tables.values()])
    n = first["time"].nunique()
    shape = (n, n) if len(first) == n * n and n > 1 else (n,)
    found = cluster_test(
        scores.reshape(len(scores), *shape), chance=CHANCE, alpha=alpha, permutations=permutations, seed=seed
    )
    mean, low, high = subject_interval(scores)
    curve = first[COLUMNS[:2]].assign(mean=mean, ci_low=low, ci_high=high, chance=CHANCE, t=found.t.ravel())
    curve = curve.assign(significant=found.significant.ravel(), n_subjects=len(scores))
    return curve[GROUP_COLUMNS].reset_index(drop=True), found.table
