"""How search grows with the number of items: slopes, asymmetries, cumulative performance; people beside models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.metrics.uncertainty import sign_flip_p
from cogmodels.search.stimuli import Condition, Experiment

#: Below this slope, ms an item, a search is called efficient; above the other, inefficient. Slopes of people form a
#: continuum (Wolfe 1998, Psychological Science 9, 33-39): the bounds are a convention.
EFFICIENT_MS, INEFFICIENT_MS = 5.0, 10.0


def slope(set_sizes: np.ndarray, times: np.ndarray) -> float:
    """Least-squares slope of ``times`` (n,) on ``set_sizes`` (n,): units of time an item."""
    set_sizes, times = np.asarray(set_sizes, dtype=float), np.asarray(times, dtype=float)
    centred = set_sizes - set_sizes.mean()
    if not centred.any():
        raise DataError("one set size has no slope", where="slope", remedy="Give two set sizes or more")
    return float(centred @ times / (centred @ centred))


def asymmetry_index(hard: float, easy: float) -> float:
    """``(s_hard - s_easy) / (s_hard + s_easy)`` of two slopes, each at least 0; 0 where both are.

    It is +1 or -1 as soon as one slope is 0 or negative, however small the other: read it beside the slopes.
    Gupta, Zhang, Wu, Wolfe and Kreiman (2021), NeurIPS 34.
    """
    hard, easy = max(hard, 0.0), max(easy, 0.0)
    return (hard - easy) / (hard + easy) if hard + easy > 0 else 0.0


def efficiency(slope_ms: float) -> str:
    """``efficient``, ``intermediate`` or ``inefficient`` by the slope, ms an item."""
    if slope_ms < EFFICIENT_MS:
        return "efficient"
    return "inefficient" if slope_ms > INEFFICIENT_MS else "intermediate"


def human_slopes(experiment: Experiment) -> dict[str, float]:
    """Slope of people's reaction times, ms an item, of each condition that they are known of."""
    return {
        name: slope(np.array(experiment.set_sizes), np.array(times)) for name, times in experiment.human_rt_ms.items()
    }


def hard_and_easy(experiment: Experiment) -> tuple[Condition, Condition]:
    """The condition that is harder for people (steeper slope), and the other; without people the second is hard."""
    people = human_slopes(experiment)
    first, second = experiment.conditions
    if people.get(first.name, 0.0) > people.get(second.name, 1.0):
        return first, second
    return second, first


def human_index(experiment: Experiment) -> float:
    """Asymmetry index of people's slopes; NaN where they are not known."""
    people = human_slopes(experiment)
    hard, easy = hard_and_easy(experiment)
    return asymmetry_index(people[hard.name], people[easy.name]) if people else np.nan


@dataclass(frozen=True)
class Slopes:
    """What :func:`slopes_of_trials` finds; ``polarity`` and ``correlation`` are rows like those of the tables."""

    slopes: pd.DataFrame
    asymmetries: pd.DataFrame
    polarity: Mapping[str, float]
    correlation: Mapping[str, float]


