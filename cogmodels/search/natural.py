"""Search of scenes: how soon targets are found, and how like people's a model's scanpaths are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath import strings
from cogmodels.metrics.scanpath.consistency import ComparisonSettings, pair_values
from cogmodels.metrics.scanpath.multimatch import DIMENSIONS, multimatch
from cogmodels.metrics.scanpath.paths import Scanpaths
from cogmodels.metrics.uncertainty import sign_flip_p

#: Measures of likeness that need no durations; more is more alike.
MULTIMATCH = tuple(f"multimatch_{name}" for name in DIMENSIONS if name != "duration")
SEQUENCES = ("scanmatch", "sequence_score", "stde", "fdiss")
_BOX = ["own_left", "own_top", "own_right", "own_bottom"]


@dataclass(frozen=True)
class SceneSearches:
    """A model's searches of a set of scenes.

    about : mapping
        What :func:`cogmodels.data.scenes.write_scenes` says of the set.
    scenes : DataFrame
        Its ``trials.tsv``.
    trials : DataFrame
        seed, number, found, n_fixations: a row a scene and seed; see :func:`cogmodels.search.models.run_search`.
    fixations : DataFrame
        seed, trial, index, x, y (px of the images as they are).
    """

    about: Mapping[str, Any]
    scenes: pd.DataFrame
    trials: pd.DataFrame
    fixations: pd.DataFrame

    @property
    def most(self) -> int:
        """Fixations after the start at which a search is given up."""
        return int(self.about["most_fixations"]) - 1

    @property
    def window_px(self) -> float:
        """Side of the window around a fixation, px of the images as they are."""
        return self.about["window_px"] / float(self.scenes["factor"].iloc[0])

    @property
    def settings(self) -> ComparisonSettings:
        """What scanpath metrics need to know."""
        size = float(self.scenes["width"].max()), float(self.scenes["height"].max())
        return ComparisonSettings(size, self.about["px_per_degree"] / float(self.scenes["factor"].iloc[0]))


def people_searches(
    fixations: pd.DataFrame, scenes: pd.DataFrame, *, window_px: float, most: int, first_is_start: bool = True
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """People's searches by the rules that models search by.

    Consecutive fixations nearer to each other than the window are one, at their mean; a search ends at the first
    fixation whose window reaches into the target's box, else after ``most``.

    Parameters
    ----------
    fixations : DataFrame
        A Fixations table in px of the images as they are; rows on other images are left out.
    scenes : DataFrame
        ``trials.tsv`` of the scenes. Where an image is searched for several targets, ``target`` tells which.
    window_px : float
        Side of the window, px of the images.
    most : int
        Fixations after the start at which a search counts as given up.
    first_is_start : bool
        Whether the first fixation is where the search starts; else it is the first choice already.

    Returns
    -------
    searches : DataFrame
        trial (number of the scene), subject, found, n_fixations (after the start; ``most`` where not found).
    paths : DataFrame
        trial, subject, index, x, y: the fixations after the start.

    Raises
    ------
    DataError
        There is no search of any of the scenes.

    Notes
    -----
    The conventions of ViSioNS (Travi et al. 2022, NeurIPS Datasets and Benchmarks), but for searches of one fixation,
    which count here where the start is not among the fixations.
    """
    keys = ["stimulus", "target"] if scenes["stimulus"].duplicated().any() else ["stimulus"]
    named = scenes[["trial", *keys, *_BOX]].rename(columns={"trial": "scene"})
    mine = fixations.merge(named, on=keys, how="inner")
    if mine.empty:
        raise DataError(
            "no fixation lies on any of the scenes",
            where="people's searches",
            remedy="Name images (and targets) in the scenes as the fixations do",
        )
    searches, paths = [], []
    for (scene, subject, _), path in mine.sort_values("index", kind="stable").groupby(["scene", "subject", "trial"]):
        places = merge_near(path[["x", "y"]].to_numpy(float), window_px)
        places = places[1:] if first_is_start else places
        hits = np.flatnonzero(reaches(places, path[_BOX].iloc[0].to_numpy(float), window_px))
        found = len(hits) > 0 and hits[0] < most
        n = int(hits[0]) + 1 if found else most
        places = places[:n]
        searches.append({"trial": scene, "subject": subject, "found": found, "n_fixations": n})
        index = np.arange(len(places))
        paths.append(
            pd.DataFrame({"trial": scene, "subject": subject, "index": index, "x": places[:, 0], "y": places[:, 1]})
        )
    return pd.DataFrame(searches), pd.concat(paths, ignore_index=True)


def merge_near(places: np.ndarray, apart: float) -> np.ndarray:
    """Places (n, 2), those nearer than ``apart`` to the mean of the ones just before joined to them."""
    groups: list[list[np.ndarray]] = []
    for place in places:
        if groups and np.hypot(*(place - np.mean(groups[-1], axis=0))) < apart:
            groups[-1].append(place)
        else:
            groups.append([place])
    return np.array([np.mean(group, axis=0) for group in groups]).reshape(-1, 2)


def reaches(places: np.ndarray, box: np.ndarray, window: float) -> np.ndarray:
    """Whether windows around places (n, 2) x, y reach into a box: left, top, right, bottom; below 0 it is absent."""
    half, box = window / 2, np.asarray(box, dtype=float)
    if (box < 0).any():
        return np.zeros(len(places), bool)
    near = (places - half < box[2:]) & (places + half > box[:2])
    return near.all(axis=1)


def chance_searches(
    scenes: pd.DataFrame, about: Mapping[str, Any], *, draws: int = 100, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Searches that look anywhere but where they have looked, by the rules of the scenes.

    The same process as :class:`cogmodels.search.controls.Chance` without cells, many times and without pictures.

    Returns
    -------
    found, n_fixations : (n_scenes, draws) bool, int
        Fixations after the start; the most where the target is not found.
    """
    most, half = int(about["most_fixations"]) - 1, int(about["window_px"]) // 2
    before, found_px = int(about["found_px"]) // 2, int(about["found_px"])
    found = np.zeros((len(scenes), draws), bool)
    n = np.full((len(scenes), draws), most)
    for k, row in enumerate(scenes.to_dict("records")):
        if row["top"] < 0:
            continue
        rng = np.random.default_rng([seed, 71, int(row["trial"])])
        size = np.rint(np.array([row["height"], row["width"]]) * row["factor"]).astype(int)
        corner = np.array([row["y0"], row["x0"]])
        first, last = np.array([row["top"], row["left"]]), np.array([row["bottom"], row["right"]])
        places = np.empty((draws, most + 1, 2), int)
        places[:, 0] = corner + size // 2
        going = np.ones(draws, bool)
        for step in range(1, most + 1):
            new = corner + (rng.random((draws, 2)) * size).astype(int)
            for _ in range(200):
                apart = new[:, None] - places[:, :step]
                again = ((apart >= -half) & (apart < half)).all(axis=2).any(axis=1) & going
                if not again.any():
                    break
                new[again] = corner + (rng.random((int(again.sum()), 2)) * size).astype(int)
            places[:, step] = new
            on = ((new - before < last) & (new - before + found_px > first)).all(axis=1) & going
            found[k, on], n[k, on] = True, step
            going &= ~on
            if not going.any():
                break
    return found, n


