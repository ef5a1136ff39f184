"""From decoded images to score rows: pixels, structure, and which image they are taken for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from cogmodels.data.images import resize_all
from cogmodels.data.reconstructions import Reconstructions, as_images, mean_image
from cogmodels.data.tables import Features
from cogmodels.decoding.score import SCORE_COLUMNS
from cogmodels.errors import DataError
from cogmodels.metrics.reconstruction import pixcorr, ssim
from cogmodels.metrics.retrieval import correlation_matrix, two_way
from cogmodels.metrics.uncertainty import bootstrap_interval, permutation_null, permutation_p

#: Images (n, h, w, 3) uint8 -> name of a layer -> features (n, d).
Describe = Callable[[np.ndarray], Mapping[str, np.ndarray]]


def gather_reconstructions(predictions: pd.DataFrame) -> Reconstructions:
    """The decoded image of each subject and stimulus: the mean over trials, seeds and draws.

    Parameters
    ----------
    predictions : DataFrame
        Columns subject, stimulus, ``reconstructed`` (3 side^2,) from 0 to 1 and ``predicted`` (d,).
    """
    groups = predictions.groupby(["subject", "stimulus"], sort=True)
    values, vectors = (
        np.stack([np.mean(np.stack(list(mine[name])), axis=0) for _, mine in groups])
        for name in ("reconstructed", "predicted")
    )
    subject, stimulus = (np.array(names, dtype=object) for names in zip(*groups.groups, strict=True))
    return Reconstructions(subject, stimulus, as_images(values), vectors.astype(np.float32))


@dataclass(frozen=True)
class Compared:
    """Decoded images of each subject beside all true images of that subject's stimuli.

    Attributes
    ----------
    subjects : list of n names
    stimuli : list of n tuples
        What each subject's rows and columns are.
    matrices : metric -> list of n matrices
        Row = reconstruction, column = candidate for the true image; its own is on the diagonal.
    ceiling, mean_image : metric -> float
        Mean over subjects of what the true image at the decoded resolution reaches, and the mean of the other images.
    """

    subjects: list[str]
    stimuli: list[tuple[str, ...]]
    matrices: dict[str, list[np.ndarray]]
    ceiling: dict[str, float]
    mean_image: dict[str, float]

    def own(self, metric: str) -> list[np.ndarray]:
        """Scores of each subject's reconstructions beside their own images."""
        return [np.diagonal(matrix) for matrix in self.matrices[metric]]


def compare_reconstructions(
    found: Reconstructions, pixels: Features, truth: Mapping[str, np.ndarray], describe: Describe
) -> Compared:
    """Compare the decoded images of each subject with the true ones of all its stimuli.

    ``pixcorr`` and ``ssim`` of images brought to the size of the true ones, and two-way identification by pixels and by
    features: the share of the other true images that are less like the reconstruction than its own (Pearson r).

    Parameters
    ----------
    found : Reconstructions
    pixels : Features
        True images at the resolution that is decoded, held-out ones and others.
    truth : mapping of stimulus -> (h, w, 3) uint8
    describe : callable
        Features of images of any size.

    Raises
    ------
    DataError
        A decoded stimulus has no true image; a subject with fewer than two stimuli.
    """
    held = set(found.stimulus)
    row = {name: k for k, name in enumerate(pixels.stimuli)}
    missing = sorted(held - (set(truth) & set(row)))
    if missing:
        raise DataError(
            f"{len(missing)} decoded stimuli have no image (such as {missing[0]})",
            where=f"features {pixels.name}",
            remedy="Make them of every stimulus that was shown",
        )
    dull, matrices, seen = mean_image(pixels, held), {}, []
    limits: dict[tuple[str, ...], dict[str, dict[str, float]]] = {}
    shown: dict[tuple[str, ...], tuple[np.ndarray, Mapping[str, np.ndarray]]] = {}
    subjects = sorted(set(found.subject))
    for subject in subjects:
        mine = np.flatnonzero(found.subject == subject)
        names = tuple(found.stimulus[mine])
        if len(names) < 2:
            raise DataError("one decoded stimulus", where=f"subject {subject}", remedy="Give two or more test stimuli")
        if names not in shown:
            images = np.stack([truth[name] for name in names])
            shown[names] = images, describe(images)
        compare = partial(similarities, target=shown[names][0], wished=shown[names][1], describe=describe)
        for metric, matrix in compare(found.images[mine]).items():
            matrices.setdefault(metric, []).append(matrix)
        if names not in limits:
            best = compare(as_images(pixels.values[[row[name] for name in names]]))
            limits[names] = {
                "ceiling": {metric: float(np.diagonal(one).mean()) for metric, one in best.items()},
                "mean": {metric: float(one.mean()) for metric, one in compare(dull).items()},
            }
        seen.append(names)
    ceiling, mean = (
        {metric: float(np.mean([limits[names][part][metric] for names in seen])) for metric in matrices}
        for part in ("ceiling", "mean")
    )
    return Compared(subjects, seen, matrices, ceiling, mean)


def score_reconstructions(
    compared: Compared, *, permutations: int = 2000, bootstrap: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Scores of decoded images, each subject's among its own held-out stimuli.

    The unit is the subject; p permutes the true images within subjects. Chance is one half, of ``pixcorr`` and ``ssim``
    the mean over those permutations, because any two photographs are somewhat alike. The ceiling is the score of the
    true image at the resolution that is decoded.

    Returns
    -------
    DataFrame with the columns of ``SCORE_COLUMNS``, ``shuffled_brain`` (the mean over permutations: the
    reconstruction of another stimulus) and ``mean_image`` (the score of the mean of the other images).
    """
    rows = [_row(metric, compared, permutations, bootstrap, seed) for metric in compared.matrices]
    return pd.DataFrame(rows, columns=[*SCORE_COLUMNS, "shuffled_brain", "mean_image"])


def similarities(
    predicted: np.ndarray, target: np.ndarray, wished: Mapping[str, np.ndarray], describe: Describe
) -> dict[str, np.ndarray]:
    """Every score as a matrix (n, m): row = reconstruction, column = candidate for the true image.

    Parameters
    ----------
    predicted : (n, side, side, 3) uint8
    target : (m, h, h, 3) uint8
    wished : mapping of layer -> (m, d)
        What ``describe`` makes of the true images.
    describe : callable
    """
    large = resize_all(predicted, target.shape[1])
    pixel_r = pixcorr(large, target)
    found = {"pixcorr": pixel_r, "ssim": ssim(large, target), "image_two_way_pixels": two_way(pixel_r)}
    return found | {
        f"image_two_way_{name}": two_way(correlation_matrix(values, wished[name]))
        for name, values in describe(predicted).items()
    }


def _row(metric: str, compared: Compared, permutations: int, bootstrap: int, seed: int) -> list[object]:
    """Score row of one metric."""
    matrices, own = compared.matrices[metric], compared.own(metric)
    value = float(np.mean([one.mean() for one in own]))

    def permuted(orders: list[np.ndarray]) -> float:
        pairs = zip(matrices, orders, strict=True)
        return float(np.mean([matrix[np.arange(len(order)), order].mean() for matrix, order in pairs]))

    null = permutation_null(permuted, [len(one) for one in own], permutations=permutations, seed=seed)
    other_brains = float(null.mean())
    chance = 0.5 if "two_way" in metric else other_brains
    low, high = bootstrap_interval(own, samples=bootstrap, seed=seed)
    measured = [metric, value, low, high, chance, compared.ceiling[metric], permutation_p(value, null)]
    return [*measured, len(own), "subject", other_brains, compared.mean_image[metric]]
