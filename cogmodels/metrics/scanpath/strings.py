"""Scanpaths as strings: sequence score, edit distance, ScanMatch."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath import _string_kernels as kernels
from cogmodels.metrics.scanpath._clustering_kernels import mean_shift
from cogmodels.metrics.scanpath.paths import PathLike, Scanpaths, compare, pack


def cluster_symbols(x: np.ndarray, y: np.ndarray, bandwidth: float | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Clusters of fixations by mean shift with a flat kernel: the symbols of the sequence score.

    Parameters
    ----------
    x, y : (n,) float
        All people's fixations on one image (and one task), px.
    bandwidth : float, optional
        px; by default the mean distance to the nearest 30 % of the fixations, as scikit-learn estimates it.

    Returns
    -------
    symbols : (n,) int
        Number of each fixation's cluster, the densest first.
    centres : (n_clusters, 2) float
        px. :func:`nearest_symbols` gives other scanpaths the same symbols.

    Notes
    -----
    Comaniciu and Meer (2002), IEEE TPAMI 24, 603-619; equal to scikit-learn's MeanShift.
    """
    points = np.column_stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    if not len(points) or not np.isfinite(points).all():
        raise DataError(
            f"{len(points)} fixations, not all of them with a position", where="clusters", remedy="Give one or more"
        )
    if bandwidth is None:
        bandwidth = _usual_distance(points, max(1, int(len(points) * 0.3)))
    if not bandwidth > 0:
        # All in one place.
        return nearest_symbols(points[:, 0], points[:, 1], np.unique(points, axis=0)), np.unique(points, axis=0)
    modes, weights = mean_shift(points, bandwidth)
    # As scikit-learn orders them: by number of points, then by place, the largest first.
    order = np.lexsort((-modes[:, 1], -modes[:, 0], -weights))
    modes = modes[order]
    kept = np.ones(len(modes), dtype=bool)
    for i in range(len(modes)):
        if kept[i]:
            near = np.hypot(*(modes - modes[i]).T) <= bandwidth
            kept[near] = False
            kept[i] = True
    centres = modes[kept]
    return nearest_symbols(points[:, 0], points[:, 1], centres), centres


