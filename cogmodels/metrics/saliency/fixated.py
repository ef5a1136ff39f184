"""Metrics of a map at the places that people fixated."""

from __future__ import annotations

from typing import Literal

import numpy as np

from cogmodels.errors import DataError
from cogmodels.metrics.saliency.maps import (
    Convention,
    Map,
    OffMap,
    as_map,
    check_convention,
    fixated_pixels,
)

_EPS = 2.2204e-16


def nss(
    saliency: np.ndarray | Map,
    x: np.ndarray,
    y: np.ndarray,
    *,
    convention: Convention = "pysaliency",
    off_map: OffMap = "refuse",
) -> float:
    """Normalised scanpath saliency: mean of the standardised map at fixations. Chance is 0.

    Parameters
    ----------
    saliency : (height, width)
        Array, or :class:`~cogmodels.metrics.saliency.maps.Map` where several metrics read one map.
    x, y : (n,) float
        Fixations, px, 0-based from the top left; cut to whole pixels.
    convention : {"pysaliency", "mit"}
        ``pysaliency``: each fixation counts, standard deviation over n; ``mit``: each fixated pixel counts once,
        standard deviation over n - 1.
    off_map : {"refuse", "drop"}
        What to do with fixations beside the map.

    Returns
    -------
    float; 0 for a constant map.

    Raises
    ------
    DataError
        No fixation, fixations beside the map, pixels that are not finite.

    Notes
    -----
    Peters, Iyer, Itti and Koch (2005), Vision Research 45, 2397-2416; Bylinskii et al. (2019), IEEE TPAMI 41, 740-757.
    """
    check_convention(convention, "nss")
    saliency = as_map(saliency, "nss")
    columns, rows = fixated_pixels(saliency.shape, x, y, "nss", off_map, once=convention == "mit")
    mean, squares = saliency.moments
    if not squares > 0:
        return 0.0
    sd = np.sqrt(squares / (saliency.size - (convention == "mit")))
    return float((saliency.values[rows, columns] - mean).mean() / sd)


def auc(
    saliency: np.ndarray | Map,
    x: np.ndarray,
    y: np.ndarray,
    *,
    negatives: Literal["uniform", "unfixated"] = "uniform",
    off_map: OffMap = "refuse",
) -> float:
    """Area under the ROC curve of fixated against other pixels, at all thresholds. Chance is 0.5.

    The probability that a fixation has a greater value than a pixel, ties counting one half; each fixation counts.

    Parameters
    ----------
    saliency, x, y, off_map
        As in :func:`nss`.
    negatives : {"uniform", "unfixated"}
        All pixels, or those without a fixation (pysaliency's names).

    Raises
    ------
    DataError
        As in :func:`nss`; and with ``unfixated``, every pixel is fixated.
    """
    if negatives not in ("uniform", "unfixated"):
        raise DataError(f"no negatives `{negatives}`", where="auc", remedy="Choose uniform or unfixated")
    saliency = as_map(saliency, "auc")
    columns, rows = fixated_pixels(saliency.shape, x, y, "auc", off_map)
    positives, at_least, equal = saliency.ranks(columns, rows)
    below, ties, n = saliency.size * len(positives) - int(at_least.sum()), int(equal.sum()), saliency.size
    if negatives == "unfixated":
        columns, rows = fixated_pixels(saliency.shape, x, y, "auc", off_map, once=True)
        fixated = np.sort(saliency.values[rows, columns])
        under, reach = (np.searchsorted(fixated, positives, side=side) for side in ("left", "right"))
        below, ties, n = below - int(under.sum()), ties - int((reach - under).sum()), n - len(fixated)
        _check_negatives(n, "auc")
    return (below + 0.5 * ties) / (n * len(positives))


