"""Scores of reconstructed images, each a matrix (n, m): row = reconstruction, column = candidate for the true image.

As in :mod:`cogmodels.metrics.retrieval`, true pairs lie on the diagonal, and a permutation of the candidates only picks
other entries. Images are (n, h, w, 3), RGB: uint8, or float from 0 to 1.
"""

from __future__ import annotations

import numpy as np

from cogmodels.metrics.retrieval import correlation_matrix

#: Of the grey level: ITU-R BT.709 in the rounding of scikit-image's ``rgb2gray``.
LUMA = (0.2125, 0.7154, 0.0721)
#: Standard deviation and radius, px, of SSIM's window (11 x 11).
SIGMA, RADIUS = 1.5, 5
#: Images of each side that are compared at a time: it bounds memory.
_BLOCK = 32
#: Stabilising constants of SSIM for values from 0 to 1.
_C1, _C2 = 0.01**2, 0.03**2


def pixcorr(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """PixCorr (n, m): Pearson r over all pixels and colours of two images; a constant image gives 0.

    Parameters
    ----------
    predicted : (n, h, w, 3)
    target : (m, h, w, 3)
    """
    _check(predicted, target)
    found = np.empty((len(predicted), len(target)))
    for row in range(0, len(predicted), _BLOCK):
        rows = slice(row, row + _BLOCK)
        for column in range(0, len(target), _BLOCK):
            columns = slice(column, column + _BLOCK)
            found[rows, columns] = correlation_matrix(*(_vectors(one) for one in (predicted[rows], target[columns])))
    return found


def ssim(predicted: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Structural similarity (n, m) of grey images in Gaussian windows (Wang, Bovik, Sheikh and Simoncelli 2004).

    As MindEye and MindBridge take it: ``skimage.metrics.structural_similarity`` with ``gaussian_weights=True``,
    ``sigma=1.5``, ``use_sample_covariance=False``, ``data_range=1``; the mean is over windows that lie inside of the
    image.

    Parameters
    ----------
    predicted : (n, h, w, 3)
    target : (m, h, w, 3)

    Raises
    ------
    ValueError
        Images of unequal sizes, or smaller than the window.
    """
    _check(predicted, target)
    first, second = (_grey(images) for images in (predicted, target))
    if min(first.shape[1:]) <= 2 * RADIUS:
        raise ValueError(f"SSIM needs images of more than {2 * RADIUS} px, these have {first.shape[1:]}")
    (mean_a, variance_a), (mean_b, variance_b) = _moments(first), _moments(second)
    found = np.empty((len(first), len(second)))
    for row, image in enumerate(first):
        # A row at a time: products of all pairs would not fit into memory.
        covariance = _windowed(image * second) - mean_a[row] * mean_b
        alike = (2 * mean_a[row] * mean_b + _C1) * (2 * covariance + _C2)
        found[row] = (alike / ((mean_a[row] ** 2 + mean_b**2 + _C1) * (variance_a[row] + variance_b + _C2))).mean(
            (1, 2)
        )
    return found


def _moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance in each window (n, h - 10, w - 10)."""
    mean = _windowed(images)
    return mean, _windowed(images**2) - mean**2


def _windowed(images: np.ndarray) -> np.ndarray:
    """Gaussian means (n, h - 10, w - 10) of images (n, h, w), in windows that lie inside."""
    rows, columns = (_weights(side) for side in images.shape[1:])
    return rows @ images @ columns.T


def _weights(side: int) -> np.ndarray:
    """Gaussian window at each place (side - 10, side); as products of matrices, many small images are filtered fast."""
    steps = np.arange(-RADIUS, RADIUS + 1)
    window = np.exp(-(steps**2) / (2 * SIGMA**2))
    found = np.zeros((side - 2 * RADIUS, side))
    for place in range(len(found)):
        found[place, place : place + len(steps)] = window / window.sum()
    return found


def _vectors(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1)


def _grey(images: np.ndarray) -> np.ndarray:
    """Grey levels (n, h, w), 0 to 1."""
    scale = 1 / 255 if images.dtype == np.uint8 else 1.0
    return np.stack([image @ np.multiply(LUMA, scale) for image in images])


def _check(predicted: np.ndarray, target: np.ndarray) -> None:
    if predicted.ndim != 4 or predicted.shape[1:] != target.shape[1:]:
        raise ValueError(f"images of shape {predicted.shape} and {target.shape}: give (n, h, w, 3) of one size")
