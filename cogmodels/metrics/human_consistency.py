"""How much alike people look: every scanpath and saliency metric of each person against the others."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from cogmodels.metrics.saliency.consistency import SALIENCY_METRICS, saliency_consistency
from cogmodels.metrics.scanpath.consistency import SCANPATH_METRICS, ComparisonSettings, scanpath_consistency
from cogmodels.metrics.scanpath.paths import pack_fixations
from cogmodels.metrics.uncertainty import bootstrap_interval, sign_flip_p


def human_consistency(
    fixations: pd.DataFrame,
    size_px: tuple[int, int],
    pixels_per_degree: float,
    *,
    chance_images: int = 100,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[Iterable], Iterable] = iter,
) -> pd.DataFrame:
    """Consistency of each person with all the others under every metric.

    Parameters
    ----------
    fixations : DataFrame
        ``subject, stimulus, index, x, y`` (px of the images, from the top left) and ``duration`` (s, may be unknown).
    size_px : (width, height)
        Of all images.
    pixels_per_degree : float
        Sets the metrics' radii and the blur of the maps (standard deviation 1 degree).
    chance_images, seed, jobs, progress
        As in :func:`~cogmodels.metrics.saliency.consistency.saliency_consistency`.

    Returns
    -------
    persons : DataFrame
        ``kind`` (scanpath or saliency), ``metric, person, value, chance, n, n_undefined``; ``n`` counts pairs of
        scanpaths, or images.
    """
    paths, keys = pack_fixations(fixations, by=("subject", "stimulus"))
    scanpaths = scanpath_consistency(
        paths,
        keys["stimulus"].to_numpy(),
        keys["subject"].to_numpy(),
        ComparisonSettings(size_px, pixels_per_degree),
        seed=seed,
    ).rename(columns={"n_pairs": "n"})
    maps = saliency_consistency(
        fixations,
        size_px[::-1],
        pixels_per_degree,
        chance_images=chance_images,
        seed=seed,
        jobs=jobs,
        progress=progress,
    ).rename(columns={"n_images": "n"})
    both = pd.concat(
        [scanpaths.assign(kind="scanpath"), maps.assign(kind="saliency", n_undefined=0)], ignore_index=True
    )
    return both[["kind", "metric", "person", "value", "chance", "n", "n_undefined"]]


def more_is_alike(metric: str) -> bool:
    """Whether a metric grows with likeness."""
    if metric.startswith("crps_"):
        return False
    similar = {name: m.similarity for m in SCANPATH_METRICS for name in m.names} | SALIENCY_METRICS
    return similar[metric]


def summarise_consistency(persons: pd.DataFrame) -> pd.DataFrame:
    """Scores ``metric, value, ci_low, ci_high, chance, ceiling, p, n, unit_of_n`` from :func:`human_consistency`.

    The interval resamples people; p is that of a sign-flip test over people of value against chance, in the metric's
    direction. Each person is also among the others of everyone else, so both hold for this group of people and are
    somewhat narrow for people at large. A metric that is defined for no one has no row.
    """
    rows = []
    for metric, mine in persons.groupby("metric", sort=False):
        mine = mine.dropna(subset=["value"])
        if mine.empty:
            continue
        values, chance = mine["value"].to_numpy(), mine["chance"].to_numpy()
        low, high = bootstrap_interval([np.array([value]) for value in values])
        above = (values - chance) * (1 if more_is_alike(metric) else -1)
        rows.append(
            {
                "metric": metric,
                "value": values.mean(),
                "ci_low": low,
                "ci_high": high,
                "chance": np.nanmean(chance) if np.isfinite(chance).any() else np.nan,
                "ceiling": np.nan,
                "p": sign_flip_p(above[np.isfinite(above)]),
                "n": len(mine),
                "unit_of_n": "people",
            }
        )
    return pd.DataFrame(rows)
