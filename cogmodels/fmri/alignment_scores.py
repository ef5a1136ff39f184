"""How far held-out stimuli of subjects agree in one space: aligned, before, and by maps of permuted stimuli."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.fmri.response_alignment import (
    Table,
    common_stimuli,
    fit_response_alignment,
    same_grid,
    scale_responses,
    stimulus_means,
)
from cogmodels.metrics.retrieval import correlation_matrix, top_k


def measure_alignment(
    tables: Sequence[Table], *, part: str = "", permutations: int = 1000, bootstrap: int = 2000, seed: int = 0
) -> list[list[dict[str, Any]]]:
    """How far held-out stimuli of each subject are those of the others, in one space.

    ``identification_top1``: share of stimuli whose own mean of the other subjects is the most alike of all (chance 1
    of them); ``inter_subject_correlation``: correlation over stimuli with the mean of the others, mean of features.

    Parameters
    ----------
    tables : sequence of (trials, values)
        As in `fit_response_alignment`, values (n_trials, n_features) in the space. Stimuli count that are test for all.
    part : str
        What the rows are called beside the experiment.

    Returns
    -------
    list of list of dict
        Rows of each subject, as `cogmodels.metrics.map_scores.score_summaries` takes them.

    Raises
    ------
    DataError
        Fewer than two subjects or three such stimuli, or numbers of features that differ.
    """
    names, means = common_stimuli(
        *stimulus_means(tables, [trials["split"].to_numpy() == "test" for trials, _ in tables])
    )
    if len({part.shape[1] for part in means}) > 1:
        raise DataError(
            f"subjects have {', '.join(str(part.shape[1]) for part in means)} features",
            where="alignment",
            remedy="Compare responses that are in one space",
        )
    n, rng = len(names[0]), np.random.default_rng([seed, 67])
    orders = np.stack([rng.permutation(n) for _ in range(permutations)])
    weights = rng.multinomial(n, np.full(n, 1 / n), size=bootstrap) / n
    total, found = sum(means), []
    for mine in means:
        others = (total - mine) / (len(means) - 1)
        hits = top_k(correlation_matrix(mine, others), 1)
        identified = {
            "value": float(np.diag(hits).mean()),
            "null": hits[np.arange(n), orders].mean(axis=1),
            "draws": weights @ np.diag(hits),
        }
        left, right = _standard(mine), _standard(others)
        correlated = {
            "value": float((left * right).mean(axis=1).sum() / n),
            # Mean over features of r, of each pair of stimuli: a permutation picks other pairs.
            "null": (left @ right.T / left.shape[1])[np.arange(n), orders].mean(axis=1),
            "draws": _weighted_correlation(mine, others, weights),
        }
        rows = {"identification_top1": identified, "inter_subject_correlation": correlated}
        found.append([{"metric": name, "part": part, "ceiling": None, **row} for name, row in rows.items()])
    return found


def compare_alignments(
    own: Sequence[Table],
    aligned: Sequence[Table],
    places: Mapping[str, Any],
    options: Mapping[str, Any],
    *,
    permutations: int = 1000,
    bootstrap: int = 2000,
    seed: int = 0,
) -> list[list[dict[str, Any]]]:
    """Agreement of held-out stimuli: aligned, before, and by maps that were fitted to permuted training stimuli.

    Parameters
    ----------
    own, aligned : sequences of (trials, values)
        Responses of each subject in its voxels, and in the common space.
    places : mapping
        ``parcels``, ``masks``, ``affines`` of `fit_response_alignment`. Where masks are not all the same, voxels of
        subjects have nothing to do with each other and there is no ``before``.
    options : mapping
        All other options that the maps were fitted with.
    permutations, bootstrap, seed
        As in `measure_alignment`.
    """
    draws = {"permutations": permutations, "bootstrap": bootstrap, "seed": seed}
    found = [measure_alignment(aligned, **draws)]
    if same_grid(places["masks"], places["affines"]) and all(
        np.array_equal(mask, places["masks"][0]) for mask in places["masks"]
    ):
        found.append(measure_alignment(scale_responses(own), part="before", **draws))
    maps = fit_response_alignment(own, **places, **options, shuffle=True)
    permuted = [(trials, one.transform(values)) for (trials, values), one in zip(own, maps, strict=True)]
    found.append(measure_alignment(permuted, part="permuted training", **draws))
    return [[row for rows in parts for row in rows] for parts in zip(*found, strict=True)]


def subject_rows(rows: Sequence[Sequence[Mapping[str, Any]]], subjects: Sequence[str]) -> pd.DataFrame:
    """Values of each subject: columns subject, metric, part (``aligned`` where it has no name), value."""
    return pd.DataFrame(
        [
            {"subject": subject, "metric": row["metric"], "part": row["part"] or "aligned", "value": row["value"]}
            for subject, mine in zip(subjects, rows, strict=True)
            for row in mine
        ]
    )


def _standard(values):
    """Columns with mean 0 and size 1 (standard deviation), constant ones 0."""
    values = values - values.mean(axis=0)
    spread = values.std(axis=0)
    return np.divide(values, spread, out=np.zeros_like(values), where=spread > 1e-12)


def _weighted_correlation(left, right, weights):
    """Mean over features (n_draws,) of the correlation of weighted stimuli, weights of sum 1."""
    left, right = _standard(left), _standard(right)

    def covariance(a, b):
        return weights @ (a * b) - (weights @ a) * (weights @ b)

    size = np.sqrt(np.maximum(covariance(left, left) * covariance(right, right), 0))
    top = covariance(left, right)
    return np.divide(top, size, out=np.zeros_like(top), where=size > 1e-12).mean(axis=1)
