"""From values of test images to scores, and to differences of models; light to import."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.metrics.paired import less_is_better
from cogmodels.metrics.uncertainty import bootstrap_interval, sign_flip_p


def summarise_images(images: pd.DataFrame, *, bootstrap: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Rows of the table of scores: mean over images, its bootstrap interval, p of sign flips against chance.

    Values of several seeds of an image are averaged first.
    """
    rows = []
    for metric, mine in images.groupby("metric", sort=False):
        mine = mine.groupby("stimulus")[["value", "chance", "ceiling"]].mean().dropna(subset=["value"])
        if mine.empty:
            continue
        values = mine["value"].to_numpy()
        low, high = bootstrap_interval([values], samples=bootstrap, seed=seed)
        above = (mine["value"] - mine["chance"]).to_numpy() * (-1 if less_is_better(metric) else 1)
        # Images of which the metric, or its chance, is not defined have no say.
        above = above[np.isfinite(above)]
        # Nothing is gained over itself; without chance there is no p.
        p = 1.0 if len(above) and np.abs(above).max() <= 1e-9 else sign_flip_p(above)
        rows.append(
            {
                "metric": metric, "value": values.mean(), "ci_low": low, "ci_high": high,
                "chance": mine["chance"].mean(), "ceiling": mine["ceiling"].mean(), "p": p, "n": len(mine),
                "unit_of_n": "image",
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def image_units(images: pd.DataFrame) -> pd.DataFrame:
    """``metric, unit_of_n, unit, value`` of each image, of which :func:`summarise_images` takes the means."""
    means = images.groupby(["metric", "stimulus"], sort=False)["value"].mean().dropna().reset_index()
    return means.rename(columns={"stimulus": "unit"}).assign(unit_of_n="image")


def compare_models(images: dict[str, pd.DataFrame], *, bootstrap: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Differences of every two models on the same images.

    Returns
    -------
    DataFrame
        ``metric, experiment, versus, difference, ci_low, ci_high, p, n``; above 0 the first is better. p: one-sided
        sign flips over images.
    """
    means = {
        name: table.groupby(["metric", "stimulus"])["value"].mean().unstack("metric") for name, table in images.items()
    }
    rows = []
    for one in means:
        for other in means:
            for metric in means[one].columns.intersection(means[other].columns) if one != other else ():
                gap = (means[one][metric] - means[other][metric]).dropna().to_numpy()
                if not len(gap):
                    continue
                gap = -gap if less_is_better(metric) else gap
                low, high = bootstrap_interval([gap], samples=bootstrap, seed=seed)
                rows.append((metric, one, other, gap.mean(), low, high, sign_flip_p(gap, draws=2000), len(gap)))
    columns = ["metric", "experiment", "versus", "difference", "ci_low", "ci_high", "p", "n"]
    return pd.DataFrame(rows, columns=columns)
