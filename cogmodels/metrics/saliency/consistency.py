"""Human consistency of fixation maps: each person against the density of all the others, under every metric."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import joblib
import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.metrics.saliency import densities, fixated, next_fixation
from cogmodels.metrics.saliency.maps import Map, as_map, density, fixated_pixels

#: Name -> more is more alike.
SALIENCY_METRICS = {
    "nss": True,
    "auc": True,
    "auc_judd": True,
    "auc_borji": True,
    "shuffled_auc": True,
    "information_gain": True,
    "cc": True,
    "sim": True,
    "kld": False,
    "emd": False,
    "cnss": True,
    "cig_bits": True,
    "cauc": True,
}

#: Share of the baseline in a predicted density, and of the uniform density in the baseline: people look anywhere.
BASELINE_SHARE, UNIFORM_SHARE = 0.1, 0.001
#: Fixations on other images that the shuffled AUC takes for one image.
SHUFFLED = 10_000


def map_values(
    predicted: np.ndarray | Map,
    baseline: np.ndarray | Map,
    own: np.ndarray | Map,
    x: np.ndarray,
    y: np.ndarray,
    others: np.ndarray,
    *,
    seed: int = 0,
) -> dict[str, float]:
    """Every metric of one density against one person's fixations.

    Parameters
    ----------
    predicted, baseline : (height, width)
        Densities; the information gain is that of a mixture of both over the second.
    own : (height, width)
        The person's own density, with which cc, sim, kld and emd compare.
    x, y : (n,) float
        The person's fixations on the map, px.
    others : (n_others, 2) float
        Fixations on other images, for the shuffled AUC.
    seed : int
        Of the draws of the Borji AUC.

    Returns
    -------
    name -> value, for ``SALIENCY_METRICS``; conventions of pysaliency, where both have the metric, and MIT's else. The
    conditional ones score every fixation but the first (NaN where there is no second), the density being the same for
    all: what people share of a picture without regard to the order in which they look.
    """
    predicted, baseline, own = (as_map(which, "consistency") for which in (predicted, baseline, own))
    columns, rows = fixated_pixels(predicted.shape, x, y, "consistency", "refuse")
    here, usual = (which.values[rows, columns] / which.extent[2] for which in (predicted, baseline))
    mixed = (1 - BASELINE_SHARE) * here + BASELINE_SHARE * usual
    gain = np.log2(mixed / usual)
    return {
        "nss": fixated.nss(predicted, x, y),
        "auc": fixated.auc(predicted, x, y),
        "auc_judd": fixated.auc_judd(predicted, x, y),
        "auc_borji": fixated.auc_borji(predicted, x, y, seed=seed),
        "shuffled_auc": fixated.shuffled_auc(predicted, x, y, *others.T),
        "information_gain": float(gain.mean()),
        "cc": densities.cc(predicted, own),
        "sim": densities.sim(predicted, own),
        "kld": densities.kld(predicted, own, convention="mit"),
        "emd": densities.emd(predicted, own),
        "cnss": _mean(next_fixation.cnss(predicted, x, y)[1:]),
        "cig_bits": _mean(gain[1:]),
        "cauc": _mean(next_fixation.cauc(predicted, x, y)[1:]),
    }


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")


def saliency_consistency(
    fixations: pd.DataFrame,
    shape: tuple[int, int],
    sigma_px: float,
    *,
    chance_images: int = 100,
    seed: int = 0,
    jobs: int = 1,
    progress: Callable[[Iterable], Iterable] = iter,
) -> pd.DataFrame:
    """How well the density of the other people's fixations predicts each person's, and how well that of another image.

    Parameters
    ----------
    fixations : DataFrame
        ``subject, stimulus, x, y``, px of the images; those beside an image are left out.
    shape : (height, width)
        Of all images, px.
    sigma_px : float
        Standard deviation of the densities; that of 1 degree is usual.
    chance_images : int
        Images of the chance level, drawn at random, at most: each person's fixations on one of them against the density
        of the others on another.
    seed, jobs, progress
        Of the draws; processes; wraps the images (a progress bar).

    Returns
    -------
    consistency : DataFrame
        ``metric, person, value, chance, n_images, n_chance``: means over images.

    Raises
    ------
    DataError
        Fewer than two images that two people looked at.

    Notes
    -----
    Wilming, Betz, Kietzmann and Konig (2011), PLoS ONE 6, e24038: leave-one-subject-out as the upper, other images as
    the lower bound. The baseline of the information gain is the density of all other images.
    """
    height, width = shape
    inside = fixations["x"].between(0, width, inclusive="left") & fixations["y"].between(0, height, inclusive="left")
    kept = fixations[inside]
    images = {
        name: {person: np.column_stack([mine["x"], mine["y"]]) for person, mine in table.groupby("subject", sort=True)}
        for name, table in kept.groupby("stimulus", sort=True)
    }
    images = {name: people for name, people in images.items() if len(people) > 1}
    if len(images) < 2:
        raise DataError(
            f"{len(images)} images that two people or more looked at",
            where="saliency consistency",
            remedy="It needs two or more",
        )
    generator = np.random.default_rng([seed, 43])
    names = list(images)
    # Another image for each: one step along a circle in random order.
    circle = generator.permutation(len(names))
    follower = {names[circle[i]]: names[circle[(i + 1) % len(names)]] for i in range(len(names))}
    of_chance = set(np.array(names, dtype=object)[generator.permutation(len(names))[:chance_images]])
    everyone = density(kept["x"], kept["y"], shape, sigma_px, normalise=False)
    pool = kept.loc[kept["stimulus"].isin(names), ["stimulus", "x", "y"]]
    drawn = pool.iloc[generator.permutation(len(pool))[: min(len(pool), 2 * SHUFFLED)]]
    tasks = (
        joblib.delayed(_image)(
            name,
            images[name],
            images[follower[name]] if name in of_chance else None,
            everyone,
            drawn.loc[drawn["stimulus"] != name, ["x", "y"]].to_numpy(dtype=float)[:SHUFFLED],
            sigma_px,
            seed + number,
        )
        for number, name in enumerate(progress(names))
    )
    # Each process is one of `jobs`, so its own loops get one thread.
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        rows = [row for found in joblib.Parallel(n_jobs=jobs)(tasks) for row in found]
    table = pd.DataFrame(rows, columns=["metric", "person", "kind", "value"])
    groups = table.groupby(["metric", "person", "kind"])["value"]
    means, counts = (
        which.unstack("kind").reindex(columns=["value", "chance"]) for which in (groups.mean(), groups.size())
    )
    found = means.assign(
        n_images=counts["value"].fillna(0).astype(int), n_chance=counts["chance"].fillna(0).astype(int)
    )
    found.columns.name = None
    return found.loc[list(SALIENCY_METRICS)].reset_index()


def _image(
    name: str,
    people: dict[str, np.ndarray],
    elsewhere: dict[str, np.ndarray] | None,
    everyone: np.ndarray,
    others: np.ndarray,
    sigma_px: float,
    seed: int,
) -> list[tuple[str, str, str, float]]:
    """Rows (metric, person, value or chance, number) of one image."""
    shape = everyone.shape
    baseline = np.maximum(everyone - _summed(people, shape, sigma_px), 0.0)
    total = baseline.sum()
    baseline *= (1 - UNIFORM_SHARE) / total if total > 0 else 0.0
    baseline += (UNIFORM_SHARE if total > 0 else 1.0) / baseline.size
    baseline = Map(baseline)
    own = {person: _summed({person: mine}, shape, sigma_px) for person, mine in people.items()}
    rows = []
    for kind, source in (("value", people), ("chance", elsewhere)):
        if source is None:
            continue
        summed = _summed(source, shape, sigma_px)
        for person, mine in people.items():
            left = summed
            if person in source:
                if len(source) < 2:
                    continue
                theirs = own[person] if kind == "value" else _summed({person: source[person]}, shape, sigma_px)
                left = np.maximum(summed - theirs, 0.0)
            found = map_values(left, baseline, own[person], *mine.T, others, seed=seed)
            rows += [(metric, person, kind, value) for metric, value in found.items()]
    return rows


def _summed(people: dict[str, np.ndarray], shape: tuple[int, int], sigma_px: float) -> np.ndarray:
    return density(*np.concatenate(list(people.values())).T, shape, sigma_px, normalise=False)
