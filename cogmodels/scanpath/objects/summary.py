"""Scores of models of objects in all: intervals over scenes and over people, tests against chance and other models."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.metrics.scanpath.behaviour import BEHAVIOUR, behavioural_delta
from cogmodels.metrics.uncertainty import permutation_p, sign_flip_p

DELTA = "behavioural_delta"
#: What a bootstrap draws anew.
UNITS = ("scenes", "people", "both")


@dataclass(frozen=True)
class Values:
    """Values of one metric (n_scenes, n_people, k): NaN where a person has no scanpath. ``reduce``: of some scenes and
    people of them to a number; ``less``: less is better."""

    value: np.ndarray
    chance: np.ndarray
    ceiling: np.ndarray
    reduce: Callable[[np.ndarray, np.ndarray], float]
    less: bool = False


def values_of(table: pd.DataFrame) -> dict[str, Values]:
    """Metrics of :func:`cogmodels.scanpath.objects.score.score_objects`, means over runs, and the behavioural delta."""
    scenes, people = sorted(set(table["stimulus"])), sorted(set(table["subject"]))
    means = table.groupby(["metric", "stimulus", "subject"], sort=False)[["value", "chance", "ceiling"]].mean()
    arrays = {
        metric: [
            mine.droplevel(0)[kind].unstack("subject").reindex(index=scenes, columns=people).to_numpy(float)[..., None]
            for kind in ("value", "chance", "ceiling")
        ]
        for metric, mine in means.groupby(level=0, sort=False)
    }
    found = {
        name: Values(*each, reduce=lambda values, _: _over_scenes(values)[0])
        for name, each in arrays.items()
        if not name.startswith("behaviour_")
    }
    behaviours = (np.concatenate(each, -1) for each in zip(*(arrays[f"behaviour_{n}"] for n in BEHAVIOUR), strict=True))
    return found | {DELTA: Values(*behaviours, reduce=_delta, less=True)}


def _over_scenes(values: np.ndarray) -> np.ndarray:
    """Means (k,) over scenes of means over people; scenes without any are left out."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Mean of empty slice")
        return np.nanmean(np.nanmean(values, axis=1), axis=0)


def _delta(model: np.ndarray, human: np.ndarray) -> float:
    """Behavioural delta; people's behaviour is a mean over scanpaths, the model's one over scenes."""
    return behavioural_delta(_over_scenes(model), np.nanmean(human, axis=(0, 1)))


