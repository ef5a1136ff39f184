"""Scores of search models display by display, and display experiment by display experiment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cogmodels.search.analysis import found_areas
from cogmodels.search.stimuli import Experiment


def display_units(trials: pd.DataFrame, scores: pd.DataFrame, experiments: Sequence[Experiment]) -> pd.DataFrame:
    """Scores of each unit of a model's searches of displays.

    Parameters
    ----------
    trials, experiments
        As :func:`cogmodels.search.analysis.score_searches` takes them.
    scores : DataFrame
        What it makes of them.

    Returns
    -------
    DataFrame
        ``protocol, metric, unit_of_n, unit, value``: ``found_rate`` and ``auc_performance`` of each display, means over
        seeds; ``mean_asymmetry_index`` of each display experiment. Their means are the model's scores.
    """
    areas, _ = found_areas(trials, experiments)
    names = trials[["experiment", "condition", "set_size", "number"]].astype(str).agg("/".join, axis=1)
    parts = []
    for metric, values in (("found_rate", trials["found"].to_numpy(float)), ("auc_performance", areas)):
        means = pd.Series(np.asarray(values)).groupby(names.to_numpy()).mean()
        parts.append(_rows(metric, "display", means.index, means.to_numpy()))
    indices = scores[scores["metric"] == "asymmetry_index"]
    parts.append(_rows("mean_asymmetry_index", "display experiment", indices["protocol"], indices["value"]))
    return pd.concat(parts, ignore_index=True)


def _rows(metric: str, unit_of_n: str, units: object, values: object) -> pd.DataFrame:
    return pd.DataFrame({"protocol": "all", "metric": metric, "unit_of_n": unit_of_n, "unit": units, "value": values})