def auc_judd(
    saliency: np.ndarray | Map,
    x: np.ndarray,
    y: np.ndarray,
    *,
    convention: Convention = "mit",
    jitter: float = 0.0,
    seed: int = 0,
    off_map: OffMap = "refuse",
) -> float:
    """Area under the ROC curve with the fixated values as thresholds. Chance is 0.5.

    Parameters
    ----------
    saliency, x, y, off_map
        As in :func:`nss`.
    convention : {"mit", "pysaliency"}
        ``mit``: each fixated pixel counts once, and of the pixels that reach the i-th highest, i are taken for
        fixated; ``pysaliency``: each fixation counts, the negatives are the pixels without one.
    jitter : float
        Uniform noise up to this is added to each pixel, to break ties (1e-7 in the MIT code); ``seed`` sets it.

    Notes
    -----
    Judd, Ehinger, Durand and Torralba (2009), ICCV, 2106-2113; Riche et al. (2013), ICCV, 1153-1160.
    """
    check_convention(convention, "auc_judd")
    saliency = as_map(saliency, "auc_judd")
    if jitter > 0:
        saliency = Map(saliency.values + jitter * np.random.default_rng(seed).random(saliency.shape), "auc_judd")
    mit = convention == "mit"
    columns, rows = fixated_pixels(saliency.shape, x, y, "auc_judd", off_map, once=mit)
    # From the highest threshold to the lowest.
    positives, at_least = (values[::-1] for values in saliency.ranks(columns, rows)[:2])
    n = len(positives)
    if mit:
        _check_negatives(saliency.size - n, "auc_judd")
        hits = np.arange(1, n + 1) / n
        alarms = (at_least - np.arange(1, n + 1)) / (saliency.size - n)
    else:
        columns, rows = fixated_pixels(saliency.shape, x, y, "auc_judd", off_map, once=True)
        fixated = np.sort(saliency.values[rows, columns])
        _check_negatives(saliency.size - len(fixated), "auc_judd")
        reach = len(fixated) - np.searchsorted(fixated, positives, side="left")
        hits = np.searchsorted(-positives, -positives, side="right") / n
        alarms = (at_least - reach) / (saliency.size - len(fixated))
    return float(np.trapezoid(np.r_[0.0, hits, 1.0], np.r_[0.0, alarms, 1.0]))


def auc_borji(
    saliency: np.ndarray | Map,
    x: np.ndarray,
    y: np.ndarray,
    *,
    splits: int = 100,
    step: float = 0.1,
    seed: int = 0,
    off_map: OffMap = "refuse",
) -> float:
    """Area under the ROC curve of fixated pixels against as many drawn at random, mean of ``splits`` draws.

    Thresholds lie ``step`` apart on the map scaled to 0 to 1; pixels are drawn with replacement. Borji, Tavakoli,
    Sihite and Itti (2013), ICCV, 921-928; definition of the MIT benchmark. Chance is 0.5.
    """
    saliency = as_map(saliency, "auc_borji")
    values, (low, high, _) = saliency.values, saliency.extent
    columns, rows = fixated_pixels(saliency.shape, x, y, "auc_borji", off_map, once=True)
    drawn = np.random.default_rng(seed).integers(values.size, size=(splits, len(rows)))
    return _stepped_auc(_scaled(values[rows, columns], low, high), _scaled(values.ravel()[drawn], low, high), step)


def shuffled_auc(
    saliency: np.ndarray | Map,
    x: np.ndarray,
    y: np.ndarray,
    other_x: np.ndarray,
    other_y: np.ndarray,
    *,
    convention: Convention = "pysaliency",
    splits: int = 100,
    step: float = 0.1,
    seed: int = 0,
    off_map: OffMap = "refuse",
) -> float:
    """Area under the ROC curve of fixations against fixations on other images: the bias to the centre earns nothing.

    Parameters
    ----------
    saliency, x, y, off_map
        As in :func:`nss`.
    other_x, other_y : (n_other,) float
        Fixations on other images, in pixels of this map (rescale them where sizes differ).
    convention : {"pysaliency", "mit"}
        ``pysaliency``: all of them, all thresholds, ties count one half; ``mit``: mean of ``splits`` draws of as many
        as there are fixated pixels, without replacement, thresholds ``step`` apart.

    Notes
    -----
    Tatler, Baddeley and Gilchrist (2005), Vision Research 45, 643-659; Zhang et al. (2008), Journal of Vision 8(7):32.
    """
    check_convention(convention, "shuffled_auc")
    saliency = as_map(saliency, "shuffled_auc")
    values, (low, high, _) = saliency.values, saliency.extent
    mit = convention == "mit"
    columns, rows = fixated_pixels(saliency.shape, x, y, "shuffled_auc", off_map, once=mit)
    other_columns, other_rows = fixated_pixels(
        saliency.shape, other_x, other_y, "shuffled_auc (others)", off_map, once=mit
    )
    positives, others = values[rows, columns], values[other_rows, other_columns]
    if mit:
        generator = np.random.default_rng(seed)
        n = min(len(positives), len(others))
        drawn = np.stack([generator.permutation(len(others))[:n] for _ in range(splits)])
        return _stepped_auc(_scaled(positives, low, high), _scaled(others[drawn], low, high), step)
    # The few fixations are sorted, not the many others.
    positives = np.sort(positives)
    above, reach = (len(positives) - np.searchsorted(positives, others, side=side) for side in ("right", "left"))
    return float((above + reach).mean() / 2 / len(positives))