def summarise(table: pd.DataFrame, *, bootstrap: int = 2000, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rows of the table of scores, and intervals over scenes, people and both.

    Returns
    -------
    scores : DataFrame
        ``metric, value, ci_low, ci_high`` (over scenes), ``chance, ceiling, p, n, unit_of_n``. p: one-sided, against
        chance; signs are flipped scene by scene, of the behavioural delta the model's scanpaths and chance's swapped.
    intervals : DataFrame
        ``metric, over, ci_low, ci_high``: 95 % of bootstrap means, scenes, people or both drawn with replacement. There
        are few people: theirs is rough, and too narrow rather than too wide.
    """
    scores, intervals = [], []
    for metric, one in values_of(table).items():
        bounds = {over: _interval([one], over, bootstrap, seed) for over in UNITS}
        intervals += [(metric, over, *both) for over, both in bounds.items()]
        scores.append(
            {
                "metric": metric, "value": one.reduce(one.value, one.ceiling), "ci_low": bounds["scenes"][0],
                "ci_high": bounds["scenes"][1], "chance": one.reduce(one.chance, one.ceiling),
                "ceiling": _ceiling(one), "p": _p(one.value, one.chance, one, seed), "n": len(one.value),
                "unit_of_n": "scene",
            }
        )  # fmt: skip
    return pd.DataFrame(scores), pd.DataFrame(intervals, columns=["metric", "over", "ci_low", "ci_high"])


def compare_objects(tables: Mapping[str, pd.DataFrame], *, bootstrap: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Differences of every two models on the same scenes and people.

    Returns
    -------
    DataFrame
        ``metric, experiment, versus, difference, ci_low, ci_high`` (over scenes), ``people_low, people_high, p, n``;
        above 0 the first is better. p: one-sided, as :func:`summarise` has it against chance.
    """
    found, rows = {name: values_of(table) for name, table in tables.items()}, []
    for one in found:
        for other in found:
            for metric in found[one] if one != other else ():
                if metric not in found[other]:
                    continue
                pair = [found[one][metric], found[other][metric]]
                gap = _gap(pair, *(np.arange(n) for n in pair[0].value.shape[:2]))
                bounds = [_interval(pair, over, bootstrap, seed) for over in ("scenes", "people")]
                p = _p(pair[0].value, pair[1].value, pair[0], seed)
                rows.append((metric, one, other, gap, *bounds[0], *bounds[1], p, len(pair[0].value)))
    columns = ["metric", "experiment", "versus", "difference", "ci_low", "ci_high", "people_low", "people_high", "p", "n"]
    return pd.DataFrame(rows, columns=columns)


def behaviours(table: pd.DataFrame) -> pd.DataFrame:
    """``behaviour, model, people, chance, term``: means, and what each adds to the behavioural delta (NaN: left out)."""
    one = values_of(table)[DELTA]
    human = np.nanmean(one.ceiling, axis=(0, 1))
    model, chance = _over_scenes(one.value), _over_scenes(one.chance)
    term = np.full(len(human), np.nan)
    np.divide(np.abs(model - human), human, out=term, where=human > 0)
    return pd.DataFrame(
        {"behaviour": BEHAVIOUR, "model": model, "people": human, "chance": chance, "term": term}
    )


def _gap(pair: list[Values], scenes: np.ndarray, people: np.ndarray) -> float:
    """What one model has over another (or over nothing) on some scenes and people; more is better of two."""
    first, *rest = (
        one.reduce(one.value[np.ix_(scenes, people)], one.ceiling[np.ix_(scenes, people)]) for one in pair
    )
    if not rest:
        return first
    return (first - rest[0]) * (-1 if pair[0].less else 1)


def _interval(pair: list[Values], over: str, draws: int, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng([seed, 17])
    n, m = pair[0].value.shape[:2]
    found = np.empty(draws)
    for draw in range(draws):
        scenes = generator.integers(n, size=n) if over != "people" else np.arange(n)
        people = generator.integers(m, size=m) if over != "scenes" else np.arange(m)
        found[draw] = _gap(pair, scenes, people)
    low, high = np.nanquantile(found, [0.025, 0.975])
    return float(low), float(high)


def _ceiling(one: Values) -> float:
    """People with each other; of the behavioural delta each person against the others, which share the mean."""
    if not one.less:
        return one.reduce(one.ceiling, one.ceiling) if np.isfinite(one.ceiling).any() else float("nan")
    each = []
    for person in range(one.ceiling.shape[1]):
        mine, others = one.ceiling[:, person], np.delete(one.ceiling, person, axis=1)
        if np.isfinite(mine).any():
            each.append(behavioural_delta(np.nanmean(mine, axis=0), np.nanmean(others, axis=(0, 1))))
    return float(np.mean(each))


def _p(value: np.ndarray, other: np.ndarray, one: Values, seed: int, draws: int = 2000) -> float:
    if not one.less:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Mean of empty slice")
            gap = np.nanmean(value - other, axis=(1, 2))
        gap = gap[np.isfinite(gap)]
        # Nothing is gained over itself.
        return sign_flip_p(gap, seed=seed) if len(gap) and np.abs(gap).max() > 1e-12 else 1.0
    generator = np.random.default_rng([seed, 47])
    null = np.empty(draws)
    for draw in range(draws):
        swapped = generator.random((len(value), 1, 1)) < 0.5
        first, second = np.where(swapped, other, value), np.where(swapped, value, other)
        null[draw] = one.reduce(second, one.ceiling) - one.reduce(first, one.ceiling)
    return permutation_p(one.reduce(other, one.ceiling) - one.reduce(value, one.ceiling), null)
