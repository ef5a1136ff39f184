"""Scores of scanpath models on test images: likelihoods by step, likeness of scanpaths, beside chance and people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pandas as pd

from cogmodels.metrics.saliency.consistency import BASELINE_SHARE
from cogmodels.metrics.saliency.maps import as_map
from cogmodels.metrics.saliency.next_fixation import cauc, cnss
from cogmodels.metrics.scanpath.consistency import SCANPATH_METRICS, ComparisonSettings, ScanpathMetric, pair_values
from cogmodels.metrics.scanpath.paths import Scanpaths, pack
from cogmodels.metrics.scanpath.proper import energy_score
from cogmodels.metrics.scanpath.strings import cluster_symbols, nearest_symbols, segment_symbols, sequence_score
from cogmodels.scanpath.grid import Grid
from cogmodels.scanpath.model import ScanpathModel
from cogmodels.scanpath.models.centre_bias import smoothed_mass
from cogmodels.scanpath.typical import SUFFIX, likeness, others_typical
from cogmodels.scanpath.viewing import Paths, Pictures

#: Of pairs of scanpaths; and those that are a proper score as well (they are defined for every scanpath).
LIKENESS = tuple(
    m for m in SCANPATH_METRICS if m.names[0].startswith(("multimatch_vector", "scanmatch", "sequence_score", "string"))
)
PROPER = ("sequence_score", "scanmatch", "string_edit")
#: Of single fixations; chance of each, NaN where it comes with the steps.
STEPWISE = {
    "log_likelihood_bits": 0.0, "cig_bits": 0.0, "cnss": 0.0, "cauc": 0.75, "duration_log_likelihood": float("nan"),
}  # fmt: skip
SEMANTIC = "semantic_sequence_score"
#: Of the typical scanpath too.
TYPICAL = tuple(m for m in LIKENESS if m.names[0].startswith(("scanmatch", "sequence_score", "string")))
_SIMILAR = {name: metric.similarity for metric in LIKENESS for name in metric.names}


def score_steps(model: ScanpathModel, baseline: ScanpathModel, pictures: Pictures, paths: Paths) -> pd.DataFrame:
    """What a model says of each fixation of people's scanpaths.

    Parameters
    ----------
    model : ScanpathModel
    baseline : ScanpathModel
        The centre bias, over which information is gained.
    pictures, paths
        Test images and people's scanpaths on them.

    Returns
    -------
    DataFrame
        ``stimulus, subject, index``; ``log_likelihood_bits`` over the uniform density; ``cig_bits`` over the baseline,
        ``cnss``, ``cauc`` of all fixations but the first; ``duration_log_likelihood`` and ``duration_marginal`` (that
        of the training durations), bits per fixation of densities per s. NaN where the model has no density.
    """
    rows, steps = np.nonzero(paths.there)
    table = pd.DataFrame(
        {
            "stimulus": paths.views(pictures.names)[rows],
            "subject": np.array(paths.people, dtype=object)[paths.person[rows]],
            "index": steps,
        }
    )
    later = steps > 0
    values = model.log_density(pictures, paths)
    if values is not None:
        ours, base = (found[paths.there] / np.log(2) for found in (values, baseline.log_density(pictures, paths)))
        table["log_likelihood_bits"] = ours - model.grid.log_uniform / np.log(2)
        table["cig_bits"] = np.where(later, ours - base, np.nan)
        maps = _map_scores(model.grid, model.step_maps(pictures, paths), paths)
        for name, found in maps.items():
            table[name] = np.where(later, found, np.nan)
    for name, who in (("duration_log_likelihood", model), ("duration_marginal", baseline)):
        found = who.log_duration(pictures, paths)
        if found is not None:
            table[name] = found[paths.there] / np.log(2)
    return table.reindex(columns=["stimulus", "subject", "index", *STEPWISE, "duration_marginal"])


def others_steps(grid: Grid, baseline: np.ndarray, pictures: Pictures, paths: Paths, sigma_px: float) -> pd.DataFrame:
    """The same of the density of the other people's fixations on the image: what is known of it without the order.

    A Gaussian of ``sigma_px`` around each of the others' fixations, mixed 9 : 1 with the baseline's mass
    (rows, columns), as human consistency has it.
    """
    mass = np.empty((len(paths), *grid.cells))
    views = paths.views(pictures.names)
    for view in dict.fromkeys(views):
        mine = np.flatnonzero(views == view)
        for row in mine:
            others = mine[paths.person[mine] != paths.person[row]]
            xy = paths.of(others).flat()[0]
            own = smoothed_mass(grid, xy, sigma_px) if len(xy) else baseline
            mass[row] = (1 - BASELINE_SHARE) * own + BASELINE_SHARE * baseline
    rows, steps = np.nonzero(paths.there)
    at = grid.index(*paths.flat()[0].T)
    ours, base = np.log2(mass[rows, *at]), np.log2(baseline[at])
    maps = _map_scores(
        grid, (np.broadcast_to(m, (k, *m.shape)) for m, k in zip(mass, paths.lengths, strict=True)), paths
    )
    table = pd.DataFrame({"stimulus": views[rows], "index": steps})
    table["log_likelihood_bits"] = ours + np.log2(grid.n)
    for name, found in {"cig_bits": ours - base, **maps}.items():
        table[name] = np.where(steps > 0, found, np.nan)
    return table


def _map_scores(grid: Grid, maps: Iterable[np.ndarray], paths: Paths) -> dict[str, np.ndarray]:
    """cNSS and cAUC of all fixations on maps of cells."""
    found: dict[str, list[np.ndarray]] = {"cnss": [], "cauc": []}
    for row, steps in enumerate(maps):
        y, x = (at.astype(float) for at in grid.index(*paths.xy[row, : paths.lengths[row]].T))
        # Of a model without memory all steps are one map, broadcast.
        one = as_map(steps[0], "steps") if steps.strides[0] == 0 else None
        for name, metric in (("cnss", cnss), ("cauc", cauc)):
            found[name].append(metric(one or iter(steps), x, y))
    return {name: np.concatenate(values) for name, values in found.items()}


def score_likeness(
    people: dict[str, list[np.ndarray]],
    samples: dict[str, list[np.ndarray]],
    settings: ComparisonSettings,
    *,
    seed: int = 0,
    segments: Mapping[str, np.ndarray] | None = None,
    owners: Mapping[str, Sequence[str]] | None = None,
    progress: Callable[[Iterable], Iterable] = iter,
) -> pd.DataFrame:
    """How like people's scanpaths a model's are, image by image.

    Parameters
    ----------
    people, samples : mapping of stimulus -> scanpaths (k, 3)
        Of people, and of the model on the same images.
    settings : ComparisonSettings
    seed : int
        Of the circle of images along which chance is one step.
    segments : mapping of stimulus -> (height, width) int, optional
        Labels of the segments of images, px as those of the scanpaths: of these images there is a semantic sequence
        score too, in the images' own segments for all that is compared.
    owners : mapping of stimulus -> names, optional
        Whose the scanpaths of people are. Then there are rows of each person too, without ceiling.

    Returns
    -------
    DataFrame
        ``stimulus, metric, value, chance, ceiling``, with ``owners`` also ``subject`` (None: all people).
        Value: mean over all pairs of a sample and a person. Chance: with
        the samples of another image. Ceiling: mean over all unordered pairs of people. ``crps_<metric>``: energy score
        of the samples as a distribution; its ceiling is that of each person's others.
    """
    names = sorted(set(people) & set(samples))
    follower = _followers(names, seed)
    rows, persons = [], []
    for name in progress(names):
        groups = (people[name], samples[name], samples[follower[name]])
        matrices = _matrices(
            pack([path for group in groups for path in group]), len(groups[0]), settings, (segments or {}).get(name)
        )
        n, m = len(groups[0]), len(groups[0]) + len(groups[1])
        for metric, values in matrices.items():
            own, across, chance = values[:n, :n], values[n:m, :n], values[m:, :n]
            ceiling = _mean(own[np.triu_indices(n, 1)])
            rows.append((name, metric, _mean(across), _mean(chance), ceiling))
            for column, owner in enumerate(owners[name] if owners else ()):
                mine = _mean(across[:, column]), _mean(chance[:, column])
                persons.append((name, metric, *mine, np.nan, owner))
            if metric in PROPER:
                far, near, us, them = (
                    1 - part if _SIMILAR[metric] else part for part in (chance, across, own, values[n:m, n:m])
                )
                other = 1 - values[m:, m:] if _SIMILAR[metric] else values[m:, m:]
                left = [energy_score(*_without(us, i)) for i in range(n)] if n > 2 else [np.nan]
                rows.append(
                    (name, f"crps_{metric}", energy_score(near, them), energy_score(far, other), float(np.mean(left)))
                )
    columns = ["stimulus", "metric", "value", "chance", "ceiling"]
    if owners is None:
        return pd.DataFrame(rows, columns=columns)
    return pd.DataFrame([(*row, None) for row in rows] + persons, columns=[*columns, "subject"])


def score_typical(
    people: dict[str, list[np.ndarray]],
    typical: Mapping[str, np.ndarray],
    settings: ComparisonSettings,
    *,
    seed: int = 0,
    segments: Mapping[str, np.ndarray] | None = None,
    owners: Mapping[str, Sequence[str]] | None = None,
) -> pd.DataFrame:
    """How like people's scanpaths a model's typical one is, image by image.

    Parameters
    ----------
    people : mapping of stimulus -> scanpaths (k, 3)
    typical : mapping of stimulus -> scanpath (k, 3)
        Of the model on the same images (:func:`cogmodels.scanpath.typical.typical_path`).
    settings, seed, segments, owners
        As :func:`score_likeness` has them.

    Returns
    -------
    DataFrame
        As :func:`score_likeness` gives it, of ``<metric>_typical``. Value: mean over people of their scanpath with the
        typical one. Chance: with that of another image. Ceiling: of each person with the typical one of the others,
        chosen without this person; NaN of fewer than three people.
    """
    names = sorted(set(people) & set(typical))
    follower = _followers(names, seed)
    rows, persons = [], []
    for name in names:
        n = len(people[name])
        paths = pack([*people[name], typical[name], typical[follower[name]]])
        chosen = others_typical(likeness(people[name], settings.image)) if n > 2 else None
        for metric, values in _matrices(paths, n, settings, (segments or {}).get(name), TYPICAL).items():
            ceiling = np.nan if chosen is None else _mean(values[chosen, np.arange(n)])
            rows.append((name, f"{metric}{SUFFIX}", _mean(values[n, :n]), _mean(values[n + 1, :n]), ceiling, None))
            for column, owner in enumerate(owners[name] if owners else ()):
                both = values[n : n + 2, column]
                persons.append((name, f"{metric}{SUFFIX}", *both, np.nan, owner))
    table = pd.DataFrame(rows + persons, columns=["stimulus", "metric", "value", "chance", "ceiling", "subject"])
    return table if owners else table.drop(columns="subject")


def _followers(names: Sequence[str], seed: int) -> dict[str, str]:
    """The image one step along a circle of all, whose scanpaths are chance."""
    circle = np.random.default_rng([seed, 73]).permutation(len(names))
    return {names[circle[i]]: names[circle[(i + 1) % len(names)]] for i in range(len(names))}


def _matrices(
    paths: Scanpaths,
    n: int,
    settings: ComparisonSettings,
    segments: np.ndarray | None = None,
    metrics: Sequence[ScanpathMetric] = LIKENESS,
) -> dict[str, np.ndarray]:
    """Every metric of all pairs that are needed; the first n are people, whose clusters are the symbols."""
    last = paths.offsets[n]
    symbols, centres = cluster_symbols(paths.x[:last], paths.y[:last])
    symbols = np.concatenate([symbols, nearest_symbols(paths.x[last:], paths.y[last:], centres)])
    i, j = np.triu_indices(len(paths), 1)
    half = n + (len(paths) - n) // 2
    # Samples of one image are not compared with those of the other.
    needed = ~((i >= n) & (i < half) & (j >= half))
    pairs = np.column_stack([i, j])[needed]
    found = {}
    values_of = pair_values(paths.with_symbols(symbols), pairs, settings, metrics)
    if segments is not None:
        # Half a pixel beside the outermost ones still belongs to them.
        x, y = (np.clip(v, 0, side - 1) for v, side in zip((paths.x, paths.y), segments.shape[::-1], strict=True))
        labelled = paths.with_symbols(segment_symbols(x, y, segments))
        values_of[SEMANTIC] = sequence_score(labelled, labelled, pairs=pairs)
    for name, values in values_of.items():
        matrix = np.full((len(paths), len(paths)), np.nan)
        matrix[pairs[:, 0], pairs[:, 1]] = matrix[pairs[:, 1], pairs[:, 0]] = values
        found[name] = matrix
    return found


def _without(distances: np.ndarray, i: int) -> tuple[np.ndarray, np.ndarray]:
    """Distances of the others to one, and among the others."""
    kept = np.arange(len(distances)) != i
    return distances[kept, i][:, None], distances[np.ix_(kept, kept)]


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if known.size else float("nan")


def step_images(steps: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Steps as values of images, as :func:`score_likeness` gives them; ceiling: the other people's density."""
    by_image, ceilings = (
        table.groupby("stimulus")[[n for n in STEPWISE if n in table]].mean() for table in (steps, others)
    )
    marginal = steps.groupby("stimulus")["duration_marginal"].mean()
    rows = []
    for metric, chance in STEPWISE.items():
        values = by_image[metric].dropna()
        for name, value in values.items():
            usual = marginal[name] if metric == "duration_log_likelihood" else chance
            ceiling = ceilings.loc[name, metric] if metric in ceilings else np.nan
            rows.append((name, metric, value, usual, ceiling))
    return pd.DataFrame(rows, columns=["stimulus", "metric", "value", "chance", "ceiling"])