def slopes_of_trials(
    trials: pd.DataFrame, experiments: Sequence[Experiment], *, resamples: int = 2000, seed: int = 0
) -> Slopes:
    """Slopes and asymmetries with intervals from a bootstrap over displays.

    Parameters
    ----------
    trials : DataFrame
        experiment, condition, set_size, rt_ms: a row a display.
    experiments : sequence of Experiment
        Those in the table.
    resamples : int
        Displays are drawn with replacement within each set size and condition.

    Returns
    -------
    Slopes
        ``slopes``: experiment, condition, slope, ci_low, ci_high (ms an item), human, efficiency (``uncertain`` where
        the interval holds more than one kind), p (share of permutations of the set sizes whose slope is at least as
        steep), n (displays). ``asymmetries``: experiment, index, ci_low, ci_high, human, p, n: a row an experiment,
        then one (``mean``) over them; p: share of permutations of the conditions' labels within set sizes whose index
        is at least as far on people's side. ``polarity``: in how many experiments the index is above 0, with interval,
        chance (mean over the permutations) and p. ``correlation``: r with people's slopes, with interval over displays
        and Pearson's p; NaN without people.

    Raises
    ------
    DataError
        A set size of a condition has no trials.
    """
    rng = np.random.default_rng(seed)
    slope_rows, index_rows, drawn, permuted, drawn_slopes = [], [], [], [], []
    for experiment in experiments:
        mine = trials[trials["experiment"] == experiment.name]
        cells = _cells(mine, experiment)
        people = human_slopes(experiment)
        hard, easy = hard_and_easy(experiment)
        sizes = np.array(experiment.set_sizes, dtype=float)
        resampled, observed = {}, {}
        for condition in experiment.conditions:
            cell = cells[condition.name]
            resampled[condition.name] = _slopes(sizes, [_resampled(values, resamples, rng) for values in cell])
            observed[condition.name] = float(_slopes(sizes, [np.array([values.mean()]) for values in cell])[0])
            steep = _slopes(sizes, _reassigned(cell, resamples, rng)) >= observed[condition.name]
            interval = _interval(resampled[condition.name], observed[condition.name])
            kinds = {efficiency(end) for end in interval.values()}
            slope_rows.append(
                {
                    "experiment": experiment.name, "condition": condition.name, "slope": observed[condition.name],
                    **interval, "human": people.get(condition.name, np.nan),
                    "efficiency": kinds.pop() if len(kinds) == 1 else "uncertain",
                    "p": (1 + steep.sum()) / (1 + resamples), "n": int(sum(map(len, cell))),
                }
            )  # fmt: skip
            drawn_slopes.append(resampled[condition.name])
        drawn.append(_indices(resampled[hard.name], resampled[easy.name]))
        permuted.append(_indices(*_permuted(sizes, cells[hard.name], cells[easy.name], resamples, rng)))
        index = asymmetry_index(observed[hard.name], observed[easy.name])
        index_rows.append(
            {
                "experiment": experiment.name, "index": index, **_interval(drawn[-1], index),
                "human": human_index(experiment),
                "p": (1 + (permuted[-1] >= index).sum()) / (1 + resamples), "n": len(mine),
            }
        )  # fmt: skip
    slopes, table = pd.DataFrame(slope_rows), pd.DataFrame(index_rows)
    count = int((table["index"] > 0).sum())
    counts, by_chance = (np.sum(np.array(values) > 0, axis=0) for values in (drawn, permuted))
    polarity = {
        "value": count, **_interval(counts, count), "chance": float(by_chance.mean()),
        "p": (1 + (by_chance >= count).sum()) / (1 + resamples), "n": len(table),
    }  # fmt: skip
    r, p, n = slope_correlation(slopes)
    known = slopes["human"].notna().to_numpy()
    with np.errstate(invalid="ignore", divide="ignore"):
        of_draws = _correlations(np.array(drawn_slopes)[known], slopes["human"].to_numpy()[known])
    correlation = {"value": r, **_interval(of_draws[np.isfinite(of_draws)], r), "chance": 0.0, "p": p, "n": n}
    mean, under_null = np.mean(drawn, axis=0), np.mean(permuted, axis=0)
    value = table["index"].mean()
    table.loc[len(table)] = {
        "experiment": "mean", "index": value, **_interval(mean, value), "human": table["human"].mean(),
        "p": (1 + (under_null >= value).sum()) / (1 + resamples), "n": len(trials),
    }  # fmt: skip
    return Slopes(slopes, table, polarity, correlation)


def slope_correlation(slopes: pd.DataFrame) -> tuple[float, float, int]:
    """Pearson r of a model's slopes with people's, its p, and how many there are; NaN where either does not vary."""
    from scipy.stats import pearsonr

    known = slopes.dropna(subset=["human"])
    if len(known) < 3 or known["slope"].nunique() < 2 or known["human"].nunique() < 2:
        return np.nan, np.nan, len(known)
    found = pearsonr(known["slope"], known["human"])
    return float(found.statistic), float(found.pvalue), len(known)


def cumulative_found(found: np.ndarray, n_fixations: np.ndarray, most: int) -> np.ndarray:
    """Share of trials (most,) whose target had been found by the 1st, 2nd, ... fixation after the start."""
    found, n = np.asarray(found, dtype=bool), np.asarray(n_fixations)
    return np.array([(found & (n <= k)).mean() for k in range(1, most + 1)])


