"""Metrics of two maps: how alike a predicted and a measured density are."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.saliency import _kernels as kernels
from cogmodels.metrics.saliency.maps import Convention, Map, as_map, check_convention

_EPS = 2.2204e-16


def cc(first: np.ndarray | Map, second: np.ndarray | Map) -> float:
    """Pearson correlation of two maps (height, width); 0 where either is constant. The same in both conventions."""
    first, second = _two(first, second, "cc")
    means, squares = zip(first.moments, second.moments, strict=True)
    if not min(squares) > 0:
        return 0.0
    return float(kernels.cross_moments(first.values, second.values, *means) / np.sqrt(squares[0] * squares[1]))


def sim(first: np.ndarray | Map, second: np.ndarray | Map, *, convention: Convention = "pysaliency") -> float:
    """Similarity (histogram intersection) of two maps: sum of the minima of their densities, 0 to 1.

    ``convention``: how a map becomes a density. ``mit``: scaled to 0 to 1, then to sum 1; ``pysaliency``: the minimum
    is taken off only if negative, then scaled to sum 1. A constant map is the uniform density. Judd, Durand and
    Torralba (2012), MIT technical report; Swain and Ballard (1991), International Journal of Computer Vision 7, 11-32.
    """
    check_convention(convention, "sim")
    first, second = _two(first, second, "sim")
    return float(
        kernels.overlap(first.values, second.values, *_to_density(first, convention), *_to_density(second, convention))
    )


def kld(predicted: np.ndarray | Map, measured: np.ndarray | Map, *, convention: Convention = "pysaliency") -> float:
    """Kullback-Leibler divergence of the measured from the predicted density, nats; 0 for equal ones.

    Parameters
    ----------
    predicted, measured : (height, width)
        The minimum is taken off only if negative, then each is scaled to sum 1.
    convention : {"pysaliency", "mit"}
        ``pysaliency``: 1e-20 is added to each map first; ``sum q (log q - log p)``. ``mit``: ``sum q log(eps + q / (p +
        eps))``, eps = 2.2204e-16.

    Notes
    -----
    Bylinskii et al. (2019), IEEE TPAMI 41, 740-757. Not symmetric.
    """
    check_convention(convention, "kld")
    predicted, measured = _two(predicted, measured, "kld")
    as_density = [
        _to_density(which, "pysaliency", added=0.0 if convention == "mit" else 1e-20) for which in (predicted, measured)
    ]
    total = 0.0
    # In blocks that stay in the cache: numpy's logarithm is vectorised, the whole map at once would wait for memory.
    flat = predicted.values.ravel(), measured.values.ravel()
    block, eps = min(8192, predicted.size), _EPS if convention == "mit" else 0.0
    work = np.empty((2, block))
    for start in range(0, predicted.size, block):
        p, q = (values[start : start + block] for values in flat)
        ratio, weight = work[0, : len(p)], work[1, : len(p)]
        kernels.quotients(p, q, *as_density[0], *as_density[1], eps, ratio, weight)
        np.log(ratio, out=ratio)
        total += float(weight @ ratio)
    return total


def kld_of_logs(log_predicted: np.ndarray | Map, log_measured: np.ndarray | Map) -> float:
    """Kullback-Leibler divergence, nats, of two maps (height, width) of log densities: ``sum q (log q - log p)``.

    Minus infinity in ``log_measured`` counts 0; in ``log_predicted`` alone it gives infinity.
    """
    log_p, log_q = _two(log_predicted, log_measured, "kld")
    flat_p, flat_q = log_p.values.ravel(), log_q.values.ravel()
    block = 8192
    q, d = np.empty(min(block, flat_p.size)), np.empty(min(block, flat_p.size))
    total = 0.0
    for start in range(0, flat_p.size, block):
        part_p, part_q = flat_p[start : start + block], flat_q[start : start + block]
        exp, difference = q[: len(part_q)], d[: len(part_q)]
        np.exp(part_q, out=exp)
        with np.errstate(invalid="ignore"):
            np.subtract(part_q, part_p, out=difference)
            value = float(exp @ difference)
        if not np.isfinite(value):
            value = float((exp[exp > 0] * difference[exp > 0]).sum())
        total += value
    if np.isnan(total):
        raise DataError("log densities are not numbers", where="kld", remedy="Give logarithms of densities")
    return total


def emd(
    first: np.ndarray | Map,
    second: np.ndarray | Map,
    *,
    shrink: int = 32,
    convention: Convention = "mit",
    iterations: int = 100_000,
) -> float:
    """Earth mover's distance of two maps, in cells of ``shrink`` px: the least mass times way that makes one the other.

    Parameters
    ----------
    first, second : (height, width), not negative
    shrink : int
        Each map is first shrunk by this factor (area means; MIT has bicubic), then scaled to sum 1.
    convention : {"mit"}
        pysaliency has no such metric.
    iterations : int
        Limit of the network simplex; past it an error, not a wrong number.

    Returns
    -------
    float, exact for the shrunk maps; 0 for equal ones.

    Notes
    -----
    Rubner, Tomasi and Guibas (2000), International Journal of Computer Vision 40, 99-121. The distance is a metric, so
    what both maps have in a cell stays there, and only the rest is moved.
    """
    import ot

    check_convention(convention, "emd", "mit")
    first, second = _two(first, second, "emd")
    if not shrink >= 1:
        raise DataError(f"`shrink` is {shrink}", where="emd", remedy="Give 1 or more")
    cells = tuple(max(1, int(np.ceil(side / shrink))) for side in first.shape)
    small = []
    for which in (first, second):
        low, _, total = which.extent
        if low < 0 or not total > 0:
            raise DataError(f"a map of minimum {low} and sum {total}", where="emd", remedy="Give a density")
        coarse = np.empty(cells)
        kernels.shrink(which.values, coarse)
        small.append((coarse / coarse.sum()).ravel())
    more = small[0] - small[1]
    sources, sinks = np.flatnonzero(more > 0), np.flatnonzero(more < 0)
    if not len(sources) or not len(sinks):
        return 0.0
    rows, columns = np.divmod(np.arange(len(more)), cells[1])
    cost = np.hypot(
        rows[sources, None] - rows[None, sinks], (columns[sources, None] - columns[None, sinks]).astype(float)
    )
    given, taken = more[sources], -more[sinks]
    mass = given.sum()
    value, log = ot.emd2(given / mass, taken / taken.sum(), cost, numItermax=iterations, log=True, return_matrix=False)
    if log["warning"] is not None:
        raise DataError(str(log["warning"]), where="emd", remedy="Raise `iterations` or `shrink`")
    return float(value * mass)


def _two(first: np.ndarray | Map, second: np.ndarray | Map, where: str) -> tuple[Map, Map]:
    first, second = as_map(first, where), as_map(second, where)
    if first.shape != second.shape:
        raise DataError(f"maps of shape {first.shape} and {second.shape}", where=where, remedy="Bring both to one size")
    return first, second


def _to_density(which: Map, convention: str, added: float = 0.0) -> tuple[float, float, float]:
    """What is taken off a map, then added, and the factor that then makes it a density."""
    low, high, total = which.extent
    taken = low if convention == "mit" or low < 0 else 0.0
    total = total - taken * which.size + added * which.size
    if (convention == "mit" and high <= low) or not total > 0:
        return (low, 1.0, 1 / which.size)
    return (taken, added, 1 / total)