def performance(found: np.ndarray, n_fixations: np.ndarray, most: int) -> np.ndarray:
    """Share found by the 1st ... ``most``-th fixation, of each scene (n_scenes, most); given (n_scenes, repeats)."""
    steps = np.arange(1, most + 1)
    return (found[:, :, None] & (n_fixations[:, :, None] <= steps)).mean(axis=1)


def cumulative_performance(
    model: SceneSearches, people: pd.DataFrame | None = None, *, draws: int = 100, resamples: int = 2000
) -> pd.DataFrame:
    """Share of targets found by each fixation: of the model, of people and of chance.

    Parameters
    ----------
    model : SceneSearches
    people : DataFrame, optional
        Their fixations on the images.
    draws, resamples : int
        Chance searches of a scene; bootstrap samples of scenes.

    Returns
    -------
    DataFrame
        who (model, people, chance), fixation, share, ci_low, ci_high, n (scenes). Scenes without a target, and those
        whose target is found where the search starts, are left out.
    """
    rows = []
    for who, curves in _curves(model, people, draws).items():
        curves = curves[np.isfinite(curves).all(axis=1)]
        picks = np.random.default_rng([0, 83]).integers(len(curves), size=(resamples, len(curves)))
        means = np.stack([curves[pick].mean(axis=0) for pick in picks])
        low, high = np.quantile(means, [0.025, 0.975], axis=0)
        rows.append(
            pd.DataFrame(
                {
                    "who": who, "fixation": np.arange(1, model.most + 1), "share": curves.mean(axis=0), "ci_low": low,
                    "ci_high": high, "n": len(curves),
                }
            )
        )  # fmt: skip
    return pd.concat(rows, ignore_index=True)


