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


def measure_alignment(
    tables: Sequence[Table], *, part: str = "", permutations: int = 1000, bootstrap: int = 2000, seed: int = 0
) -> list[list[dict[str, Any]]]:
    """How far held-out stimuli of each subject are those of the others, in one space.

    ``identification_top1``: share of stimuli whose own mean of the other subjects is the most alike of all (chance 1
    of them); ``inter_subject_correlation``: correlation over stimuli with each of the others, mean of features.

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
    # Each subject's stimuli in an order of its own: with one order for all, what two subjects share by chance would
    # count twice in the value and once in the null.
    orders = np.stack(
        [np.tile(np.arange(n), (len(means), 1)), *(_orders(rng, n, len(means)) for _ in range(permutations))]
    )
    weights = rng.multinomial(n, np.full(n, 1 / n), size=bootstrap) / n
    rows = [part - part.mean(axis=1, keepdims=True) for part in means]
    columns = [_standard(part) for part in means]
    hits = _hits(_products(rows), orders)
    agree = _agreement(_products(columns) / means[0].shape[1], orders)
    found = {"identification_top1": hits, "inter_subject_correlation": agree}
    return [
        [
            {
                "metric": metric,
                "part": part,
                "ceiling": None,
                "value": float(each[0, subject].mean()),
                "null": each[1:, subject].mean(axis=1),
                "draws": weights @ each[0, subject],
            }
            for metric, each in found.items()
        ]
        for subject in range(len(means))
    ]


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


def _orders(rng, n, n_subjects):
    return np.stack([rng.permutation(n) for _ in range(n_subjects)])


def _products(parts):
    """Inner products (n_subjects, n_subjects, n, n) of all stimuli of all pairs of subjects."""
    whole = np.vstack(parts)
    n = len(parts[0])
    return (whole @ whole.T).reshape(len(parts), n, len(parts), n).swapaxes(1, 2)


def _hits(products, orders):
    """Whether (n_orders, n_subjects, n) each stimulus is most alike to its own mean of the others, in each order."""
    found = np.empty((len(orders), len(products), orders.shape[2]))
    subjects = np.arange(len(products))
    for k, order in enumerate(orders):
        mine = products[
            subjects[:, None, None, None], subjects[:, None, None], order[:, None, :, None], order[:, None, :]
        ]
        own = np.einsum("abii->abi", mine)
        for i in subjects:
            others = subjects[subjects != i]
            size = np.sqrt(np.maximum(own[np.ix_(others, others)].sum(axis=(0, 1)), np.finfo(float).tiny))
            alike = mine[i, others].sum(axis=0) / size
            right = np.diagonal(alike).copy()
            np.fill_diagonal(alike, -np.inf)
            found[k, i] = right > alike.max(axis=1)
    return found


def _agreement(products, orders):
    """Product (n_orders, n_subjects, n) of each stimulus with that of the others, their mean, in each order."""
    found = np.zeros((len(orders), len(products), orders.shape[2]))
    for i in range(len(products)):
        for j in range(len(products)):
            if i != j:
                found[:, i] += products[i, j][orders[:, i], orders[:, j]] / (len(products) - 1)
    return found


def _standard(values):
    """Columns with mean 0 and size 1 (standard deviation), constant ones 0."""
    values = values - values.mean(axis=0)
    spread = values.std(axis=0)
    return np.divide(values, spread, out=np.zeros_like(values), where=spread > 1e-12)
