"""Whether a diet turns a search asymmetry around: networks as units, each searched with the same displays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.metrics.uncertainty import two_sided_p
from cogmodels.search.analysis import asymmetry_index, hard_and_easy, human_slopes
from cogmodels.search.stimuli import Experiment, target_image

if TYPE_CHECKING:
    from cogmodels.stimuli.backbones import Backbone


def compare_diets(
    trials: pd.DataFrame, experiments: Sequence[Experiment], reference: str, *, resamples: int = 2000, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Asymmetries of networks raised on different diets, over their seeds.

    Parameters
    ----------
    trials : DataFrame
        diet, seed, experiment (of displays), condition, set_size, number, rt_ms. All networks have searched the same
        displays. Networks of one seed belong together over the diets.
    experiments : sequence of Experiment
        Displays.
    reference : str
        The diet that the others are compared with.
    resamples : int
        Of the bootstrap: seeds and displays are drawn with replacement, each for all diets alike.

    Returns
    -------
    networks : DataFrame
        A row a diet, display experiment and seed: index, hard and easy (slopes, ms an item, of the condition that is
        hard and that is easy for people), difference (hard - easy).
    comparison : DataFrame
        A row a diet, display experiment and measure (index, difference, hard, easy): mean over seeds, ci_low, ci_high;
        p: two-sided, exact sign flips over seeds against 0; contrast (reference - diet, of the same seeds) with its
        interval and p (NaN for the reference, and where seeds differ); human; n (seeds).

    Raises
    ------
    DataError
        Networks that have searched different displays, or a reference without trials.

    Notes
    -----
    With n seeds no p can be below 2 / 2^n.
    """
    diets = list(dict.fromkeys(trials["diet"]))
    if reference not in diets:
        raise DataError(f"no trials of `{reference}`", where="compare_diets", remedy=f"There are: {', '.join(diets)}")
    rng = np.random.default_rng([seed, 431])
    seeds = {diet: np.unique(trials.loc[trials["diet"] == diet, "seed"]) for diet in diets}
    drawn_seeds = {n: rng.integers(0, n, (resamples, n)) for n in sorted({len(mine) for mine in seeds.values()})}
    networks, rows = [], []
    for experiment in experiments:
        mine = trials[trials["experiment"] == experiment.name]
        people = human_slopes(experiment)
        hard, easy = (condition.name for condition in hard_and_easy(experiment))
        observed, drawn = {}, {}
        draws: dict[tuple[str, int], np.ndarray] = {}
        for diet in diets:
            table = mine[mine["diet"] == diet]
            slopes = [_slopes(table, experiment, name, seeds[diet], draws, resamples, rng) for name in (hard, easy)]
            observed[diet], drawn[diet] = (_measures(*(pair[k] for pair in slopes)) for k in range(2))
            networks += [
                {
                    "diet": diet, "experiment": experiment.name, "seed": int(one),
                    **{name: float(values[k]) for name, values in observed[diet].items()},
                }
                for k, one in enumerate(seeds[diet])
            ]  # fmt: skip
        of_people = _human(people, hard, easy)
        for diet in diets:
            n = len(seeds[diet])
            paired = diet != reference and np.array_equal(seeds[diet], seeds[reference])
            for name, values in observed[diet].items():
                spread = _over_seeds(drawn[diet][name], drawn_seeds[n])
                row = {
                    "diet": diet, "experiment": experiment.name, "measure": name, "mean": values.mean(),
                    **_interval(spread, values.mean()), "p": two_sided_p(values),
                    "contrast": np.nan, "contrast_low": np.nan, "contrast_high": np.nan, "contrast_p": np.nan,
                    "human": of_people.get(name, np.nan), "n": n,
                }  # fmt: skip
                if paired:
                    differences = observed[reference][name] - values
                    of_draws = _over_seeds(drawn[reference][name] - drawn[diet][name], drawn_seeds[n])
                    low, high = _interval(of_draws, differences.mean()).values()
                    row |= {
                        "contrast": differences.mean(), "contrast_low": low, "contrast_high": high,
                        "contrast_p": two_sided_p(differences),
                    }  # fmt: skip
                rows.append(row)
    return pd.DataFrame(networks), pd.DataFrame(rows)


