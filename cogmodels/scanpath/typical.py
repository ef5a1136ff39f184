"""The typical scanpath: of those that are drawn of an image, the one that is most like the others."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath.consistency import ComparisonSettings
from cogmodels.metrics.scanpath.paths import pack
from cogmodels.metrics.scanpath.strings import cluster_symbols, scanmatch, sequence_score

#: Suffix of scores of typical scanpaths.
SUFFIX = "_typical"


def medoid(alike: np.ndarray) -> int:
    """Number of the one that is, on average, most like the others; of equals the first.

    Parameters
    ----------
    alike : (n, n) float
        Likeness of each two; the diagonal is not read, pairs that are not defined (NaN) are left out.

    Raises
    ------
    DataError
        None, or none whose likeness to another is defined.
    """
    alike = np.array(alike, dtype=float)
    if len(alike) == 1:
        return 0
    np.fill_diagonal(alike, np.nan)
    defined = np.isfinite(alike)
    if not defined.any():
        raise DataError("no two scanpaths can be compared", where="typical scanpath", remedy="Draw more of them")
    with np.errstate(invalid="ignore"):
        means = np.where(defined, alike, 0.0).sum(1) / defined.sum(1)
    # The same numbers in another order have another sum, in the last bits.
    return int(np.nanargmax(np.round(means, 9)))


def likeness(draws: Sequence[np.ndarray], size_px: tuple[float, float]) -> np.ndarray:
    """Likeness (n, n) of each two scanpaths (k, 3) by which the typical one is chosen.

    Mean of sequence score, in clusters of these scanpaths' own fixations, and ScanMatch.
    """
    paths, defaults = pack(draws), ComparisonSettings
    paths = paths.with_symbols(cluster_symbols(paths.x, paths.y)[0])
    i, j = np.triu_indices(len(paths), 1)
    pairs = np.column_stack([i, j])
    found = np.full((len(paths), len(paths)), np.nan)
    found[i, j] = found[j, i] = (
        sequence_score(paths, paths, pairs=pairs)
        + scanmatch(paths, paths, size_px, grid=defaults.grid, threshold=defaults.threshold, pairs=pairs)
    ) / 2
    return found


def typical_path(draws: Sequence[np.ndarray], size_px: tuple[float, float]) -> np.ndarray:
    """The scanpath (k, 3) of several that is most like the others: that of minimum Bayes risk.

    Nothing but the draws enters: what people look at in the image is not known to it.

    Notes
    -----
    Kumar and Byrne (2004), NAACL: of the candidates that a model proposes, the one of the least expected loss under
    the model itself, here estimated by its other draws.
    """
    return draws[medoid(likeness(draws, size_px))]


def others_typical(alike: np.ndarray) -> np.ndarray:
    """Of each scanpath (n,) which of the others is the typical one, chosen without it: the number (n,) of that one.

    Parameters
    ----------
    alike : (n, n) float
        Likeness of each two, n of 3 or more.
    """
    found = np.empty(len(alike), np.int64)
    for left_out in range(len(alike)):
        others = np.delete(np.arange(len(alike)), left_out)
        found[left_out] = others[medoid(alike[np.ix_(others, others)])]
    return found
