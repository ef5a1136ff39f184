"""Scores of models of objects in all: intervals over scenes and over people, tests against chance and other models."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.metrics.scanpath.behaviour import BEHAVIOUR
from cogmodels.metrics.uncertainty import permutation_p, sign_flip_p

DELTA = "behavioural_delta"
#: What a bootstrap draws anew.
UNITS = ("scenes", "people", "both")
#: Swaps behind a p-value of the behavioural delta.
_SWAPS = 2000


@dataclass(frozen=True)
class Values:
    """Values of one metric (n_scenes, n_people, k): NaN where a person has no scanpath. ``delta``: k behaviours that
    become the behavioural delta, of which less is better; people's are the ceiling."""

    value: np.ndarray
    chance: np.ndarray
    ceiling: np.ndarray
    delta: bool = False


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
    found = {name: Values(*each) for name, each in arrays.items() if not name.startswith("behaviour_")}
    behaviours = (np.concatenate(each, -1) for each in zip(*(arrays[f"behaviour_{n}"] for n in BEHAVIOUR), strict=True))
    return found | {DELTA: Values(*behaviours, delta=True)}


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
        value, chance = (float(_reduced(one, each)[0]) for each in (one.value, one.chance))
        scores.append(
            {
                "metric": metric, "value": value, "ci_low": bounds["scenes"][0], "ci_high": bounds["scenes"][1],
                "chance": chance, "ceiling": _ceiling(one), "p": _p(one, one.value, one.chance, seed),
                "n": len(one.value), "unit_of_n": "scene",
            }
        )  # fmt: skip
    return pd.DataFrame(scores), pd.DataFrame(intervals, columns=["metric", "over", "ci_low", "ci_high"])


def scene_units(table: pd.DataFrame) -> pd.DataFrame:
    """``metric, unit_of_n, unit, value`` of each scene, of which :func:`summarise` takes the means.

    Not of the behavioural delta, which is of all scenes together: `compare_objects` swaps them.
    """
    scenes, rows = sorted(set(table["stimulus"])), []
    for metric, one in values_of(table).items():
        if not one.delta:
            alone = np.eye(len(scenes)), np.ones((len(scenes), one.value.shape[1]))
            rows += zip([metric] * len(scenes), scenes, _over_scenes(one.value, *alone)[:, 0], strict=True)
    return pd.DataFrame(rows, columns=["metric", "unit", "value"]).assign(unit_of_n="scene")


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
                bounds = [_interval(pair, over, bootstrap, seed) for over in ("scenes", "people")]
                p = _p(pair[0], pair[0].value, pair[1].value, seed)
                rows.append((metric, one, other, float(_gap(pair)[0]), *bounds[0], *bounds[1], p, len(pair[0].value)))
    names = ["metric", "experiment", "versus", "difference", "ci_low", "ci_high", "people_low", "people_high", "p", "n"]
    return pd.DataFrame(rows, columns=names)


def behaviours(table: pd.DataFrame) -> pd.DataFrame:
    """``behaviour, model, people, chance, term``: means, and terms of the behavioural delta (NaN: left out)."""
    one = values_of(table)[DELTA]
    scenes, people = _once(one.value)
    model, chance, human = (
        _over_scenes(one.value, scenes, people)[0],
        _over_scenes(one.chance, scenes, people)[0],
        _over_trials(one.ceiling, scenes, people)[0],
    )
    term = np.full(len(human), np.nan)
    np.divide(np.abs(model - human), human, out=term, where=human > 0)
    return pd.DataFrame({"behaviour": BEHAVIOUR, "model": model, "people": human, "chance": chance, "term": term})