def item_distances(backbone: Backbone, experiment: Experiment, layers: Sequence[str]) -> pd.DataFrame:
    """How different target and distractor are to a network.

    Parameters
    ----------
    backbone : Backbone
    experiment : Experiment
        Of each condition, the first drawing of the target and the first of the distractors are compared.
    layers : sequence of str

    Returns
    -------
    DataFrame
        A row a condition and layer: condition, layer, distance (1 - cosine of the features of the whole items, 0 to 1
        after a ReLU).
    """
    from torch.nn.functional import cosine_similarity

    rows = []
    for condition in experiment.conditions:
        other = replace(condition, target=condition.distractors[:1])
        pair = np.stack([target_image(experiment, one) for one in (condition, other)])
        maps = backbone.read(backbone.prepare(pair), layers)
        for layer in layers:
            target, distractor = maps[layer].flatten(1).double()
            similar = float(cosine_similarity(target, distractor, dim=0))
            rows.append({"condition": condition.name, "layer": layer, "distance": 1 - similar})
    return pd.DataFrame(rows)


def diet_scores(comparison: pd.DataFrame) -> pd.DataFrame:
    """The asymmetry indices of :func:`compare_diets` as the study's score table has them; the unit is the network.

    Columns: experiment, protocol (display experiment, over networks), metric, value, ci_low, ci_high, chance, ceiling
    (people's), p (two-sided), n, unit_of_n.
    """
    mine = comparison[comparison["measure"] == "index"]
    return pd.DataFrame(
        {
            "experiment": mine["diet"], "protocol": mine["experiment"] + ", over networks", "metric": "asymmetry_index",
            "value": mine["mean"], "ci_low": mine["ci_low"], "ci_high": mine["ci_high"], "chance": 0.0,
            "ceiling": mine["human"], "p": mine["p"], "n": mine["n"], "unit_of_n": "networks",
        }
    ).reset_index(drop=True)  # fmt: skip


def _slopes(
    table: pd.DataFrame,
    experiment: Experiment,
    condition: str,
    seeds: np.ndarray,
    draws: dict[tuple[str, int], np.ndarray],
    resamples: int,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of a condition (seeds,), and of draws of its displays (seeds, resamples); draws are shared by diets."""
    sizes = np.array(experiment.set_sizes, dtype=float)
    weights = (sizes - sizes.mean()) / ((sizes - sizes.mean()) ** 2).sum()
    found, drawn = np.zeros(len(seeds)), np.zeros((len(seeds), resamples))
    for size, weight in zip(experiment.set_sizes, weights, strict=True):
        cell = table[(table["condition"] == condition) & (table["set_size"] == size)]
        times = cell.pivot(index="seed", columns="number", values="rt_ms").reindex(seeds).to_numpy(float)
        if not times.size or np.isnan(times).any():
            raise DataError(
                f"networks have not all searched the same displays of {condition} with {size} items",
                where=f"experiment {experiment.name}",
                remedy="Give the experiments the same displays",
            )
        which = draws.setdefault((condition, size), rng.integers(0, times.shape[1], (resamples, times.shape[1])))
        if which.shape[1] != times.shape[1]:
            raise DataError(
                f"diets were searched with different displays of {condition} with {size} items",
                where=f"experiment {experiment.name}",
                remedy="Give the experiments the same data set",
            )
        found += weight * times.mean(1)
        for k, row in enumerate(times):
            drawn[k] += weight * row[which].mean(1)
    return np.round(found, 9), np.round(drawn, 9)


def _measures(hard: np.ndarray, easy: np.ndarray) -> dict[str, np.ndarray]:
    """Index and slopes of arrays of slopes."""
    up, down = np.maximum(hard, 0), np.maximum(easy, 0)
    index = np.divide(up - down, up + down, out=np.zeros_like(up), where=up + down > 0)
    return {"index": index, "difference": hard - easy, "hard": hard, "easy": easy}


def _human(people: dict[str, float], hard: str, easy: str) -> dict[str, float]:
    if not people:
        return {}
    return {
        "index": asymmetry_index(people[hard], people[easy]), "difference": people[hard] - people[easy],
        "hard": people[hard], "easy": people[easy],
    }  # fmt: skip


def _over_seeds(drawn: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Means (resamples,) over drawn seeds of draws (seeds, resamples)."""
    return drawn[chosen, np.arange(drawn.shape[1])[:, None]].mean(1)


def _interval(drawn: np.ndarray, value: float) -> dict[str, float]:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {"ci_low": min(float(low), value), "ci_high": max(float(high), value)}
