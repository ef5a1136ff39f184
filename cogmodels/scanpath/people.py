"""Scores of scanpath models person by person: how far they hold for new people, new images, and both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cogmodels.metrics.scanpath.search_efficiency import (
    found_by_step,
    probability_mismatch,
    scanpath_ratio,
    steps_to_target,
)
from cogmodels.metrics.uncertainty import crossed_interval
from cogmodels.scanpath.score import STEPWISE
from cogmodels.scanpath.viewing import view_name

#: Fixations after the start that count in search efficiency, as COCO-Search18 has it.
STEPS = 6
Box = tuple[float, float, float, float]


def target_boxes(scenes: pd.DataFrame) -> dict[str, tuple[float, float, float, float]]:
    """Box (left, top, right, bottom), px, of the target of each view that has one; ``image, target`` and sides."""
    sides = scenes[["left", "top", "right", "bottom"]].apply(pd.to_numeric, errors="coerce")
    return {
        view_name(image, target): tuple(map(float, box))
        for image, target, box in zip(scenes["image"], scenes["target"], sides.to_numpy(), strict=True)
        if np.isfinite(box).all()
    }


def step_persons(steps: pd.DataFrame) -> pd.DataFrame:
    """``stimulus, subject, metric, value`` of :func:`cogmodels.scanpath.score.score_steps`: means over fixations."""
    names = [name for name in STEPWISE if name in steps]
    means = steps.groupby(["stimulus", "subject"])[names].mean()
    found = means.melt(ignore_index=False, var_name="metric").dropna(subset=["value"]).reset_index()
    return found[["stimulus", "subject", "metric", "value"]]


def person_intervals(persons: pd.DataFrame, *, bootstrap: int = 2000, seed: int = 0) -> pd.DataFrame:
    """Intervals of each metric's mean over people and images, with images, people or both drawn anew.

    Parameters
    ----------
    persons : DataFrame
        ``stimulus, subject, metric, value``; values of several runs are averaged first.
    bootstrap, seed : int
        Bootstrap samples, and their seed.

    Returns
    -------
    DataFrame
        ``metric, unit, value, ci_low, ci_high, n``; unit: image, person, or person x image
        (:func:`cogmodels.metrics.uncertainty.crossed_interval`). n: units, of the last pairs that there are.
    """
    rows = []
    for metric, mine in persons.groupby("metric", sort=False):
        table = mine.pivot_table(index="subject", columns="stimulus", values="value", aggfunc="mean").to_numpy()
        for unit, people, images in (("image", False, True), ("person", True, False), ("person x image", True, True)):
            low, high = crossed_interval(table, rows=people, columns=images, samples=bootstrap, seed=seed)
            n = {"image": table.shape[1], "person": table.shape[0]}.get(unit, int(np.isfinite(table).sum()))
            rows.append((metric, unit, float(np.nanmean(table)), low, high, n))
    return pd.DataFrame(rows, columns=["metric", "unit", "value", "ci_low", "ci_high", "n"])


def search_images(
    people: Mapping[str, Sequence[np.ndarray]],
    samples: Mapping[str, Sequence[np.ndarray]],
    boxes: Mapping[str, Box],
    *,
    first_is_start: bool = True,
) -> pd.DataFrame:
    """Search efficiency of a model's scanpaths, view by view.

    Parameters
    ----------
    people, samples : mapping of view -> scanpaths (k, 3)
        Of people, and of the model.
    boxes : mapping of view -> (left, top, right, bottom)
        Of the targets, px; other views are left out.

    Returns
    -------
    DataFrame
        ``stimulus, metric, value, chance, ceiling`` of ``tfp_auc`` and ``scanpath_ratio``. Chance: the samples of the
        next view in order of names. Ceiling: people.
    """
    names, rows = sorted(set(people) & set(samples) & set(boxes)), []
    for number, name in enumerate(names):
        sets = samples[name], samples[names[(number + 1) % len(names)]], people[name]
        for metric, score in (("tfp_auc", _tfp_auc), ("scanpath_ratio", _ratio)):
            rows.append((name, metric, *(score(paths, boxes[name], first_is_start) for paths in sets)))
    return pd.DataFrame(rows, columns=["stimulus", "metric", "value", "chance", "ceiling"])


def search_curves(
    people: Mapping[str, Sequence[np.ndarray]],
    samples: Mapping[str, Sequence[np.ndarray]],
    boxes: Mapping[str, Box],
    *,
    first_is_start: bool = True,
    bootstrap: int = 2000,
    seed: int = 0,
) -> pd.DataFrame:
    """Target fixation probability by step, and how much it differs.

    Returns
    -------
    DataFrame
        ``who, step, value, ci_low, ci_high, n``: of model and people at each step, and ``mismatch`` (step 0), the sum
        of the absolute differences; intervals over views (drawn anew with replacement), n views. The mismatch of two
        curves that differ by chance alone is above 0.
    """
    names = sorted(set(people) & set(samples) & set(boxes))
    columns = ["who", "step", "value", "ci_low", "ci_high", "n"]
    if not names:
        return pd.DataFrame(columns=columns)
    curves = {
        who: np.array(
            [found_by_step(steps_to_target(paths[n], boxes[n], first_is_start=first_is_start), STEPS) for n in names]
        )
        for who, paths in (("model", samples), ("people", people))
    }
    rows, generator = [], np.random.default_rng([seed, 59])
    weights = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=bootstrap) / len(names)
    drawn = {who: weights @ curve for who, curve in curves.items()}
    for who, curve in curves.items():
        low, high = np.quantile(drawn[who], [0.025, 0.975], axis=0)
        rows += [(who, k + 1, curve.mean(axis=0)[k], low[k], high[k], len(names)) for k in range(STEPS)]
    gap = probability_mismatch(curves["model"].mean(axis=0), curves["people"].mean(axis=0))
    low, high = np.quantile(np.abs(drawn["model"] - drawn["people"]).sum(axis=1), [0.025, 0.975])
    rows.append(("mismatch", 0, gap, low, high, len(names)))
    return pd.DataFrame(rows, columns=columns)


def _tfp_auc(paths: Sequence[np.ndarray], box: Box, first_is_start: bool) -> float:
    return float(found_by_step(steps_to_target(paths, box, first_is_start=first_is_start), STEPS).sum())


def _ratio(paths: Sequence[np.ndarray], box: Box, first_is_start: bool) -> float:
    found = np.array([scanpath_ratio(path, box, first_is_start=first_is_start) for path in paths])
    return float(found[np.isfinite(found)].mean()) if np.isfinite(found).any() else float("nan")
