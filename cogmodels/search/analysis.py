"""How search grows with the number of items: slopes, asymmetries, cumulative performance; people beside models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.stats import binom, pearsonr

from cogmodels.errors import DataError
from cogmodels.search.displays import Condition, Experiment

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


def slopes_of_trials(
    trials: pd.DataFrame, experiments: Sequence[Experiment], *, resamples: int = 2000, seed: int = 0
) -> tuple[pd.DataFrame, pd.DataFrame]:
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
    slopes : DataFrame
        experiment, condition, slope, ci_low, ci_high (ms an item), human, efficiency, n (displays).
    asymmetries : DataFrame
        experiment, index, ci_low, ci_high, human, p, n: a row an experiment, then one (``mean``) over them. p: share
        of permutations of the conditions' labels within set sizes whose index is at least as far on people's side.

    Raises
    ------
    DataError
        A set size of a condition has no trials.
    """
    rng = np.random.default_rng(seed)
    slope_rows, index_rows, drawn, permuted = [], [], [], []
    for experiment in experiments:
        mine = trials[trials["experiment"] == experiment.name]
        cells = _cells(mine, experiment)
        people = human_slopes(experiment)
        hard, easy = hard_and_easy(experiment)
        sizes = np.array(experiment.set_sizes, dtype=float)
        resampled = {
            name: _slopes(sizes, [_resampled(values, resamples, rng) for values in cell])
            for name, cell in cells.items()
        }
        observed = {name: slope(sizes, np.array([v.mean() for v in cell])) for name, cell in cells.items()}
        for condition in experiment.conditions:
            low, high = np.percentile(resampled[condition.name], [2.5, 97.5])
            slope_rows.append(
                {
                    "experiment": experiment.name, "condition": condition.name, "slope": observed[condition.name],
                    "ci_low": low, "ci_high": high, "human": people.get(condition.name, np.nan),
                    "efficiency": efficiency(observed[condition.name]),
                    "n": int(sum(map(len, cells[condition.name]))),
                }
            )  # fmt: skip
        index = asymmetry_index(observed[hard.name], observed[easy.name])
        indices = _indices(resampled[hard.name], resampled[easy.name])
        under_null = _indices(*_permuted(sizes, cells[hard.name], cells[easy.name], resamples, rng))
        drawn.append(indices)
        permuted.append(under_null)
        index_rows.append(
            {
                "experiment": experiment.name, "index": index, "ci_low": np.percentile(indices, 2.5),
                "ci_high": np.percentile(indices, 97.5),
                "human": asymmetry_index(people[hard.name], people[easy.name]) if people else np.nan,
                "p": (1 + (under_null >= index).sum()) / (1 + resamples), "n": len(mine),
            }
        )  # fmt: skip
    table = pd.DataFrame(index_rows)
    mean, under_null = np.mean(drawn, axis=0), np.mean(permuted, axis=0)
    table.loc[len(table)] = {
        "experiment": "mean", "index": table["index"].mean(), "ci_low": np.percentile(mean, 2.5),
        "ci_high": np.percentile(mean, 97.5), "human": table["human"].mean(),
        "p": (1 + (under_null >= table["index"].mean()).sum()) / (1 + resamples), "n": len(trials),
    }  # fmt: skip
    return pd.DataFrame(slope_rows), table


def slope_correlation(slopes: pd.DataFrame) -> tuple[float, float, int]:
    """Pearson r of a model's slopes with people's, its p, and how many there are; NaN where either does not vary."""
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
    slopes, asymmetries = slopes_of_trials(trials, experiments, resamples=resamples)
    names = ("ci_low", "ci_high")
    rows = [
        {
            "protocol": row["condition"], "metric": "slope_ms_per_item", "value": row["slope"],
            **{name: row[name] for name in names}, "chance": 0.0, "ceiling": row["human"], "p": np.nan, "n": row["n"],
        }
        for row in slopes.to_dict("records")
    ]  # fmt: skip
    for row in asymmetries.to_dict("records"):
        whole = row["experiment"] == "mean"
        rows.append(
            {
                "protocol": "all" if whole else row["experiment"],
                "metric": "mean_asymmetry_index" if whole else "asymmetry_index",
                "value": row["index"], **{name: row[name] for name in names}, "chance": 0.0, "ceiling": row["human"],
                "p": row["p"], "n": row["n"],
            }
        )  # fmt: skip
    single = asymmetries[asymmetries["experiment"] != "mean"]
    with_people = [one for one in experiments if human_slopes(one)]
    if with_people:
        count = int((single["index"] > 0).sum())
        # An index of random sign is above 0 in half of the experiments.
        tail = _binomial_tail(count, len(single))
        rows.append(
            {
                "protocol": "all", "metric": "human_polarity_count", "value": count, "ci_low": np.nan,
                "ci_high": np.nan, "chance": len(single) / 2, "ceiling": len(single), "p": tail, "n": len(single),
            }
        )  # fmt: skip
        r, p, n = slope_correlation(slopes)
        if np.isfinite(r):
            rows.append(
                {
                    "protocol": "all", "metric": "slope_correlation", "value": r, "ci_low": np.nan, "ci_high": np.nan,
                    "chance": 0.0, "ceiling": 1.0, "p": p, "n": n,
                }
            )  # fmt: skip
    found = trials["found"].to_numpy(float)
    rng = np.random.default_rng(0)
    drawn = found[rng.integers(0, len(found), (resamples, len(found)))].mean(1)
    rows.append(
        {
            "protocol": "all", "metric": "found_rate", "value": found.mean(), "ci_low": np.percentile(drawn, 2.5),
            "ci_high": np.percentile(drawn, 97.5), "chance": np.nan, "ceiling": 1.0, "p": np.nan, "n": len(found),
        }
    )  # fmt: skip
    units = {"human_polarity_count": "experiments", "slope_correlation": "slopes"}
    scores = pd.DataFrame(rows)
    return scores.assign(unit_of_n=[units.get(metric, "displays") for metric in scores["metric"]])


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
    centred = sizes - sizes.mean()
    return centred @ np.array(means) / (centred @ centred)


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


def _binomial_tail(count: int, n: int) -> float:
    """Probability of at least ``count`` of ``n`` where each has a half."""
    return float(binom.sf(count - 1, n, 0.5))