def _usual_distance(points: np.ndarray, k: int) -> float:
    """Mean distance of the points (n, 2) to the k-th nearest of all, themselves included."""
    found = []
    for some in np.array_split(points, 1 + len(points) ** 2 // 4_000_000):
        squared = (some[:, None, 0] - points[:, 0]) ** 2 + (some[:, None, 1] - points[:, 1]) ** 2
        found.append(np.sqrt(np.partition(squared, k - 1, axis=1)[:, k - 1]))
    return float(np.concatenate(found).mean())


def nearest_symbols(x: np.ndarray, y: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """Number (n,) of the centre (n_clusters, 2) that lies nearest to each fixation."""
    distance = np.hypot(np.asarray(x, float)[:, None] - centres[:, 0], np.asarray(y, float)[:, None] - centres[:, 1])
    return distance.argmin(axis=1)


def segment_symbols(x: np.ndarray, y: np.ndarray, segments: np.ndarray) -> np.ndarray:
    """Label (n,) of the segmentation map (height, width) under each fixation: the symbols of the semantic score.

    Raises
    ------
    DataError
        A fixation lies beside the map.
    """
    column, row = (np.floor(np.asarray(values, dtype=float)).astype(np.int64) for values in (x, y))
    beside = (column < 0) | (row < 0) | (column >= segments.shape[1]) | (row >= segments.shape[0])
    if beside.any():
        raise DataError(
            f"{int(beside.sum())} fixations lie beside a map of {segments.shape[1]} x {segments.shape[0]} px",
            where="semantic sequence score",
            remedy="Leave them out, or give the map in the pixels of the fixations",
        )
    return np.asarray(segments)[row, column].astype(np.int64)


def sequence_score(
    first: np.ndarray | Scanpaths,
    second: np.ndarray | Scanpaths,
    *,
    time_bin_s: float = 0.0,
    max_steps: int | None = None,
    truncate_second: bool = True,
    pairs: np.ndarray | None = None,
) -> np.ndarray | float:
    """Share of symbols that two scanpaths have in common, in order.

    With symbols of :func:`cluster_symbols` this is the sequence score, with those of :func:`segment_symbols` the
    semantic sequence score.

    Parameters
    ----------
    first, second : (n,) int symbols of one scanpath; or Scanpaths with symbols
        ``first`` is the predicted one.
    time_bin_s : float
        Above 0: each symbol stands once for every such time of its fixation (50 ms in the literature); needs Scanpaths
        with durations.
    max_steps : int, optional
        Fixations of ``first`` that count; those of ``second`` too, unless ``truncate_second`` is False (HAT).

    Returns
    -------
    float or (n_pairs,) in 0 to 1: length of the longest common subsequence over that of the longer string. NaN among
    many pairs where a scanpath is empty or too short for one bin.

    Notes
    -----
    Needleman and Wunsch (1970) with match 1, mismatch 0 and gap 0; Yang et al. (2020), CVPR; Mondal et al. (2023),
    CVPR (Gazeformer).
    """
    if not (time_bin_s == 0 or time_bin_s >= 1e-3):
        raise DataError(f"`time_bin_s` is {time_bin_s}", where="sequence score", remedy="Give 0 (none) or 1 ms or more")
    steps = np.iinfo(np.int64).max // 2 if max_steps is None else max_steps
    parameters = (time_bin_s, min(steps, 2**52), min(steps, 2**52) if truncate_second else 2**52)
    paths = [side if isinstance(side, Scanpaths) else _of_symbols(side) for side in (first, second)]
    found = compare(
        kernels.sequence_pairs, *paths, pairs, parameters, where="sequence score", needs_symbols=True,
        needs_duration=time_bin_s > 0,
    )  # fmt: skip
    if isinstance(first, Scanpaths) or isinstance(second, Scanpaths):
        return found
    if np.isnan(found[0]):
        raise DataError("a scanpath is empty", where="sequence score", remedy="Leave it out")
    return float(found[0])


def string_edit(
    first: PathLike,
    second: PathLike,
    image: tuple[float, float],
    *,
    grid: tuple[int, int] = (5, 5),
    normalise: bool = False,
    pairs: np.ndarray | None = None,
) -> np.ndarray | float:
    """String edit distance on a grid: insertions, deletions and replacements that make one scanpath the other.

    Parameters
    ----------
    image : (width, height)
        px; fixations beside it count to the nearest cell.
    grid : (columns, rows)
    normalise : bool
        Divide by the length of the longer scanpath, so that the result lies in 0 to 1.

    Notes
    -----
    Levenshtein (1966), unit costs; as used by Brandt and Stark (1997), Journal of Cognitive Neuroscience 9, 27-38.
    """
    _check_grid(image, grid, "string edit")
    return compare(kernels.edit_pairs, first, second, pairs, (*image, *grid, normalise), where="string edit", minimum=0)


def scanmatch(
    first: PathLike,
    second: PathLike,
    image: tuple[float, float],
    *,
    grid: tuple[int, int] = (12, 8),
    threshold: float = 3.5,
    gap: float = 0.0,
    time_bin_s: float = 0.0,
    pairs: np.ndarray | None = None,
) -> np.ndarray | float:
    """ScanMatch: similarity of scanpaths as strings of grid cells, near cells being alike.

    Parameters
    ----------
    image : (width, height)
        px; fixations beside it count to the nearest cell.
    grid : (columns, rows)
        12 x 8 in the toolbox, 16 x 12 for OSIE.
    threshold : float
        Distance in cells at which two cells are neither alike nor unlike; 2 sd of saccade amplitudes is advised.
    gap : float
        Added for each gap; not positive.
    time_bin_s : float
        Above 0: a cell is repeated ``round(duration / time_bin_s)`` times (half to even); 0.1 s is usual.

    Returns
    -------
    float or (n_pairs,): 1 for equal strings, 0 or less for unlike ones. NaN among many pairs where a scanpath is empty
    or every fixation is shorter than half a bin.

    Notes
    -----
    Cristino, Mathot, Theeuwes and Gilchrist (2010), Behavior Research Methods 42, 692-700. Equal to GazeParser's class
    and to the MATLAB toolbox for gap 0; for other gaps, as the toolbox has it.
    """
    _check_grid(image, grid, "scanmatch")
    if not (threshold > 0 and gap <= 0 and (time_bin_s == 0 or time_bin_s >= 1e-3)):
        raise DataError(
            f"threshold {threshold}, gap {gap}, time bin {time_bin_s} s",
            where="scanmatch",
            remedy="The threshold must be above 0, the gap 0 or below, the time bin 0 (none) or 1 ms or more",
        )
    parameters = (*image, *grid, threshold, gap, time_bin_s)
    found = compare(
        kernels.scanmatch_pairs, first, second, pairs, parameters, where="scanmatch", needs_duration=time_bin_s > 0
    )
    if isinstance(found, float) and np.isnan(found):
        raise DataError(
            "every fixation is shorter than half a time bin", where="scanmatch", remedy="Give a shorter `time_bin_s`"
        )
    return found


def _of_symbols(symbols: np.ndarray) -> Scanpaths:
    symbols = np.asarray(symbols)
    return pack([np.zeros((len(symbols), 2))]).with_symbols(symbols)


def _check_grid(image: tuple[float, float], grid: tuple[int, int], where: str) -> None:
    if not (np.isfinite(image).all() and min(image) > 0 and min(grid) >= 1):
        raise DataError(
            f"an image of {image} px and a grid of {grid}", where=where, remedy="Give sizes above 0 and a cell or more"
        )