def score_searches(trials: pd.DataFrame, experiments: Sequence[Experiment], *, resamples: int = 2000) -> pd.DataFrame:
    """Scores of one model, as the study's score table has them.

    Parameters
    ----------
    trials : DataFrame
        Of :func:`cogmodels.search.models.run_search`, all display experiments and seeds.
    experiments : sequence of Experiment
    resamples : int

    Returns
    -------
    DataFrame
        protocol, metric, value, ci_low, ci_high, chance, ceiling, p, n, unit_of_n. ``ceiling`` holds people's value.
    """
    from scipy.stats import binom

    found = slopes_of_trials(trials, experiments, resamples=resamples)
    names = ("ci_low", "ci_high", "p", "n")
    rows = [
        {
            "protocol": row["condition"], "metric": "slope_ms_per_item", "value": row["slope"], "chance": 0.0,
            "ceiling": row["human"], **{name: row[name] for name in names},
        }
        for row in found.slopes.to_dict("records")
    ]  # fmt: skip
    for row in found.asymmetries.to_dict("records"):
        whole = row["experiment"] == "mean"
        rows.append(
            {
                "protocol": "all" if whole else row["experiment"],
                "metric": "mean_asymmetry_index" if whole else "asymmetry_index",
                "value": row["index"], "chance": 0.0, "ceiling": row["human"], **{name: row[name] for name in names},
            }
        )  # fmt: skip
    if any(human_slopes(one) for one in experiments):
        rows.append(
            {"protocol": "all", "metric": "human_polarity_count", "ceiling": len(experiments), **found.polarity}
        )
        if np.isfinite(found.correlation["value"]):
            rows.append({"protocol": "all", "metric": "slope_correlation", "ceiling": 1.0, **found.correlation})
    hits = trials["found"].to_numpy(float)
    rate = hits.mean()
    # Cells looked at in random order, none twice.
    reach = {e.name: min(1.0, (e.most_fixations - 1) / (e.grid[0] * e.grid[1])) for e in experiments}
    chance = float(trials["experiment"].map(reach).mean())
    rows.append(
        {
            "protocol": "all", "metric": "found_rate", "value": rate,
            **_interval(_resampled(hits, resamples, np.random.default_rng(0)), rate), "chance": chance, "ceiling": 1.0,
            "p": float(binom.sf(hits.sum() - 1, len(hits), chance)), "n": len(hits),
        }
    )  # fmt: skip
    rows.append(_performance(trials, experiments, resamples))
    units = {"human_polarity_count": "experiments", "slope_correlation": "slopes"}
    scores = pd.DataFrame(rows)
    return scores.assign(unit_of_n=[units.get(metric, "displays") for metric in scores["metric"]])


def asymmetry_table(scores: pd.DataFrame, experiments: Sequence[Experiment]) -> pd.DataFrame:
    """The asymmetry indices of all models of a data set, people first: a row a model.

    Parameters
    ----------
    scores : DataFrame
        Of :func:`score_searches`, with a column ``experiment`` (the model's name), one model after the other.
    experiments : sequence of Experiment
        The display experiments, in the order of the columns.

    Returns
    -------
    DataFrame
        model; for each display experiment and for their ``mean``: the index, and the ends of its interval
        (``<name>_low``, ``<name>_high``); ``human_polarity_count``, ``slope_correlation``, ``found_rate``, and
        ``distance_to_people``: mean absolute difference of the indices from people's. NaN where a model has not
        searched all of them.
    """
    names = [experiment.name for experiment in experiments]
    known = [experiment for experiment in experiments if experiment.human_rt_ms]
    rows = []
    if known:
        human = {one.name: human_index(one) for one in known}
        whole = {"mean": float(np.mean(list(human.values()))), "human_polarity_count": len(known)}
        rows.append({"model": "people", **human, **whole})
    for model, mine in scores.groupby("experiment", sort=False):
        indices = mine[mine["metric"].isin(("asymmetry_index", "mean_asymmetry_index"))]
        row = {"model": model}
        for one in indices.to_dict("records"):
            name = "mean" if one["metric"] == "mean_asymmetry_index" else one["protocol"]
            row |= {name: one["value"], f"{name}_low": one["ci_low"], f"{name}_high": one["ci_high"]}
        whole = mine[mine["protocol"] == "all"]
        rows.append(row | dict(zip(whole["metric"], whole["value"], strict=True)))
    columns = [f"{name}{end}" for name in (*names, "mean") for end in ("", "_low", "_high")]
    table = pd.DataFrame(rows).reindex(
        columns=["model", *columns, "human_polarity_count", "slope_correlation", "found_rate"]
    )
    if known:
        apart = table[[one.name for one in known]].astype(float)
        table["distance_to_people"] = (apart - apart.iloc[0]).abs().mean(axis=1, skipna=False)
    return table


