"""How much people's RDMs agree: reliability of each region, identification of regions and of items across people."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.metrics.rdm import (
    permuted_reliability,
    person_similarities,
    ranks,
    region_similarities,
    reliability,
    squares,
    upper_triangles,
)
from cogmodels.metrics.retrieval import top_k, two_way
from cogmodels.metrics.uncertainty import bootstrap_interval, permutation_null, permutation_p

#: Name of the row that holds all regions.
ALL_REGIONS = "all regions"
_PROTOCOLS = {
    "reliability": "person vs others",
    "noise_ceiling": "person vs all, person included",
    "identification_top1": "item by its row of the RDM, person vs others",
    "identification_two_way": "item by its row of the RDM, person vs others",
}


def rdm_agreement(
    rdms: np.ndarray,
    regions: Sequence[str],
    people: Sequence[str],
    *,
    alignment: str = "",
    permutations: int = 2000,
    bootstrap: int = 2000,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reliability, noise ceiling and identification across people, each with interval, chance and p.

    For each region, on the mean of a person's hemispheres: ``reliability``, correlation of ranks with the mean of the
    others' ranks (lower noise ceiling), and ``noise_ceiling``, with the mean of all (upper); ``identification_top1``
    and ``identification_two_way`` of an item by its row in the mean RDM of the others, without the two items' own
    positions (:func:`~cogmodels.metrics.rdm.profile_similarity`). Over all regions: ``identification_top1`` of the
    region of one hemisphere's RDM, among the others' mean ranks over people and hemispheres.

    Parameters
    ----------
    rdms : (n_people, n_hemispheres, n_regions, n_items, n_items) float
        Symmetric. Diagonals are not read.
    regions, people : sequence of str
        Names along their axes.
    alignment : str
        How responses were aligned between people before the RDMs were made, such as ``hyperaligned``; it stands beside
        every region's name. Empty where they were not.
    permutations, bootstrap, seed : int
        The interval resamples people; items are taken as they are. p: items (regions) of each person are permuted.

    Returns
    -------
    scores : DataFrame
        ``experiment`` (the region), ``protocol, metric, value, ci_low, ci_high, chance, ceiling, p, n, unit_of_n``. The
        chance of correlations is the mean of permutations. The ceiling of ``reliability`` is the noise ceiling.
    persons : DataFrame
        ``experiment, metric, person, value``.

    Raises
    ------
    DataError
        Shapes that do not fit, values that are not finite, or matrices that are not symmetric.
    """
    rdms = np.asarray(rdms, dtype=float)
    _check(rdms, regions, people)
    n = rdms.shape[-1]
    scores, persons = [], []

    def add(name: str, metric: str, values: np.ndarray, null: np.ndarray, chance: float, **more: object) -> None:
        low, high = bootstrap_interval([np.array([value]) for value in values], samples=bootstrap, seed=seed)
        name = f"{name} ({alignment})" if alignment else name
        scores.append(
            {
                "experiment": name, "protocol": _PROTOCOLS[metric], "metric": metric, "value": values.mean(),
                "ci_low": low, "ci_high": high, "chance": chance, "ceiling": np.nan,
                "p": permutation_p(values.mean(), null), "n": len(people), "unit_of_n": "people", **more,
            }
        )  # fmt: skip
        persons.append(pd.DataFrame({"experiment": name, "metric": metric, "person": people, "value": values}))

    for place, region in enumerate(regions):
        means = rdms[:, :, place].mean(axis=1)
        ranked = ranks(upper_triangles(means))
        lower, upper = reliability(ranked)
        null_lower, null_upper = permuted_reliability(squares(ranked, n), permutations=permutations, seed=seed)
        add(region, "reliability", lower, null_lower, null_lower.mean(), ceiling=upper.mean())
        add(region, "noise_ceiling", upper, null_upper, null_upper.mean())
        similarity = person_similarities(means)
        for metric, score, chance in (
            ("identification_top1", lambda one: top_k(one, 1), 1 / n),
            ("identification_two_way", two_way, 0.5),
        ):
            hits = np.stack([score(one) for one in similarity])
            null = _null(hits, permutations, seed)
            add(region, metric, np.diagonal(hits, axis1=1, axis2=2).mean(axis=1), null, chance)
    similarity = region_similarities(ranks(upper_triangles(rdms)))
    similarity = similarity.reshape(-1, *similarity.shape[2:])
    hits = np.stack([top_k(one, 1) for one in similarity])
    values = np.diagonal(hits, axis1=1, axis2=2).reshape(len(people), -1).mean(axis=1)
    protocol = "region by its RDM of one hemisphere, person vs others"
    null = _null(hits, permutations, seed)
    add(ALL_REGIONS, "identification_top1", values, null, 1 / len(regions), protocol=protocol)
    return pd.DataFrame(scores), pd.concat(persons, ignore_index=True)


def _null(hits: np.ndarray, permutations: int, seed: int) -> np.ndarray:
    """Mean hit where the candidates of each matrix (n_matrices, n, n) are permuted."""
    rows = np.arange(hits.shape[1])

    def score(orders: list[np.ndarray]) -> float:
        return float(np.mean([one[rows, order].mean() for one, order in zip(hits, orders, strict=True)]))

    return permutation_null(score, [hits.shape[1]] * len(hits), permutations=permutations, seed=seed)


def _check(rdms: np.ndarray, regions: Sequence[str], people: Sequence[str]) -> None:
    wanted = len(people), len(regions)
    if rdms.ndim != 5 or (rdms.shape[0], rdms.shape[2]) != wanted or rdms.shape[3] != rdms.shape[4]:
        raise DataError(
            f"RDMs of shape {rdms.shape} for {wanted[0]} people and {wanted[1]} regions",
            where="agreement of RDMs",
            remedy="Give people x hemispheres x regions x items x items",
        )
    off = ~np.eye(rdms.shape[-1], dtype=bool)
    for index in np.ndindex(rdms.shape[:3]):
        one = rdms[index]
        where = f"{people[index[0]]}, hemisphere {index[1]}, {regions[index[2]]}"
        if not np.isfinite(one[off]).all():
            raise DataError("values that are not finite", where=where, remedy="Leave the person or the items out")
        if not np.allclose(one, one.T, rtol=0, atol=1e-8 * np.abs(one[off]).max(), equal_nan=True):
            raise DataError("the RDM is not symmetric", where=where, remedy="Average it with its transpose")