def _once(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights (1, n_scenes) and (1, n_people) of all as they are."""
    return np.ones((1, len(values))), np.ones((1, values.shape[1]))


def _over_scenes(values: np.ndarray, scenes: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Means (draws, k) over scenes of means over people; weights (draws, n_scenes) and (draws, n_people).

    Scenes whose people have no value are left out.
    """
    known = np.isfinite(values)
    with np.errstate(invalid="ignore", divide="ignore"):
        each = np.einsum("dp,spk->dsk", people, np.where(known, values, 0)) / np.einsum("dp,spk->dsk", people, known)
        there = np.isfinite(each)
        total = np.einsum("ds,dsk->dk", scenes, np.where(there, each, 0))
        return total / np.einsum("ds,dsk->dk", scenes, there)


def _over_trials(values: np.ndarray, scenes: np.ndarray, people: np.ndarray) -> np.ndarray:
    """Means (draws, k) over scanpaths."""
    known = np.isfinite(values)
    total = np.einsum("ds,dp,spk->dk", scenes, people, np.where(known, values, 0), optimize=True)
    return total / np.einsum("ds,dp,spk->dk", scenes, people, known, optimize=True)


def _deltas(model: np.ndarray, human: np.ndarray) -> np.ndarray:
    """Behavioural deltas (draws,), as :func:`cogmodels.metrics.scanpath.behaviour.behavioural_delta` has each."""
    shown = human > 0
    terms = np.abs(model - human) / np.where(shown, human, 1)
    with np.errstate(invalid="ignore"):
        return np.where(shown, terms, 0).sum(-1) / shown.sum(-1)


def _reduced(
    one: Values, values: np.ndarray, scenes: np.ndarray | None = None, people: np.ndarray | None = None
) -> np.ndarray:
    """The metric (draws,) of some scenes and people; people's behaviour is a mean over scanpaths."""
    scenes, people = (
        everyone if given is None else given for everyone, given in zip(_once(values), (scenes, people), strict=True)
    )
    found = _over_scenes(values, scenes, people)
    return _deltas(found, _over_trials(one.ceiling, scenes, people)) if one.delta else found[:, 0]


def _gap(pair: list[Values], scenes: np.ndarray | None = None, people: np.ndarray | None = None) -> np.ndarray:
    """A metric (draws,), or of two models how much better the first is."""
    first, *rest = (_reduced(one, one.value, scenes, people) for one in pair)
    if not rest:
        return first
    return (first - rest[0]) * (-1 if pair[0].delta else 1)


def _interval(pair: list[Values], over: str, draws: int, seed: int) -> tuple[float, float]:
    generator = np.random.default_rng([seed, 17])
    n, m = pair[0].value.shape[:2]
    scenes, people = (
        generator.multinomial(size, np.full(size, 1 / size), draws) if drawn else np.ones((draws, size))
        for size, drawn in ((n, over != "people"), (m, over != "scenes"))
    )
    low, high = np.nanquantile(_gap(pair, scenes.astype(float), people.astype(float)), [0.025, 0.975])
    return float(low), float(high)


def _ceiling(one: Values) -> float:
    """People with each other; of the behavioural delta each person against the others, of whom the mean is taken."""
    if not np.isfinite(one.ceiling).any():
        return float("nan")
    scenes, everyone = _once(one.ceiling)
    if not one.delta:
        return float(_over_scenes(one.ceiling, scenes, everyone)[0, 0])
    each = []
    for person in np.flatnonzero(np.isfinite(one.ceiling).any((0, 2))):
        alone = np.eye(everyone.shape[1])[[person]]
        mine, others = (_over_trials(one.ceiling, scenes, who) for who in (alone, everyone - alone))
        each.append(_deltas(mine, others)[0])
    return float(np.mean(each))


def _p(one: Values, value: np.ndarray, other: np.ndarray, seed: int) -> float:
    """One-sided p of ``value`` being better than ``other``."""
    scenes, people = _once(value)
    # Means over people (n_scenes, k), of each scene on its own.
    alone = np.eye(len(value)), np.ones((len(value), value.shape[1]))
    mine, theirs = (_over_scenes(each, *alone) for each in (value, other))
    if not one.delta:
        gap = (mine - theirs)[:, 0]
        gap = gap[np.isfinite(gap)]
        # Nothing is gained over itself.
        return sign_flip_p(gap, seed=seed) if len(gap) and np.abs(gap).max() > 1e-12 else 1.0
    human = _over_trials(one.ceiling, scenes, people)
    swapped = np.random.default_rng([seed, 47]).random((_SWAPS, len(value), 1)) < 0.5
    first, second = (np.where(swapped, a, b).mean(1) for a, b in ((theirs, mine), (mine, theirs)))
    observed = _deltas(theirs.mean(0, keepdims=True), human) - _deltas(mine.mean(0, keepdims=True), human)
    return permutation_p(float(observed[0]), _deltas(second, human) - _deltas(first, human))
