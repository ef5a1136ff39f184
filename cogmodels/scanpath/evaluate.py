"""From the runs of an experiment to values of images: likelihoods, likeness, distributions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from cogmodels.metrics.scanpath.consistency import ComparisonSettings
from cogmodels.scanpath.grid import Grid
from cogmodels.scanpath.models.centre_bias import CentreBias
from cogmodels.scanpath.people import search_images, step_persons
from cogmodels.scanpath.score import others_steps, score_likeness, score_typical, step_images
from cogmodels.scanpath.tables import paths_by_image, paths_of_parts, quantities

#: Quantity -> its unit; all of saccades or fixations of a set of scanpaths.
QUANTITIES = {"amplitude": "px", "direction": "degrees", "duration": "s", "length": "fixations"}


def score_runs(
    predictions: Sequence[pd.DataFrame],
    typical: Sequence[pd.DataFrame],
    steps: Sequence[pd.DataFrame],
    fixations: pd.DataFrame,
    splits: pd.DataFrame,
    settings: ComparisonSettings,
    *,
    cell_px: float,
    seed: int = 0,
    segments: Mapping[str, np.ndarray] | None = None,
    boxes: Mapping[str, tuple[float, float, float, float]] | None = None,
    first_is_start: bool = True,
    progress: Callable[[Iterable], Iterable] = iter,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Values of all runs (seeds) of an experiment, image by image.

    Parameters
    ----------
    predictions, typical, steps : sequences of DataFrame
        Sampled scanpaths, the typical one of each image, and judged fixations of each run.
    fixations, splits : DataFrame
        People's; those of the test part are what is predicted.
    settings : ComparisonSettings
    cell_px : float
        Of the maps on which the other people's density is laid.
    segments : mapping of view -> (height, width) int, optional
        Of the semantic sequence score.
    boxes : mapping of view -> (left, top, right, bottom), optional
        Of targets, for search efficiency.
    first_is_start : bool
        Of searches: the first fixation is where the search starts.

    Returns
    -------
    images : DataFrame
        ``run, stimulus, metric, value, chance, ceiling``.
    distributions : DataFrame
        ``quantity, unit, distance, people``: Wasserstein distance between the model's and people's values, and between
        those of two halves of the people.
    persons : DataFrame
        ``run, stimulus, subject, metric, value`` of each person on each image.
    """
    parts, pictures = paths_of_parts(fixations, splits, settings.image)
    test, grid = parts["test"], Grid.of_side(settings.image, cell_px)
    baseline = CentreBias(cell_px)
    baseline.fit(pictures, parts["train"], parts["validation"])
    others = others_steps(grid, baseline.mass, pictures, test, settings.pixels_per_degree)
    people: dict[str, list[np.ndarray]] = {}
    owners: dict[str, list[str]] = {}
    for row, name in enumerate(test.views(pictures.names)):
        people.setdefault(name, []).append(test.path(row).astype(float))
        owners.setdefault(name, []).append(test.people[test.person[row]])
    found, persons = [], []
    options = {"seed": seed, "segments": segments, "owners": owners}
    for run, (sampled, chosen, judged) in enumerate(zip(predictions, typical, steps, strict=True)):
        samples, one = paths_by_image(sampled), {name: mine[0] for name, mine in paths_by_image(chosen).items()}
        every = pd.concat(
            [
                score_likeness(people, samples, settings, **options, progress=progress),
                score_typical(people, one, settings, **options),
            ],
            ignore_index=True,
        )
        parts = [step_images(judged, others), every[every["subject"].isna()].drop(columns="subject")]
        if boxes:
            parts.append(search_images(people, samples, boxes, first_is_start=first_is_start))
        found.append(pd.concat(parts, ignore_index=True).assign(run=run))
        mine = pd.concat([step_persons(judged), every.dropna(subset=["subject", "value"])], ignore_index=True)
        persons.append(mine[["stimulus", "subject", "metric", "value"]].assign(run=run))
    images = pd.concat(found, ignore_index=True)
    ours = [path for table in predictions for mine in paths_by_image(table).values() for path in mine]
    halves = [[p for mine in people.values() for p in mine[half::2]] for half in (0, 1)]
    images = images[["run", "stimulus", "metric", "value", "chance", "ceiling"]]
    return images, _distances(ours, *halves), pd.concat(persons, ignore_index=True)


def _distances(ours: Sequence[np.ndarray], first: Sequence[np.ndarray], second: Sequence[np.ndarray]) -> pd.DataFrame:
    model, everyone, one, other = (quantities(paths) for paths in (ours, [*first, *second], first, second))
    rows = []
    for name, unit in QUANTITIES.items():
        if len(everyone[name]) and len(model[name]):
            gaps = _wasserstein(model[name], everyone[name]), _wasserstein(one[name], other[name])
            rows.append((name, unit, *gaps))
    return pd.DataFrame(rows, columns=["quantity", "unit", "distance", "people"])


def _wasserstein(one: np.ndarray, other: np.ndarray) -> float:
    """Area between two cumulative distributions: scipy.stats.wasserstein_distance, whose import takes a second."""
    values = np.sort(np.concatenate([one, other]))
    first, second = (np.searchsorted(np.sort(mine), values[:-1], side="right") / len(mine) for mine in (one, other))
    return float(np.sum(np.abs(first - second) * np.diff(values)))
