"""What subjects of a study of images share: latent vectors are principal components of a network's features."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.simulate.gaze import LIMIT_DEG
from cogmodels.simulate.truth import DECIMALS, HOTSPOTS, SHARED_STREAM, Truth

#: Kinds of image, the one that test images are drawn from first.
KINDS = ("photograph", "rendered")


def image_truth(
    stimuli: list[str],
    features: np.ndarray,
    kinds: pd.DataFrame,
    *,
    seed: int,
    subjects: int,
    latent_dimensions: int,
    test: int,
) -> Truth:
    """Truth of a study whose stimuli are images.

    Latent vectors are the first principal components of the features over all images, less the mean of each kind of
    image: photographs and rendered images lie so far apart that little else would be left. Each component keeps the
    variance that it has there; one factor brings the mean variance to 1. Where people look (points of interest,
    degrees) follows the latent vector too: each coordinate is the tanh of a random projection of it. Test images are
    drawn from the photographs, or from rendered images where there are no others; all the rest are training images.

    Parameters
    ----------
    stimuli : list of str
        Names of the rows of ``features``.
    features : (n_stimuli, n_features) float
    kinds : DataFrame
        Columns stimulus and kind, one of ``KINDS``.
    seed, subjects, latent_dimensions, test : int

    Raises
    ------
    DataError
        Images and features that do not fit, more dimensions than there are components, too few images.
    """
    if sorted(stimuli) != sorted(kinds["stimulus"]):
        missing = sorted(set(kinds["stimulus"]) ^ set(stimuli))
        raise DataError(
            f"{len(missing)} images have no features, or features no image (such as {missing[0]})",
            where="simulation of images",
            remedy="Delete the folder `stimuli` of the data set and its features, and run snakemake again",
        )
    rng = np.random.default_rng([seed, SHARED_STREAM])
    kind = kinds.set_index("stimulus").loc[stimuli, "kind"].to_numpy()
    first = next(name for name in KINDS if (kind == name).any())
    pool = np.flatnonzero(kind == first)
    if test > len(pool):
        raise DataError(
            f"{test} test images, there are {len(pool)} of kind {first}",
            where="simulation of images",
            remedy="Lower `test`, or give more images",
        )
    held = np.zeros(len(stimuli), dtype=bool)
    held[rng.choice(pool, test, replace=False)] = True
    within = np.array(features, dtype=np.float64)
    for name in KINDS:
        within[kind == name] -= within[kind == name].mean(axis=0) if (kind == name).any() else 0.0
    latent = principal_components(within, latent_dimensions)
    hotspots = _hotspots(latent, rng)
    table = pd.DataFrame({"stimulus": stimuli, "category": kind, "split": np.where(held, "test", "train")})
    labels = [f"{i + 1:0{max(2, len(str(subjects)))}d}" for i in range(subjects)]
    return Truth(table, latent.round(DECIMALS), hotspots.round(DECIMALS), seed, labels, images=True)


def principal_components(features: np.ndarray, dimensions: int) -> np.ndarray:
    """First principal components (n, dimensions), mean 0, their mean variance 1; signs by the largest loading.

    Raises
    ------
    DataError
        Fewer components than asked for.
    """
    centred = np.asarray(features, dtype=np.float64)
    centred = centred - centred.mean(axis=0)
    left, size, right = np.linalg.svd(centred, full_matrices=False)
    rank = int((size > 1e-9 * size[0]).sum()) if len(size) else 0
    if dimensions > rank:
        raise DataError(
            f"{dimensions} latent dimensions, the features of {len(centred)} images have {rank}",
            where="simulation of images",
            remedy="Lower `latent_dimensions`, or name a wider `layer`",
        )
    sign = np.sign(right[np.arange(dimensions), np.abs(right[:dimensions]).argmax(axis=1)])
    components = left[:, :dimensions] * size[:dimensions] * sign
    return components / np.sqrt(components.var(axis=0).mean())


def _hotspots(latent: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Points of interest (n, points, 3): x, y in degrees, weight."""
    scaled = latent / np.sqrt((latent**2).sum(axis=1).mean())
    places = np.tanh(np.einsum("nd,dpk->npk", scaled, rng.standard_normal((latent.shape[1], HOTSPOTS, 2))))
    weights = rng.dirichlet(np.full(HOTSPOTS, 2.0), len(latent))
    return np.concatenate([places * (np.array(LIMIT_DEG) - 1), weights[..., None]], axis=2)