def information_gain(
    saliency: np.ndarray | Map,
    baseline: np.ndarray | Map,
    x: np.ndarray,
    y: np.ndarray,
    *,
    convention: Convention = "pysaliency",
    off_map: OffMap = "refuse",
) -> float:
    """Information gain over a baseline, bits per fixation: mean difference of log densities. Chance is 0.

    Parameters
    ----------
    saliency, baseline : (height, width)
        ``pysaliency``: densities; each is scaled to sum 1 (it must not be negative). ``mit``: any maps; each is scaled
        to 0 to 1, then to sum 1, 2.2e-16 is added before the logarithm, and each fixated pixel counts once.
    x, y, off_map
        As in :func:`nss`.

    Returns
    -------
    float; with ``pysaliency``, minus infinity where a fixation lies on a density of 0 is refused.

    Notes
    -----
    Kummerer, Wallis and Bethge (2015), PNAS 112, 16054-16059, equation 1.
    """
    check_convention(convention, "information_gain")
    mit = convention == "mit"
    densities = []
    saliency, baseline = as_map(saliency, "information_gain"), as_map(baseline, "information_gain (baseline)")
    if saliency.shape != baseline.shape:
        raise DataError(
            f"maps of shape {saliency.shape} and {baseline.shape}",
            where="information_gain",
            remedy="Bring both to one size",
        )
    columns, rows = fixated_pixels(saliency.shape, x, y, "information_gain", off_map, once=mit)
    for which in (saliency, baseline):
        low, high, total = which.extent
        at = which.values[rows, columns]
        if mit:
            at = (at - low) / (total - low * which.size) if high > low else np.full(len(at), 1 / which.size)
            densities.append(_EPS + at)
            continue
        if low < 0 or not total > 0:
            raise DataError(
                f"a density of minimum {low} and sum {total}", where="information_gain", remedy="Give probabilities"
            )
        densities.append(at / total)
    if min(values.min() for values in densities) <= 0:
        raise DataError(
            "a fixation lies where a density is 0", where="information_gain", remedy="Mix it with a uniform density"
        )
    return float((np.log2(densities[0]) - np.log2(densities[1])).mean())


def _scaled(values: np.ndarray, low: float, high: float) -> np.ndarray:
    return (values - low) / (high - low) if high > low else np.zeros_like(values)


def _stepped_auc(positives: np.ndarray, negatives: np.ndarray, step: float) -> float:
    """Mean area over draws (n_draws, n) of negatives, thresholds 0, step, ... up to the greatest value of each draw."""
    hits, alarms = np.sort(positives), np.sort(negatives, axis=1)
    thresholds = np.arange(0.0, 1.0 + step / 2, step)
    hit = 1 - np.searchsorted(hits, thresholds, side="left") / len(hits)
    alarm = 1 - (alarms[:, None, :] < thresholds[:, None]).sum(axis=2) / alarms.shape[1]
    # Above the greatest value both rates are 0, as at the curve's beginning.
    hit, alarm = np.r_[1.0, hit, 0.0], np.pad(alarm, ((0, 0), (1, 1)), constant_values=((0, 0), (1.0, 0.0)))
    return float(np.abs(np.trapezoid(np.broadcast_to(hit, alarm.shape), alarm, axis=1)).mean())


def _check_negatives(n: int, where: str) -> None:
    if n < 1:
        raise DataError("every pixel is fixated", where=where, remedy='Use negatives="uniform"')
