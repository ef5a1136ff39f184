"""Scores of decoders unit by unit, of which :mod:`cogmodels.decoding.score` takes the mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.decoding.score import retrieval_matrices

if TYPE_CHECKING:
    from cogmodels.decoding.reconstruction import Compared


def unit_scores(
    predictions: pd.DataFrame, stimuli: list[str] | None = None, features: np.ndarray | None = None
) -> pd.DataFrame:
    """Scores of each subject; of a single one, of each run (labels) or stimulus (features).

    Seeds and draws are aggregated as in the scores: hits, or predicted vectors, are averaged.

    Parameters
    ----------
    predictions, stimuli, features
        As :func:`cogmodels.decoding.score.score_predictions` takes them.

    Returns
    -------
    DataFrame
        ``metric, unit_of_n, unit, value``; the mean of a metric over its units is the experiment's score.
    """
    single = predictions["subject"].nunique() == 1
    if stimuli is None or features is None:
        unit = "run" if single else "subject"
        hits = (predictions["predicted"] == predictions["label"]).groupby(predictions[unit]).mean()
        return _rows("accuracy", unit, hits.index, hits.to_numpy())
    parts = []
    for subject, mine in predictions.groupby("subject", sort=True):
        names = sorted(set(mine["stimulus"]))
        for metric, matrix in retrieval_matrices(mine, names, stimuli, features).items():
            own = np.diagonal(matrix)
            named = ("stimulus", names, own) if single else ("subject", [subject], [own.mean()])
            parts.append(_rows(metric, *named))
    return pd.concat(parts, ignore_index=True)


def people_units(people: pd.DataFrame) -> pd.DataFrame:
    """The same of :func:`cogmodels.decoding.class_scores.person_scores`."""
    return pd.concat(
        [_rows(metric, "subject", people.index, people[metric].to_numpy()) for metric in people], ignore_index=True
    )


def reconstruction_units(compared: Compared) -> pd.DataFrame:
    """The same of decoded images: the mean of each subject; of a single one, each stimulus."""
    single = len(compared.subjects) == 1
    parts = []
    for metric in compared.matrices:
        own = compared.own(metric)
        named = (
            ("stimulus", compared.stimuli[0], own[0])
            if single
            else ("subject", compared.subjects, [*map(np.mean, own)])
        )
        parts.append(_rows(metric, *named))
    return pd.concat(parts, ignore_index=True)


def _rows(metric: str, unit_of_n: str, units: object, values: object) -> pd.DataFrame:
    return pd.DataFrame({"metric": metric, "unit_of_n": unit_of_n, "unit": units, "value": values})