def score_scenes(
    model: SceneSearches,
    people: pd.DataFrame | None = None,
    *,
    draws: int = 100,
    resamples: int = 2000,
    values: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Scores of a model on a set of scenes, as the study's score table has them.

    Parameters
    ----------
    model, people, draws, resamples
        As :func:`cumulative_performance` takes them.
    values : DataFrame, optional
        Of :func:`scene_values`, where they are known already.

    Returns
    -------
    DataFrame
        protocol (name of the set), metric, value, ci_low, ci_high, chance, ceiling, p, n, unit_of_n. The unit is the
        image: the interval resamples images, p flips the signs of each image's score less its chance.
        ``found_rate``, ``fixations_to_find`` (what was not found counts as the most), ``auc_performance`` (mean over
        the fixations of the share found): chance is the chance searcher, ceiling people's value. ``multimatch_*``,
        ``scanmatch``, ``sequence_score``, ``stde``, ``fdiss``: the model's scanpath with each person's on the same
        image; chance is the model's scanpath of the following image (a circle of all in random order), ceiling people
        with each other, all pairs of an image.
    """
    if values is None:
        values = scene_values(model, people, draws=draws)
    rows = []
    for metric, mine in values.groupby("metric", sort=False):
        columns = (mine[name].to_numpy() for name in ("value", "chance", "ceiling"))
        rows.append(_row(metric, *columns, resamples, -1 if metric == "fixations_to_find" else 1))
    return pd.DataFrame(rows).assign(protocol=model.about["name"], unit_of_n="images")


def scene_values(model: SceneSearches, people: pd.DataFrame | None = None, *, draws: int = 100) -> pd.DataFrame:
    """What :func:`score_scenes` takes the means of, and takes as its arguments.

    Returns
    -------
    DataFrame
        ``metric, unit`` (number of the scene), ``value, chance, ceiling`` (people's); NaN where one is not defined.
    """
    curves = _curves(model, people, draws)
    per_image = {
        who: {
            "found_rate": curve[:, -1],
            # Each fixation that passes without the target counts once.
            "fixations_to_find": 1 + (1 - curve[:, :-1]).sum(axis=1),
            "auc_performance": curve.mean(axis=1),
        }
        for who, curve in curves.items()
    }
    scenes = model.scenes["trial"].to_numpy()
    kept, nobody = scenes[_searches(model)[2]], {}
    found = {
        metric: (kept, values, per_image["chance"][metric], per_image.get("people", nobody).get(metric, np.nan))
        for metric, values in per_image["model"].items()
    }
    if people is not None:
        found |= {metric: (scenes, *columns) for metric, columns in _likeness(model, people).items()}
    columns = ("unit", "value", "chance", "ceiling")
    return pd.concat(
        [pd.DataFrame({"metric": metric, **dict(zip(columns, each, strict=True))}) for metric, each in found.items()],
        ignore_index=True,
    )


def _row(
    metric: str, values: np.ndarray, chance: np.ndarray, ceiling: np.ndarray, resamples: int, better: int = 1
) -> dict[str, Any]:
    """One score from what it is on each image; images on which it or its chance is not defined are left out."""
    known = np.isfinite(values) & np.isfinite(chance)
    values, chance = values[known], chance[known]
    if not len(values):
        return {"metric": metric, "n": 0}
    picks = np.random.default_rng([0, 17]).integers(len(values), size=(resamples, len(values)))
    low, high = np.quantile(values[picks].mean(axis=1), [0.025, 0.975])
    return {
        "metric": metric, "value": values.mean(), "ci_low": low, "ci_high": high, "chance": chance.mean(),
        "ceiling": np.nanmean(ceiling) if np.isfinite(ceiling).any() else np.nan,
        "p": sign_flip_p(better * (values - chance)), "n": len(values),
    }  # fmt: skip


def _searches(model: SceneSearches) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Whether found, and fixations (n_scenes, n_seeds); which scenes (n_scenes,) say something of searching."""
    scenes, trials = model.scenes, model.trials.sort_values(["number", "seed"])
    seeds = trials["seed"].nunique()
    if len(trials) != seeds * len(scenes):
        raise DataError(
            f"{len(trials)} searches of {len(scenes)} scenes with {seeds} seeds", where="scores", remedy="Run all"
        )
    found, n = (trials[name].to_numpy().reshape(len(scenes), seeds) for name in ("found", "n_fixations"))
    found = found.astype(bool)
    # A target that lies where the search starts says nothing of searching.
    kept = ~(found & (n == 0)).any(axis=1) & (scenes["top"].to_numpy() >= 0)
    if not kept.any():
        raise DataError(
            "all targets are absent, or lie where the search starts", where="scores", remedy="Check the boxes"
        )
    return found, n, kept


def _curves(model: SceneSearches, people: pd.DataFrame | None, draws: int) -> dict[str, np.ndarray]:
    """Share found by each fixation (n_scenes, most) of model, chance and people (NaN where nobody searched)."""
    scenes, most = model.scenes, model.most
    found, n, kept = _searches(model)
    curves = {"model": performance(found, n, most)[kept]}
    if people is not None:
        searches, _ = _people(model, people)
        mine = searches.assign(found=searches["found"].astype(bool))
        curve = np.full((len(scenes), most), np.nan)
        place = {trial: k for k, trial in enumerate(scenes["trial"])}
        for trial, some in mine.groupby("trial"):
            one = some["found"].to_numpy()[None], some["n_fixations"].to_numpy()[None]
            curve[place[trial]] = performance(*one, most)[0]
        curves["people"] = curve[kept]
    curves["chance"] = performance(*chance_searches(scenes, model.about, draws=draws), most)[kept]
    return curves


def _people(model: SceneSearches, people: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    return people_searches(
        people,
        model.scenes,
        window_px=model.window_px,
        most=model.most,
        first_is_start=model.about["first_is_start"],
    )


def _likeness(model: SceneSearches, people: pd.DataFrame) -> dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each metric (n_scenes,): with people, with those of the following image, people with each other."""
    _, theirs = _people(model, people)
    # Both without the start, which nobody chose.
    mine = model.fixations[model.fixations["index"] > 0]
    scenes = model.scenes["trial"].to_numpy()
    circle = np.random.default_rng([0, 41]).permutation(len(scenes))
    follower = np.empty(len(scenes), int)
    follower[circle] = np.roll(circle, -1)
    parts, owners = [], []  # owners: scene (number in order), kind (0 person, 1 model, 2 model elsewhere)
    of_model = {trial: [path for _, path in some.groupby("seed")] for trial, some in mine.groupby("trial")}
    for k, trial in enumerate(scenes):
        some = [path for _, path in theirs[theirs["trial"] == trial].groupby("subject")]
        if not some:
            continue
        own, other = of_model.get(trial, []), of_model.get(scenes[follower[k]], [])
        xy = [path.sort_values("index")[["x", "y"]].to_numpy(float) for path in [*some, *own, *other]]
        n = sum(map(len, xy[: len(some)]))
        together = np.concatenate(xy)
        # Clusters are people's; a model's fixation takes the nearest.
        symbols, centres = strings.cluster_symbols(*together[:n].T)
        symbols = np.concatenate([symbols, strings.nearest_symbols(*together[n:].T, centres)])
        parts += zip(xy, np.split(symbols, np.cumsum([len(one) for one in xy])[:-1]), strict=True)
        owners += [(k, 0)] * len(some) + [(k, 1)] * len(own) + [(k, 2)] * len(other)
    places = np.concatenate([one for one, _ in parts])
    paths = Scanpaths(
        places[:, 0], places[:, 1], np.full(len(places), np.nan), np.cumsum([0, *(len(one) for one, _ in parts)]),
        np.concatenate([one for _, one in parts]),
    )  # fmt: skip
    scene, kind = np.array(owners).T
    pairs = {0: _pairs(scene, kind, 0), 1: _pairs(scene, kind, 1), 2: _pairs(scene, kind, 2)}
    values = {which: _alike(paths, found, model.settings) for which, found in pairs.items()}
    found: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {}
    for metric in (*MULTIMATCH, *SEQUENCES):
        found[metric] = tuple(
            _mean_of(scene[pairs[which][:, 0]], values[which][metric], len(scenes)) for which in (1, 2, 0)
        )
    return found


def _pairs(scene: np.ndarray, kind: np.ndarray, which: int) -> np.ndarray:
    """Pairs (n, 2) of one scene: a path of that kind with each person's; of people each pair once."""
    found = [np.empty((0, 2), int)]
    for k in np.unique(scene):
        first, people = np.flatnonzero((scene == k) & (kind == which)), np.flatnonzero((scene == k) & (kind == 0))
        pairs = np.stack(np.meshgrid(first, people, indexing="ij"), -1).reshape(-1, 2)
        found.append(pairs[pairs[:, 0] < pairs[:, 1]] if which == 0 else pairs)
    return np.concatenate(found)


def _alike(paths: Scanpaths, pairs: np.ndarray, settings: ComparisonSettings) -> dict[str, np.ndarray]:
    """Each measure of each pair (n_pairs,)."""
    values = multimatch(paths, paths, settings.image, use_duration=False, pairs=pairs)
    found = {name: values[:, DIMENSIONS.index(name.removeprefix("multimatch_"))] for name in MULTIMATCH}
    others = pair_values(paths, pairs, settings)
    return found | {name: others[name] for name in SEQUENCES}


def _mean_of(groups: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Mean (n,) of the defined values of each group; NaN without any."""
    known = np.isfinite(values)
    counts = np.bincount(groups[known], minlength=n)
    sums = np.bincount(groups[known], weights=values[known], minlength=n)
    return np.divide(sums, counts, out=np.full(n, np.nan), where=counts > 0)


def gather_searches(
    about: Mapping[str, Any],
    scenes: pd.DataFrame,
    trials: Sequence[pd.DataFrame],
    fixations: Sequence[pd.DataFrame],
    seeds: Sequence[int],
) -> SceneSearches:
    """Runs of several seeds on one set of scenes as one."""
    return SceneSearches(
        about,
        scenes.astype({"target": str}),
        pd.concat([one.assign(seed=seed) for one, seed in zip(trials, seeds, strict=True)], ignore_index=True),
        pd.concat([one.assign(seed=seed) for one, seed in zip(fixations, seeds, strict=True)], ignore_index=True),
    )
