"""What the attention of a scanpath network costs and brings: a row a network, beside the same one with softmax."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cogmodels.metrics.paired import holm, less_is_better
from cogmodels.metrics.uncertainty import bootstrap_interval, two_sided_p

PLACES = ("encoder", "decoder", "cross")
METRICS = ("cig_bits", "sequence_score")
#: Metric of a run's manifest -> column.
_COSTS = {"ms_per_step": "ms_per_step", "fit_peak_mb": "peak_mb", "fit_seconds": "fit_seconds"}


def attention_costs(
    images: Mapping[str, pd.DataFrame],
    runs: Mapping[str, Sequence[Mapping[str, float]]],
    attention: Mapping[str, Mapping[str, str | None]],
    *,
    bootstrap: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Scores and costs of networks that differ in their mechanism of attention.

    Parameters
    ----------
    images : mapping of experiment -> DataFrame
        ``run, stimulus, metric, value, chance, ceiling`` of the test images, as
        :func:`cogmodels.scanpath.evaluate.score_runs` gives them.
    runs : mapping of experiment -> metrics of the manifest of each run (seed)
        ``ms_per_step, fit_peak_mb, fit_seconds, parameters``; what a run lacks is NaN.
    attention : mapping of experiment -> mapping
        Mechanism at ``encoder``, ``decoder`` and ``cross``; ``versus``: the experiment that has softmax everywhere and
        is the same in all else, or none.
    bootstrap, seed : int
        Bootstrap samples of images, and their seed.

    Returns
    -------
    DataFrame
        ``experiment, encoder, decoder, cross, versus, seeds, images``; of each metric its mean, ``_seed_sd`` (standard
        deviation over seeds, NaN of one), ``_ci_low``, ``_ci_high`` (over images, seeds averaged), ``_chance``,
        ``_ceiling``, and ``_difference`` from ``versus`` image by image (above 0 is better) with its interval, ``_p``
        (two-sided sign flips over images) and ``_p_holm`` (Holm 1979, over the networks compared with one);
        ``ms_per_step`` (median over seeds) with its ``_min`` and ``_max``, which other programs on the machine drive
        apart; ``peak_mb`` (largest of the runs), ``fit_seconds`` (median), ``parameters``.
    """
    rows = []
    for name, places in attention.items():
        one, versus = images[name], places["versus"]
        row: dict[str, object] = {"experiment": name, **{place: places[place] for place in PLACES}}
        row |= {"versus": versus, "seeds": one["run"].nunique(), "images": one["stimulus"].nunique()}
        for metric in METRICS:
            other = images[versus] if versus not in (None, name) else None
            row |= _scores(one, other, metric, bootstrap, seed)
        rows.append(row | _run_costs(runs[name]))
    table = pd.DataFrame(rows)
    for metric in METRICS:
        together = table.groupby("versus")[f"{metric}_p"]
        adjusted = together.transform(lambda p: holm(p.to_numpy())) if table["versus"].notna().any() else np.nan
        table.insert(table.columns.get_loc(f"{metric}_p") + 1, f"{metric}_p_holm", adjusted)
    return table


def _scores(one: pd.DataFrame, other: pd.DataFrame | None, metric: str, bootstrap: int, seed: int) -> dict[str, float]:
    mine = one[one["metric"] == metric]
    by_seed = mine.groupby("run")["value"].mean()
    means = mine.groupby("stimulus")[["value", "chance", "ceiling"]].mean().dropna(subset=["value"])
    low, high = bootstrap_interval([means["value"].to_numpy()], samples=bootstrap, seed=seed)
    found = {"": means["value"].mean(), "_seed_sd": by_seed.std(ddof=1), "_ci_low": low, "_ci_high": high}
    found |= {"_chance": means["chance"].mean(), "_ceiling": means["ceiling"].mean()}
    gaps = [np.nan] * 4
    if other is not None:
        theirs = other[other["metric"] == metric].groupby("stimulus")["value"].mean()
        gap = (means["value"] - theirs).dropna().to_numpy() * (-1 if less_is_better(metric) else 1)
        gaps = [gap.mean(), *bootstrap_interval([gap], samples=bootstrap, seed=seed), two_sided_p(gap)]
    names = ("_difference", "_difference_ci_low", "_difference_ci_high", "_p")
    return {metric + name: value for name, value in {**found, **dict(zip(names, gaps, strict=True))}.items()}


def _run_costs(runs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    table = pd.DataFrame(runs).reindex(columns=[*_COSTS, "parameters"]).astype(float)
    found = {column: table[name].median() for name, column in _COSTS.items()}
    found |= {"ms_per_step_min": table["ms_per_step"].min(), "ms_per_step_max": table["ms_per_step"].max()}
    return {**found, "peak_mb": table["fit_peak_mb"].max(), "parameters": table["parameters"].max()}
