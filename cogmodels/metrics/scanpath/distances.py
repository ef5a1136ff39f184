"""Distances between scanpaths, and what recurs in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath import _distance_kernels as kernels
from cogmodels.metrics.scanpath.paths import PathLike, compare

RECURRENCE = ("recurrence", "determinism", "laminarity", "corm")


def dtw(first: PathLike, second: PathLike, *, pairs: np.ndarray | None = None) -> np.ndarray | float:
    """Dynamic time warping: least sum of distances (px) along an alignment. Exact, unlike FastDTW.

    Sakoe and Chiba (1978), IEEE Transactions on Acoustics, Speech, and Signal Processing 26, 43-49.
    """
    return compare(kernels.distance_pairs, first, second, pairs, (kernels.DTW,), where="dtw")


def frechet(first: PathLike, second: PathLike, *, pairs: np.ndarray | None = None) -> np.ndarray | float:
    """Discrete Frechet distance, px: least of the largest distances along an alignment.

    Eiter and Mannila (1994), Technical Report CD-TR 94/64, TU Vienna.
    """
    return compare(kernels.distance_pairs, first, second, pairs, (kernels.FRECHET,), where="frechet")


def hausdorff(first: PathLike, second: PathLike, *, pairs: np.ndarray | None = None) -> np.ndarray | float:
    """Hausdorff distance, px: the largest distance of a fixation to the nearest one of the other scanpath."""
    return compare(kernels.distance_pairs, first, second, pairs, (kernels.HAUSDORFF,), where="hausdorff")


def mannan(
    first: PathLike, second: PathLike, image: tuple[float, float], *, pairs: np.ndarray | None = None
) -> np.ndarray | float:
    """Mannan's squared distance between sets of fixations, a share of the image's squared diagonal.

    ``(m sum d1^2 + n sum d2^2) / (2 n m (width^2 + height^2))``, where d1, d2 are distances to the nearest fixation of
    the other. Mannan, Ruddock and Wooding (1995), Spatial Vision 9, 363-386. The order of fixations does not count.
    """
    _check_positive("mannan", width=image[0], height=image[1])
    return compare(kernels.distance_pairs, first, second, pairs, (kernels.MANNAN, *image), where="mannan")


def fdiss(
    first: PathLike, second: PathLike, radius_px: float, *, pairs: np.ndarray | None = None
) -> np.ndarray | float:
    """Foveal disc similarity, 0 to 1: how much the discs around fixations overlap those of the other scanpath.

    Each fixation takes the intersection over union with its nearest; the harmonic mean of both directions (fdiss
    0.1.0). ``radius_px``: usually the pixels of 1 degree. The order of fixations does not count.
    """
    _check_positive("fdiss", radius_px=radius_px)
    return compare(kernels.distance_pairs, first, second, pairs, (kernels.FDISS, radius_px), where="fdiss")


def tde(
    first: PathLike, second: PathLike, window: int, *, largest: bool = False, pairs: np.ndarray | None = None
) -> np.ndarray | float:
    """Time-delay embedding distance, px: how near each ``window`` fixations of the first come to some of the second.

    Mean over the windows of the first (the simulated) scanpath of the least Frobenius distance to one of the second,
    over ``window``; with ``largest`` the maximum. NaN among many pairs where a scanpath is shorter than the window.
    Wang, Chen, Wang, Jiang, Fang and Yao (2011), CVPR, 441-448.
    """
    _check_positive("tde", window=window)
    which = kernels.TDE_MAX if largest else kernels.TDE
    return compare(kernels.distance_pairs, first, second, pairs, (which, window), where="tde", minimum=int(window))


def stde(
    first: PathLike, second: PathLike, image: tuple[float, float], *, pairs: np.ndarray | None = None
) -> np.ndarray | float:
    """Scaled time-delay embedding, 0 to 1: mean of ``exp(-tde)`` over all windows, px over the image's longer side."""
    _check_positive("stde", width=image[0], height=image[1])
    return compare(kernels.distance_pairs, first, second, pairs, (kernels.STDE, *image), where="stde")


def recurrence(path: PathLike, radius_px: float, *, minimum_line: int = 2) -> dict[str, Any]:
    """Recurrence quantification of a scanpath: where gaze returns to.

    Parameters
    ----------
    path : (n, 2) array, table or Scanpaths
    radius_px : float
        Two fixations recur if they lie no further apart.
    minimum_line : int
        Fewer successive recurrences are no line.

    Returns
    -------
    dict of float, or of (n_paths,): ``recurrence`` (% of pairs of fixations), ``determinism`` and ``laminarity`` (% of
    recurrences on diagonal, and on horizontal or vertical lines), ``corm`` (centre of recurrence mass, % of the
    greatest lag). 0 where nothing recurs.

    Notes
    -----
    Anderson, Bischof, Laidlaw, Risko and Kingstone (2013), Behavior Research Methods 45, 842-856; upper triangle.
    """
    return _recurrence(path, path, radius_px, minimum_line, 1.0, None)


def cross_recurrence(
    first: PathLike, second: PathLike, radius_px: float, *, minimum_line: int = 2, pairs: np.ndarray | None = None
) -> dict[str, Any]:
    """Recurrence quantification of two scanpaths: where one goes where the other is, was or will be.

    As :func:`recurrence`, over all pairs of fixations of both, cut to the shorter one; ``corm`` is above 0 where the
    second follows. Anderson, Anderson, Kingstone and Bischof (2015), Behavior Research Methods 47, 1377-1392.
    """
    return _recurrence(first, second, radius_px, minimum_line, 0.0, pairs)


def _recurrence(
    first: PathLike, second: PathLike, radius: float, line: int, same: float, pairs: np.ndarray | None
) -> dict[str, Any]:
    _check_positive("recurrence", radius_px=radius, minimum_line=line)
    found = compare(kernels.recurrence_pairs, first, second, pairs, (radius, line, same), where="recurrence", columns=4)
    return dict(zip(RECURRENCE, found.T if found.ndim == 2 else map(float, found), strict=True))


def _check_positive(where: str, **values: float) -> None:
    for name, value in values.items():
        if not (np.isfinite(value) and value > 0):
            raise DataError(f"`{name}` is {value}", where=where, remedy="Give a value above 0")
