"""Searchlights: a function of the voxels in a sphere, for every sphere in a mask."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from cogmodels.errors import DataError


@dataclass(frozen=True)
class Spheres:
    """Voxels near each voxel of a mask: those of sphere ``k`` are ``members[starts[k]:starts[k + 1]]``, numbers of
    voxels in the mask in C order, the centre among them."""

    members: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def __getitem__(self, sphere: int) -> np.ndarray:
        if not 0 <= sphere < len(self):
            raise IndexError(sphere)
        return self.members[self.starts[sphere] : self.starts[sphere + 1]]


def find_spheres(mask: np.ndarray, affine: np.ndarray, radius_mm: float) -> Spheres:
    """Voxels of a mask within a radius (mm, the edge included) of each voxel of it.

    Kriegeskorte et al. (2006), PNAS 103, 3863-3868. Distances are those of voxel centres in the world, so voxels need
    not be cubes, nor the grid's axes at right angles.

    Parameters
    ----------
    mask : (x, y, z) bool
    affine : (4, 4) float
        Voxels to mm.
    radius_mm : float
        Below the voxel size each sphere is its centre.

    Raises
    ------
    DataError
        An empty mask, one that has not three dimensions, or a radius that is not above 0.
    """
    mask, affine = np.asarray(mask, dtype=bool), np.asarray(affine, dtype=float)
    if mask.ndim != 3 or not mask.any():
        raise DataError(
            f"a mask of shape {mask.shape} with {int(mask.sum())} voxels",
            where="searchlight",
            remedy="Give three dimensions and some voxels",
        )
    if not (np.isfinite(radius_mm) and radius_mm > 0):
        raise DataError(f"a radius of {radius_mm} mm", where="searchlight", remedy="Give a radius above 0")
    # Neighbours are the same steps everywhere: how far each lies is worked out once.
    reach = [
        min(size - 1, int(np.floor(radius_mm / height + 1e-9)))
        for size, height in zip(mask.shape, 1 / np.linalg.norm(np.linalg.inv(affine[:3, :3]), axis=1), strict=True)
    ]
    steps = np.stack(np.meshgrid(*(np.arange(-r, r + 1) for r in reach), indexing="ij"), -1).reshape(-1, 3)
    steps = steps[np.linalg.norm(steps @ affine[:3, :3].T, axis=1) <= radius_mm * (1 + 1e-9)]
    number = np.full(np.array(mask.shape) + 2 * np.array(reach), -1)
    inside = tuple(slice(r, r + size) for r, size in zip(reach, mask.shape, strict=True))
    number[inside][mask] = np.arange(int(mask.sum()))
    places = np.argwhere(mask) + reach
    found = np.stack([number[tuple((places + step).T)] for step in steps], axis=1)
    kept = found >= 0
    return Spheres(found[kept], np.concatenate([[0], np.cumsum(kept.sum(axis=1))]))


def map_spheres(
    function: Callable[[np.ndarray], float], data: np.ndarray, spheres: Spheres, *, fewest_voxels: int = 1
) -> np.ndarray:
    """A function of the data (n_samples, n_voxels) of each sphere: (n_spheres,) float, NaN below ``fewest_voxels``.

    Raises
    ------
    DataError
        Another number of voxels than spheres, or values that are not finite.
    """
    data = _check(data, spheres)
    values = np.full(len(spheres), np.nan)
    for place in range(len(spheres)):
        members = spheres[place]
        if len(members) >= fewest_voxels:
            values[place] = function(data[:, members])
    return values


def predict_spheres(
    data: np.ndarray, labels: np.ndarray, runs: np.ndarray, spheres: Spheres, *, shrinkage: float = 0.1
) -> np.ndarray:
    """Labels that leave-one-run-out classification in each sphere predicts, by linear discriminants.

    In each training set: class means, and the covariance within classes, shrunk towards the mean of its diagonal so
    that spheres of more voxels than trials have one (Ledoit and Wolf 2004, Journal of Multivariate Analysis 88,
    365-411, with a fixed share). A trial goes to the nearest class mean in that metric, all classes being as likely.

    Parameters
    ----------
    data : (n_trials, n_voxels) float
        Responses, on one scale over runs.
    labels, runs : (n_trials,)
        Chance is 1 / number of labels where each run has all of them equally often.
    spheres : Spheres
    shrinkage : float
        Between 0 and 1, the latter being the nearest mean by distance. Fixed, never chosen on the scores.

    Returns
    -------
    predicted : (n_trials, n_spheres)
        A label for each trial, each tested once.

    Raises
    ------
    DataError
        Shapes that do not fit, values that are not finite, fewer than two runs or labels, a label that only one run
        has, or a shrinkage outside of 0 to 1.
    """
    data = _check(data, spheres)
    names, targets = np.unique(np.asarray(labels), return_inverse=True)
    numbers, groups = np.unique(np.asarray(runs), return_inverse=True)
    if targets.shape != (len(data),) or groups.shape != (len(data),):
        raise DataError(
            f"{targets.size} labels and {groups.size} runs for {len(data)} trials",
            where="searchlight",
            remedy="Give one of each for each trial",
        )
    if len(names) < 2 or len(numbers) < 2:
        raise DataError(
            f"{len(names)} labels in {len(numbers)} runs", where="searchlight", remedy="Give two of each or more"
        )
    if not 0 < shrinkage <= 1:
        raise DataError(f"a shrinkage of {shrinkage}", where="searchlight", remedy="Give a value above 0, up to 1")
    one_hot = np.eye(len(names))[targets]
    folds = []
    for number in range(len(numbers)):
        test = groups == number
        counts = one_hot[~test].sum(axis=0)
        if not counts.all():
            raise DataError(
                f"label `{names[counts == 0][0]}` is in run `{numbers[number]}` only",
                where="searchlight",
                remedy="Leave the label out, or give it in two runs",
            )
        means = (one_hot[~test] / counts).T @ data[~test]
        folds.append((test, means, data[~test] - means[targets[~test]]))
    predicted = np.empty((len(data), len(spheres)), dtype=np.min_scalar_type(len(names)))
    for place in range(len(spheres)):
        members = spheres[place]
        for test, means, within in folds:
            mine, part = means[:, members], within[:, members]
            covariance = part.T @ part / len(part)
            level = np.trace(covariance) / len(members)
            if level <= 0:  # nothing varies within classes: any metric will do
                covariance, level = np.eye(len(members)), 1.0
            covariance = (1 - shrinkage) * covariance + shrinkage * level * np.eye(len(members))
            weights = np.linalg.solve(covariance, mine.T)
            scores = data[np.ix_(test, members)] @ weights - 0.5 * np.einsum("ij,ji->i", mine, weights)
            predicted[test, place] = scores.argmax(axis=1)
    return names[predicted]


def decode_spheres(
    data: np.ndarray, labels: np.ndarray, runs: np.ndarray, spheres: Spheres, *, shrinkage: float = 0.1
) -> np.ndarray:
    """Accuracy (n_spheres,) of `predict_spheres`: share of all trials, each tested once."""
    predicted = predict_spheres(data, labels, runs, spheres, shrinkage=shrinkage)
    return (predicted == np.asarray(labels)[:, None]).mean(axis=0)


def score_spheres(
    predicted: np.ndarray,
    labels: np.ndarray,
    runs: np.ndarray,
    *,
    permutations: int = 1000,
    bootstrap: int = 2000,
    seed: int = 0,
) -> tuple[pd.DataFrame, list[dict]]:
    """What spheres predicted, against the same predictions with labels permuted within runs.

    One permutation is that of all spheres, so that their largest accuracy has a null of its own (Nichols and Holmes
    2002, Human Brain Mapping 15, 1-25).

    Parameters
    ----------
    predicted : (n_trials, n_spheres)
    labels, runs : (n_trials,)
    permutations, bootstrap, seed
        Bootstrap: of runs.

    Returns
    -------
    spheres : DataFrame
        ``accuracy``; ``chance``, its mean under permutation; ``p``, one-sided; ``q``, adjusted for the false discovery
        rate over spheres; ``p_family``, of the largest of all.
    summary : list of dict
        For `cogmodels.metrics.map_scores.score_summaries`: the mean over spheres, and the peak. The peak's chance is
        that of the largest of all; its interval is that of the sphere where it lies, chosen as it is.
    """
    predicted, labels, runs = np.asarray(predicted), np.asarray(labels), np.asarray(runs)
    # Small integers: comparing them is most of the work.
    names = np.unique(labels)
    guesses, targets = (np.searchsorted(names, part).astype(np.uint8) for part in (predicted, labels))
    hits = guesses == targets[:, None]
    accuracy = hits.mean(axis=0)
    groups = [np.flatnonzero(runs == run) for run in np.unique(runs)]
    rng = np.random.default_rng([seed, 37])
    reached, total, means, largest = np.zeros(len(accuracy)), np.zeros(len(accuracy)), [], []
    for _ in range(permutations):
        shuffled = targets.copy()
        for group in groups:
            shuffled[group] = targets[rng.permutation(group)]
        null = (guesses == shuffled[:, None]).mean(axis=0)
        reached += null >= accuracy - 1e-12
        total += null
        means.append(null.mean())
        largest.append(null.max())
    p = (1 + reached) / (1 + permutations)
    family = (1 + (np.array(largest)[:, None] >= accuracy - 1e-12).sum(axis=0)) / (1 + permutations)
    table = {"accuracy": accuracy, "chance": total / permutations, "p": p}
    spheres = pd.DataFrame(table | {"q": false_discovery_control(p), "p_family": family})
    peak = int(accuracy.argmax())
    sizes = np.array([len(group) for group in groups])
    drawn = rng.multinomial(len(groups), np.full(len(groups), 1 / len(groups)), size=bootstrap)
    summary = []
    for metric, mine, null in (
        ("searchlight_mean", hits.mean(axis=1), means),
        ("searchlight_peak", hits[:, peak], largest),
    ):
        sums = np.array([mine[group].sum() for group in groups])
        draws = drawn @ sums / (drawn @ sizes)
        row = {"metric": metric, "part": "", "value": float(mine.mean()), "ceiling": 1.0}
        summary.append(row | {"null": np.array(null), "draws": draws})
    return spheres, summary


def _check(data: np.ndarray, spheres: Spheres) -> np.ndarray:
    data = np.asarray(data, dtype=float)
    if data.ndim != 2 or data.shape[1] != len(spheres):
        raise DataError(
            f"data of shape {data.shape} for {len(spheres)} spheres",
            where="searchlight",
            remedy="Give samples x voxels of the mask that the spheres were made from",
        )
    if not np.isfinite(data).all():
        raise DataError("values that are not finite", where="searchlight", remedy="Leave the voxels out of the mask")
    return data
