"""Human consistency of scanpaths: each person against the others who saw the same, under every metric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath import distances, strings
from cogmodels.metrics.scanpath.multimatch import DIMENSIONS, multimatch
from cogmodels.metrics.scanpath.paths import Scanpaths


@dataclass(frozen=True)
class ComparisonSettings:
    """What the metrics need to know of the images.

    ``image``: width, height, px. ``pixels_per_degree``: sets the radius of 1 degree of fdiss and recurrence, and the
    amplitude below which MultiMatch groups saccades (3 degrees). ``grid``, ``threshold``, ``time_bin_s``: of ScanMatch.
    ``edit_grid``: of the string edit distance. ``sequence_bin_s``: of the timed sequence score. ``window``: of tde.
    """

    image: tuple[float, float]
    pixels_per_degree: float
    grid: tuple[int, int] = (16, 12)
    threshold: float = 3.5
    time_bin_s: float = 0.1
    edit_grid: tuple[int, int] = (5, 5)
    sequence_bin_s: float = 0.05
    window: int = 3


@dataclass(frozen=True)
class ScanpathMetric:
    """A metric of pairs of scanpaths: ``compute(paths, pairs, settings)`` gives (n_pairs,) for each of ``names``.

    ``similarity``: more is more alike. ``symmetric``: the order of a pair does not matter. ``timed``: needs durations.
    ``unit``: empty for shares.
    """

    names: tuple[str, ...]
    compute: Callable[[Scanpaths, np.ndarray, ComparisonSettings], np.ndarray]
    similarity: bool = True
    symmetric: bool = True
    timed: bool = False
    unit: str = ""


def _multimatch(grouping: bool) -> Callable[[Scanpaths, np.ndarray, ComparisonSettings], np.ndarray]:
    def compute(paths: Scanpaths, pairs: np.ndarray, s: ComparisonSettings) -> np.ndarray:
        return multimatch(paths, paths, s.image, grouping=grouping, amplitude_px=3 * s.pixels_per_degree, pairs=pairs).T

    return compute


SCANPATH_METRICS: tuple[ScanpathMetric, ...] = (
    ScanpathMetric(tuple(f"multimatch_{name}" for name in DIMENSIONS), _multimatch(False), timed=True),
    ScanpathMetric(tuple(f"multimatch_grouped_{name}" for name in DIMENSIONS), _multimatch(True), timed=True),
    ScanpathMetric(
        ("scanmatch",),
        lambda p, pairs, s: strings.scanmatch(p, p, s.image, grid=s.grid, threshold=s.threshold, pairs=pairs),
    ),
    ScanpathMetric(
        ("scanmatch_timed",),
        lambda p, pairs, s: strings.scanmatch(
            p, p, s.image, grid=s.grid, threshold=s.threshold, time_bin_s=s.time_bin_s, pairs=pairs
        ),
        timed=True,
    ),
    ScanpathMetric(("sequence_score",), lambda p, pairs, s: strings.sequence_score(p, p, pairs=pairs)),
    ScanpathMetric(
        ("sequence_score_timed",),
        lambda p, pairs, s: strings.sequence_score(p, p, time_bin_s=s.sequence_bin_s, pairs=pairs),
        timed=True,
    ),
    ScanpathMetric(
        ("string_edit",),
        lambda p, pairs, s: strings.string_edit(p, p, s.image, grid=s.edit_grid, normalise=True, pairs=pairs),
        similarity=False,
    ),
    ScanpathMetric(("dtw",), lambda p, pairs, s: distances.dtw(p, p, pairs=pairs), similarity=False, unit="px"),
    ScanpathMetric(("frechet",), lambda p, pairs, s: distances.frechet(p, p, pairs=pairs), similarity=False, unit="px"),
    ScanpathMetric(
        ("hausdorff",), lambda p, pairs, s: distances.hausdorff(p, p, pairs=pairs), similarity=False, unit="px"
    ),
    ScanpathMetric(("mannan",), lambda p, pairs, s: distances.mannan(p, p, s.image, pairs=pairs), similarity=False),
    ScanpathMetric(
        ("tde",),
        lambda p, pairs, s: distances.tde(p, p, s.window, pairs=pairs),
        similarity=False,
        symmetric=False,
        unit="px",
    ),
    ScanpathMetric(("stde",), lambda p, pairs, s: distances.stde(p, p, s.image, pairs=pairs), symmetric=False),
    ScanpathMetric(("fdiss",), lambda p, pairs, s: distances.fdiss(p, p, s.pixels_per_degree, pairs=pairs)),
    ScanpathMetric(
        ("cross_recurrence", "cross_determinism", "cross_laminarity"),
        lambda p, pairs, s: np.stack(
            [
                values
                for name, values in distances.cross_recurrence(p, p, s.pixels_per_degree, pairs=pairs).items()
                if name != "corm"
            ]
        ),
        unit="%",
    ),
)


def pairs_within(groups: np.ndarray) -> np.ndarray:
    """All pairs (n_pairs, 2) of scanpaths of one group, first < second; ``groups`` (n_paths,) int."""
    groups = np.asarray(groups)
    order = np.argsort(groups, kind="stable")
    bounds = np.append(np.flatnonzero(np.diff(groups[order], prepend=groups[order[:1]] - 1)), len(order))
    found = [np.empty((0, 2), np.int64)]
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        i, j = np.triu_indices(last - first, k=1)
        found.append(np.column_stack([order[first + i], order[first + j]]))
    return np.concatenate(found)


def cluster_by_stimulus(paths: Scanpaths, stimulus: np.ndarray) -> Scanpaths:
    """The scanpaths with the clusters of their stimulus as symbols; ``stimulus`` (n_paths,)."""
    symbols = np.zeros(len(paths.x), np.int64)
    of_fixation = np.repeat(np.unique(stimulus, return_inverse=True)[1], paths.lengths)
    order = np.argsort(of_fixation, kind="stable")
    bounds = np.append(np.flatnonzero(np.diff(of_fixation[order], prepend=-1)), len(order))
    for first, last in zip(bounds[:-1], bounds[1:], strict=True):
        rows = order[first:last]
        symbols[rows] = strings.cluster_symbols(paths.x[rows], paths.y[rows])[0]
    return paths.with_symbols(symbols)


def pair_values(paths: Scanpaths, pairs: np.ndarray, settings: ComparisonSettings) -> dict[str, np.ndarray]:
    """Every metric of every pair: name -> (n_pairs,). A metric without symmetry is the mean of both orders.

    Metrics that need durations are left out where any is unknown.
    """
    timed = not np.isnan(paths.duration).any()
    found: dict[str, np.ndarray] = {}
    for metric in SCANPATH_METRICS:
        if metric.timed and not timed:
            continue
        values = np.atleast_2d(metric.compute(paths, pairs, settings))
        if not metric.symmetric:
            values = (values + np.atleast_2d(metric.compute(paths, pairs[:, ::-1], settings))) / 2
        found |= dict(zip(metric.names, values, strict=True))
    return found


def scanpath_consistency(
    paths: Scanpaths, stimulus: np.ndarray, person: np.ndarray, settings: ComparisonSettings, *, seed: int = 0
) -> pd.DataFrame:
    """Each person's mean similarity to the others who saw the same stimulus, and to others who saw another one.

    Parameters
    ----------
    paths : Scanpaths
    stimulus, person : (n_paths,)
        What was seen and by whom.
    settings : ComparisonSettings
    seed : int
        Of the draw of other stimuli.

    Returns
    -------
    consistency : DataFrame
        ``metric, person, value, chance, n_pairs, n_undefined``: ``value``, the mean over stimuli of the mean over the
        other people; ``chance``, the same with each scanpath of the others replaced by that of the same person on a
        stimulus drawn at random. ``n_undefined``: pairs that the metric does not define (too short), left out.

    Raises
    ------
    DataError
        No stimulus was seen by two people, or there is but one stimulus.
    """
    stimulus, person = (np.unique(np.asarray(v), return_inverse=True) for v in (stimulus, person))
    (stimuli, of_stimulus), (people, of_person) = stimulus, person
    pairs = pairs_within(of_stimulus)
    pairs = pairs[of_person[pairs[:, 0]] != of_person[pairs[:, 1]]]
    if not len(pairs) or len(stimuli) < 2:
        raise DataError(
            f"{len(people)} people and {len(stimuli)} stimuli: no two scanpaths to compare",
            where="consistency",
            remedy="It needs two people on each of two stimuli or more",
        )
    paths = cluster_by_stimulus(paths, of_stimulus)
    other = _elsewhere(pairs, of_stimulus, of_person, np.random.default_rng([seed, 41]))
    within, between = (pair_values(paths, which, settings) for which in (pairs, other))
    # Clusters of different images have nothing in common: symbols of one image for both scanpaths.
    between |= _shared_symbols(paths, pairs, other, of_stimulus, settings)
    rows = []
    for metric, values in within.items():
        for code, name in enumerate(people):
            mine = (of_person[pairs] == code).any(axis=1)
            rows.append(
                {
                    "metric": metric,
                    "person": name,
                    "value": _mean_of_stimuli(values[mine], of_stimulus[pairs[mine, 0]]),
                    "chance": _mean_of_stimuli(between[metric][mine], of_stimulus[pairs[mine, 0]]),
                    "n_pairs": int(mine.sum()),
                    "n_undefined": int(np.isnan(values[mine]).sum()),
                }
            )
    return pd.DataFrame(rows)


def _elsewhere(
    pairs: np.ndarray, stimulus: np.ndarray, person: np.ndarray, generator: np.random.Generator
) -> np.ndarray:
    """The pairs, the second scanpath replaced by one of the same person on another stimulus."""
    other = pairs.copy()
    for code in np.unique(person[pairs[:, 1]]):
        mine = np.flatnonzero(person == code)
        rows = np.flatnonzero(person[pairs[:, 1]] == code)
        drawn = mine[generator.integers(len(mine), size=len(rows))]
        for _ in range(100):
            same = stimulus[drawn] == stimulus[pairs[rows, 0]]
            if not same.any():
                break
            drawn[same] = mine[generator.integers(len(mine), size=int(same.sum()))]
        other[rows, 1] = drawn
    return other


def _shared_symbols(
    paths: Scanpaths, pairs: np.ndarray, other: np.ndarray, stimulus: np.ndarray, settings: ComparisonSettings
) -> dict[str, np.ndarray]:
    """Sequence scores of pairs across stimuli, both in the clusters of the first one's stimulus."""
    centres = {}
    of_fixation = np.repeat(stimulus, paths.lengths)
    for code in np.unique(stimulus[other[:, 0]]):
        rows = np.flatnonzero(of_fixation == code)
        centres[code] = strings.cluster_symbols(paths.x[rows], paths.y[rows])[1]
    drawn = other[:, 1]
    lengths = paths.lengths[drawn]
    offsets = np.append(0, np.cumsum(lengths))
    rows = np.repeat(paths.offsets[drawn] - offsets[:-1], lengths) + np.arange(offsets[-1])
    x, y = paths.x[rows], paths.y[rows]
    symbols = np.empty(len(rows), np.int64)
    of_pair = np.repeat(stimulus[other[:, 0]], lengths)
    for code, found in centres.items():
        mine = np.flatnonzero(of_pair == code)
        symbols[mine] = strings.nearest_symbols(x[mine], y[mine], found)
    seconds = Scanpaths(x, y, paths.duration[rows], offsets, symbols)
    matched = np.column_stack([other[:, 0], np.arange(len(other))])
    found = {"sequence_score": strings.sequence_score(paths, seconds, pairs=matched)}
    if not np.isnan(paths.duration).any():
        found["sequence_score_timed"] = strings.sequence_score(
            paths, seconds, time_bin_s=settings.sequence_bin_s, pairs=matched
        )
    return found


def _mean_of_stimuli(values: np.ndarray, stimulus: np.ndarray) -> float:
    """Mean over stimuli of the mean of their defined values; NaN without any."""
    defined = ~np.isnan(values)
    if not defined.any():
        return float("nan")
    _, codes = np.unique(stimulus[defined], return_inverse=True)
    return float((np.bincount(codes, weights=values[defined]) / np.bincount(codes)).mean())
