"""Human consistency of scanpaths: each person against the others who saw the same, under every metric."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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


def pair_values(
    paths: Scanpaths,
    pairs: np.ndarray,
    settings: ComparisonSettings,
    metrics: Sequence[ScanpathMetric] = SCANPATH_METRICS,
) -> dict[str, np.ndarray]:
    """Every metric of every pair: name -> (n_pairs,). A metric without symmetry is the mean of both orders.

    Metrics that need durations are left out where any is unknown.
    """
    timed = not np.isnan(paths.duration).any()
    found: dict[str, np.ndarray] = {}
    for metric in metrics:
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
        other people; ``chance``, the same with the scanpaths of the others on another stimulus, one step along a
        circle of all stimuli in random order. ``n_undefined``: pairs that the metric does not define (too short), left
        out. ``crps_<metric>`` takes the others for samples of a predicted distribution
        (:func:`~cogmodels.metrics.scanpath.proper.energy_score`; of similarities the distance is 1 less the value).

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
    circle = np.random.default_rng([seed, 41]).permutation(len(stimuli))
    follower = np.empty(len(stimuli), np.int64)
    follower[circle] = np.roll(circle, -1)
    other = _across(of_stimulus, of_person, follower)
    within, between = (pair_values(paths, which, settings) for which in (pairs, other))
    # Clusters of different images have nothing in common: symbols of one image for both scanpaths.
    between |= _shared_symbols(paths, other, of_stimulus, settings)
    both = np.concatenate([pairs, pairs[:, ::-1]])
    rows = []
    for metric, values in within.items():
        values, chance = np.tile(values, 2), between[metric]
        # All pairs, first of them the person whose score it is.
        mine, theirs = (
            _mean_of_stimuli(found, of_stimulus[which[:, 0]], of_person[which[:, 0]], len(people))
            for found, which in ((values, both), (chance, other))
        )
        n_pairs = np.bincount(of_person[both[:, 0]], minlength=len(people))
        undefined = np.bincount(of_person[both[np.isnan(values), 0]], minlength=len(people))
        rows.append(
            pd.DataFrame(
                {
                    "metric": metric,
                    "person": people,
                    "value": mine,
                    "chance": theirs,
                    "n_pairs": n_pairs,
                    "n_undefined": undefined,
                }
            )
        )
    rows += _proper(within, between, both, other, of_stimulus, of_person, follower, people)
    return pd.concat(rows, ignore_index=True)


def _across(stimulus: np.ndarray, person: np.ndarray, follower: np.ndarray) -> np.ndarray:
    """Pairs (n, 2): each scanpath with those of all other people on the stimulus that follows its own."""
    of_stimulus = [np.flatnonzero(stimulus == code) for code in range(len(follower))]
    pairs = np.concatenate(
        [
            np.stack(np.meshgrid(mine, of_stimulus[follower[code]], indexing="ij"), -1).reshape(-1, 2)
            for code, mine in enumerate(of_stimulus)
        ]
    )
    return pairs[person[pairs[:, 0]] != person[pairs[:, 1]]]


def _proper(
    within: dict[str, np.ndarray],
    between: dict[str, np.ndarray],
    both: np.ndarray,
    other: np.ndarray,
    stimulus: np.ndarray,
    person: np.ndarray,
    follower: np.ndarray,
    people: np.ndarray,
) -> list[pd.DataFrame]:
    """Energy scores of each scanpath against the others' as a distribution, on its own and on the following stimulus.

    The spread of a sample without one member is that of all less the member's own distances, so that it needs no
    further pairs.
    """
    parts = []
    n_paths, n_stimuli = len(stimulus), len(follower)
    names = [n for m in SCANPATH_METRICS if m.unit != "%" for n in m.names if n in within]
    similar = {n: m.similarity for m in SCANPATH_METRICS for n in m.names}
    for metric in names:
        distance, across = (
            1 - values if similar[metric] else values for values in (np.tile(within[metric], 2), between[metric])
        )
        # Sums and counts of distances: of each scanpath to the others of its stimulus, and of all pairs of a stimulus.
        total, n_total = _sums(distance, both[:, 0], n_paths)
        pooled, n_pooled = _sums(distance, stimulus[both[:, 0]], n_stimuli)
        # Distances that involve one person's scanpaths on a stimulus, in both orders.
        key = person * n_stimuli + stimulus
        own, n_own = (2 * np.bincount(key, weights=w, minlength=len(people) * n_stimuli) for w in (total, n_total))
        far, n_far = _sums(across, other[:, 0], n_paths)
        found = []
        for where, sums, counts in ((stimulus, total, n_total), (follower[stimulus], far, n_far)):
            left, n_left = (
                pooled[where] - own[person * n_stimuli + where],
                n_pooled[where] - n_own[person * n_stimuli + where],
            )
            with np.errstate(invalid="ignore", divide="ignore"):
                scores = sums / counts - np.where(n_left > 0, left / n_left, np.nan) / 2
            found.append(_mean_of_stimuli(scores, stimulus, person, len(people)))
        undefined = np.bincount(person[np.isnan(scores)], minlength=len(people))
        parts.append(
            pd.DataFrame(
                {
                    "metric": f"crps_{metric}",
                    "person": people,
                    "value": found[0],
                    "chance": found[1],
                    "n_pairs": np.bincount(person[both[:, 0]], minlength=len(people)),
                    "n_undefined": undefined,
                }
            )
        )
    return parts


def _sums(values: np.ndarray, groups: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Sum (n,) and number (n,) of the defined values of each group."""
    defined = ~np.isnan(values)
    groups = groups[defined]
    return np.bincount(groups, weights=values[defined], minlength=n), np.bincount(groups, minlength=n).astype(float)


def _shared_symbols(
    paths: Scanpaths, other: np.ndarray, stimulus: np.ndarray, settings: ComparisonSettings
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


def _mean_of_stimuli(values: np.ndarray, stimulus: np.ndarray, person: np.ndarray, n_people: int) -> np.ndarray:
    """Of each person (n_people,) the mean over stimuli of the mean of their defined values; NaN without any."""
    n_stimuli = int(stimulus.max()) + 1
    sums, counts = _sums(values, person * n_stimuli + stimulus, n_people * n_stimuli)
    with np.errstate(invalid="ignore"):
        means = (sums / counts).reshape(n_people, n_stimuli)
    seen = ~np.isnan(means)
    with np.errstate(invalid="ignore"):
        return np.where(seen, means, 0.0).sum(axis=1) / seen.sum(axis=1)