def found_areas(trials: pd.DataFrame, experiments: Sequence[Experiment]) -> tuple[np.ndarray, np.ndarray]:
    """Area under cumulative performance of each trial, and of chance: cells in random order, none twice."""
    areas, chance = np.empty(len(trials)), np.empty(len(trials))
    for experiment in experiments:
        mine = (trials["experiment"] == experiment.name).to_numpy()
        steps = np.arange(1, experiment.most_fixations)
        n = trials.loc[mine, "n_fixations"].to_numpy()[:, None]
        areas[mine] = (trials.loc[mine, "found"].to_numpy(bool)[:, None] & (n <= steps)).mean(axis=1)
        chance[mine] = np.minimum(steps / (experiment.grid[0] * experiment.grid[1]), 1).mean()
    return areas, chance


def _performance(trials: pd.DataFrame, experiments: Sequence[Experiment], resamples: int) -> dict[str, Any]:
    """Area under cumulative performance, mean over displays."""
    areas, chance = found_areas(trials, experiments)
    area = float(areas.mean())
    return {
        "protocol": "all", "metric": "auc_performance", "value": area,
        **_interval(_resampled(areas, resamples, np.random.default_rng(0)), area), "chance": float(chance.mean()),
        "ceiling": 1.0, "p": sign_flip_p(areas - chance), "n": len(areas),
    }  # fmt: skip


def _cells(trials: pd.DataFrame, experiment: Experiment) -> Mapping[str, list[np.ndarray]]:
    """Times of each set size of each condition."""
    found = {}
    for condition in experiment.conditions:
        mine = trials[trials["condition"] == condition.name]
        found[condition.name] = [mine.loc[mine["set_size"] == n, "rt_ms"].to_numpy(float) for n in experiment.set_sizes]
        for n, values in zip(experiment.set_sizes, found[condition.name], strict=True):
            if not len(values):
                raise DataError(
                    f"no trials of {condition.name} with {n} items",
                    where=f"experiment {experiment.name}",
                    remedy="Run all set sizes of both conditions",
                )
    return found


def _resampled(values: np.ndarray, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """Means (resamples,) of draws with replacement."""
    return values[rng.integers(0, len(values), (resamples, len(values)))].mean(1)


def _slopes(sizes: np.ndarray, means: list[np.ndarray]) -> np.ndarray:
    """Slopes (n,) of means (n_sizes, n); rounding errors of flat ones are 0."""
    centred = sizes - sizes.mean()
    return np.round(centred @ np.array(means) / (centred @ centred), 9)


def _interval(drawn: np.ndarray, value: float) -> dict[str, float]:
    """Percentiles 2.5 and 97.5, stretched to the estimate where draws lie beside it (those of a saturated index)."""
    if not len(drawn) or not np.isfinite(value):
        return {"ci_low": np.nan, "ci_high": np.nan}
    low, high = np.percentile(drawn, [2.5, 97.5])
    return {"ci_low": min(float(low), value), "ci_high": max(float(high), value)}


def _reassigned(cell: list[np.ndarray], resamples: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Means (resamples,) of each set size where the displays are shuffled over the set sizes."""
    shuffled = rng.permuted(np.tile(np.concatenate(cell), (resamples, 1)), axis=1)
    edges = np.cumsum([0, *map(len, cell)])
    return [shuffled[:, a:b].mean(1) for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _correlations(drawn: np.ndarray, human: np.ndarray) -> np.ndarray:
    """Pearson r (n,) of draws (n_slopes, n) with people's slopes; NaN where a draw does not vary."""
    if len(human) < 3:
        return np.empty(0)
    drawn, human = drawn - drawn.mean(0), human - human.mean()
    return human @ drawn / np.sqrt((human @ human) * (drawn**2).sum(0))


def _indices(hard: np.ndarray, easy: np.ndarray) -> np.ndarray:
    hard, easy = np.maximum(hard, 0), np.maximum(easy, 0)
    total = hard + easy
    return np.divide(hard - easy, total, out=np.zeros_like(total), where=total > 0)


def _permuted(
    sizes: np.ndarray, hard: list[np.ndarray], easy: list[np.ndarray], resamples: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of both conditions where their labels are shuffled within each set size."""
    means = []
    for one, other in zip(hard, easy, strict=True):
        both = rng.permuted(np.tile(np.concatenate([one, other]), (resamples, 1)), axis=1)
        means.append((both[:, : len(one)].mean(1), both[:, len(one) :].mean(1)))
    return tuple(_slopes(sizes, [pair[k] for pair in means]) for k in range(2))
