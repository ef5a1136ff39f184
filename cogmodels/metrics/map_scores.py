"""Scores of models of every voxel: subjects' summaries as rows of the table of scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.metrics.uncertainty import permutation_p


def score_summaries(
    summaries: Sequence[Sequence[Mapping[str, Any]]], name: str, *, unit: str, bootstrap: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Mean over subjects of each score, with interval, chance and p.

    Parameters
    ----------
    summaries : sequence of sequences of mappings
        Of each subject: ``metric``, ``part`` (what it is a part of the model of, or empty), ``value``, ``ceiling``,
        ``null`` (values under permutation), ``draws`` (values of bootstrapped units within the subject).
    name : str
        Of the experiment.
    unit : str
        What was bootstrapped within a subject.
    bootstrap, seed
        Two-stage bootstrap: subjects are drawn with replacement, and of each one of its own draws.

    Returns
    -------
    DataFrame
        Columns experiment, metric, value, ci_low, ci_high, chance (mean of the permuted values), ceiling, p (one-sided,
        of permutations of all subjects at once), n, unit_of_n. A score that some subjects lack is that of the others.
    """
    keys = dict.fromkeys((row["metric"], row["part"]) for summary in summaries for row in summary)
    rows = []
    for number, (metric, part) in enumerate(keys):
        mine = [row for summary in summaries for row in summary if (row["metric"], row["part"]) == (metric, part)]
        value = float(np.mean([row["value"] for row in mine]))
        null = np.mean([row["null"] for row in mine], axis=0)
        draws = np.stack([np.asarray(row["draws"], dtype=float) for row in mine])
        rng = np.random.default_rng([seed, number, 31])
        who = rng.integers(len(mine), size=(bootstrap, len(mine)))
        low, high = np.quantile(draws[who, rng.integers(draws.shape[1], size=who.shape)].mean(axis=1), [0.025, 0.975])
        ceilings = [np.nan if row["ceiling"] is None else row["ceiling"] for row in mine]
        rows.append(
            {
                "experiment": f"{name}: {part}" if part else name,
                "metric": metric,
                "value": value,
                "ci_low": float(low),
                "ci_high": float(high),
                "chance": float(np.mean(null)),
                "ceiling": float(np.mean(ceilings)),
                "p": permutation_p(value, null),
                "n": len(mine),
                "unit_of_n": "subject" if len(mine) > 1 else unit,
            }
        )
    return pd.DataFrame(rows)
