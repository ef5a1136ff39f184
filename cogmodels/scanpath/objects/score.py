"""Scores of models of objects, scene by scene and person by person, beside chance and people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cogmodels.metrics.scanpath.behaviour import BEHAVIOUR, behaviour
from cogmodels.metrics.scanpath.multimatch import DIMENSIONS, multimatch
from cogmodels.metrics.scanpath.paths import pack
from cogmodels.metrics.scanpath.strings import sequence_score
from cogmodels.scanpath.objects.layouts import Layouts, fixated_objects

#: Of pairs of sequences.
LIKENESS = ("sequence_score", *(f"multimatch_{name}" for name in DIMENSIONS[:4]))
_COLUMNS = ["run", "stimulus", "subject", "metric", "value", "chance", "ceiling"]


def score_objects(
    predictions: Sequence[pd.DataFrame],
    steps: Sequence[pd.DataFrame],
    people: pd.DataFrame,
    layouts: Layouts,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Values of all runs (seeds) of an experiment.

    Parameters
    ----------
    predictions, steps : sequences of DataFrame
        Drawn sequences and judged steps of each run.
    people : DataFrame
        ``subject, stimulus, index, object`` of people on the test scenes.
    layouts : Layouts
    seed : int
        Of the circle of scenes along which chance is one step.

    Returns
    -------
    DataFrame
        ``run, stimulus, subject, metric, value, chance, ceiling``, a row a scene, person and metric. Value: mean over
        the samples, each with the person's scanpath. Chance: with the samples of another scene, mapped to the objects
        here. Ceiling: mean over the other people. ``sequence_score_greedy``: the likeliest sequence instead of samples.
        ``next_object_probability``: mean probability of the object that was next (OAT: SIM); chance: of any.
        ``behaviour_<name>``: what the samples do, those of the other scene do, and (ceiling) the person does.
    """
    names = sorted(set(people["stimulus"]))
    circle = np.random.default_rng([seed, 73]).permutation(len(names))
    follower = {names[circle[i]]: names[circle[(i + 1) % len(names)]] for i in range(len(names))}
    humans = _by_scene(people)
    rows = []
    for run, (drawn, judged) in enumerate(zip(predictions, steps, strict=True)):
        models = _by_scene(drawn)
        for name in names:
            given = (humans[name], models[name], _moved(drawn, follower[name], name, layouts))
            rows += [(run, name, *row) for row in _scene_rows(name, layouts, *given)]
        rows += [(run, *row) for row in _step_rows(judged, layouts)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def _by_scene(table: pd.DataFrame) -> dict[str, dict[str, np.ndarray]]:
    found: dict[str, dict[str, np.ndarray]] = {}
    ordered = table.sort_values("index", kind="stable")
    for (stimulus, subject), mine in ordered.groupby(["stimulus", "subject"], sort=True):
        found.setdefault(stimulus, {})[subject] = mine["object"].to_numpy()
    return found


def _moved(drawn: pd.DataFrame, source: str, scene: str, layouts: Layouts) -> dict[str, np.ndarray]:
    """Sequences of another scene, as objects of this one at the same places."""
    code = layouts.names.index(scene)
    mine = drawn[drawn["stimulus"] == source]
    return _by_scene(
        mine.assign(object=fixated_objects(mine["x"], mine["y"], layouts.boxes[code][layouts.there[code]]))
    )[source]


def _scene_rows(
    name: str,
    layouts: Layouts,
    people: Mapping[str, np.ndarray],
    samples: Mapping[str, np.ndarray],
    chance: Mapping[str, np.ndarray],
) -> list[tuple]:
    """Subject, metric, value, chance, ceiling of a scene."""
    code = layouts.names.index(name)
    target, subjects = int(layouts.target[code]), list(people)
    groups = {"people": list(people.values())}
    for kind, source in (("value", samples), ("chance", chance)):
        for who in ("sample", "greedy"):
            groups[f"{kind}_{who}"] = [path for subject, path in source.items() if subject.startswith(who)]
    found = {kind: likeness(mine, groups["people"], layouts, code) for kind, mine in groups.items() if mine}
    rows = []
    for row, subject in enumerate(subjects):
        others = np.arange(len(subjects)) != row
        for place, metric in enumerate(LIKENESS):
            ceiling = _mean(found["people"][others, row, place])
            value, luck = (_mean(found[f"{kind}_sample"][:, row, place]) for kind in ("value", "chance"))
            rows.append((subject, metric, value, luck, ceiling))
        if "value_greedy" in found:
            pair = (_mean(found[f"{kind}_greedy"][:, row, 0]) for kind in ("value", "chance"))
            rows.append((subject, "sequence_score_greedy", *pair, _mean(found["people"][others, row, 0])))
    means = {
        kind: np.mean([behaviour(path, target) for path in groups[f"{kind}_sample"]], axis=0)
        for kind in ("value", "chance")
    }
    for subject, path in people.items():
        every = zip(BEHAVIOUR, means["value"], means["chance"], behaviour(path, target), strict=True)
        rows += [(subject, f"behaviour_{one}", *values) for one, *values in every]
    return rows


def likeness(first: Sequence[np.ndarray], second: Sequence[np.ndarray], layouts: Layouts, scene: int) -> np.ndarray:
    """Likeness (n, m, metrics) of sequences of objects, in order of :data:`LIKENESS`.

    MultiMatch is of the middles of boxes, px, relative to the diagonal of the scene; NaN where a sequence has fewer
    than three fixations.
    """
    centres, size = layouts.centres(scene), tuple(layouts.size_px[scene])
    paths = pack([centres[path] for path in (*first, *second)]).with_symbols(np.concatenate([*first, *second]))
    i, j = np.indices((len(first), len(second)))
    pairs = np.column_stack([i.ravel(), len(first) + j.ravel()])
    score = sequence_score(paths, paths, pairs=pairs)
    match = multimatch(paths, paths, size, use_duration=False, pairs=pairs)[:, :4]
    return np.column_stack([score, match]).reshape(len(first), len(second), -1)


def _step_rows(steps: pd.DataFrame, layouts: Layouts) -> list[tuple]:
    means = steps.groupby(["stimulus", "subject"])[["probability", "log_likelihood_bits"]].mean()
    rows = []
    for (stimulus, subject), mine in means.iterrows():
        n = int(layouts.there[layouts.names.index(stimulus)].sum())
        rows.append((stimulus, subject, "next_object_probability", mine["probability"], 1 / n, np.nan))
        rows.append((stimulus, subject, "log_likelihood_bits", mine["log_likelihood_bits"], 0.0, np.nan))
    return rows


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")
