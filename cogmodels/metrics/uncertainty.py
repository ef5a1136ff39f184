"""Confidence intervals and permutation p-values."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np


def bootstrap_interval(
    units: Sequence[np.ndarray], *, samples: int = 2000, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean over units of each unit's mean score.

    Units (subjects, or runs of one subject) are drawn with replacement, and within each drawn unit its scores are
    drawn with replacement too, so that few units with many trials do not look surer than they are (two-stage
    bootstrap; Davison & Hinkley 1997, section 3.8).

    Parameters
    ----------
    units : sequence of array, each (n_scores,)
        Scores of one unit; a unit with a single score contributes it unchanged.
    samples, level, seed
        Number of bootstrap samples, coverage, seed.

    Returns
    -------
    low, high : float
    """
    arrays = [np.asarray(unit, dtype=np.float64) for unit in units]
    if not arrays or any(unit.size == 0 for unit in arrays):
        raise ValueError("each unit needs at least one score")
    generator = np.random.default_rng([seed, 17])
    inner = np.empty((samples, len(arrays)))
    means = np.empty(samples)
    chosen = generator.integers(len(arrays), size=(samples, len(arrays)))
    for slot in range(len(arrays)):
        for index, scores in enumerate(arrays):
            mine = np.flatnonzero(chosen[:, slot] == index)
            draws = generator.integers(scores.size, size=(mine.size, scores.size))
            inner[mine, slot] = scores[draws].mean(axis=1)
    means = inner.mean(axis=1)
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return float(low), float(high)


def crossed_interval(
    values: np.ndarray,
    *,
    rows: bool = True,
    columns: bool = True,
    samples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Percentile bootstrap interval of the mean of a table, with rows, columns or both drawn with replacement.

    Parameters
    ----------
    values : (n_rows, n_columns) float
        One score of each pair, such as of each person on each image; NaN where there is none.
    rows, columns : bool
        What is drawn. Both: an interval for new people and new images at once; it is wider than either, and somewhat
        too wide where the two do not interact.
    samples, level, seed
        Number of bootstrap samples, coverage, seed.

    Returns
    -------
    low, high : float; NaN without values, or of one unit.

    Notes
    -----
    Owen (2007), The pigeonhole bootstrap, Annals of Applied Statistics 1, 386-411.
    """
    values = np.asarray(values, dtype=np.float64)
    there = np.isfinite(values)
    if not there.any() or any(drawn and n < 2 for drawn, n in zip((rows, columns), values.shape, strict=True)):
        return float("nan"), float("nan")
    generator = np.random.default_rng([seed, 53])
    weights = [
        generator.multinomial(n, np.full(n, 1 / n), size=samples) if drawn else np.ones((samples, n))
        for drawn, n in zip((rows, columns), values.shape, strict=True)
    ]
    total = np.einsum("sc,sc->s", weights[0] @ np.where(there, values, 0.0), weights[1])
    count = np.einsum("sc,sc->s", weights[0] @ there, weights[1])
    # A draw of pairs that all lack a score says nothing.
    means = total[count > 0] / count[count > 0]
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(means, [tail, 1.0 - tail])
    return float(low), float(high)


def permutation_null(
    score: Callable[[list[np.ndarray]], float],
    sizes: Sequence[int],
    *,
    permutations: int = 2000,
    seed: int = 0,
) -> np.ndarray:
    """Scores (n_permutations,) after the true values are permuted within each group of trials.

    Parameters
    ----------
    score : callable
        Takes one permutation (an index array) a group and returns the score.
    sizes : sequence of int
        Number of exchangeable trials in each group (a run, or one subject's pool of stimuli).
    permutations, seed
        Number of permutations, seed.
    """
    generator = np.random.default_rng([seed, 29])
    null = np.empty(permutations)
    for index in range(permutations):
        null[index] = score([generator.permutation(size) for size in sizes])
    return null


def permutation_p(observed: float, null: np.ndarray) -> float:
    """One-sided p = (1 + #null >= observed) / (1 + n), never 0 (Phipson & Smyth 2010)."""
    null = np.asarray(null)
    return float((1 + np.count_nonzero(null >= observed - 1e-12)) / (1 + null.size))


def sign_flip_p(differences: np.ndarray, *, draws: int = 10_000, seed: int = 0) -> float:
    """One-sided p of a mean difference above 0, by flipping signs: of all 2^n flips up to n = 13, of ``draws`` beyond.

    Parameters
    ----------
    differences : (n,) float
        One of each unit (person); symmetric about 0 under the null.
    draws, seed : int
        Random flips, to which the data as they are count as one.

    Returns
    -------
    float; NaN without differences.

    Notes
    -----
    Fisher (1935), The Design of Experiments, section 21; Phipson and Smyth (2010) for the drawn flips.
    """
    differences = np.asarray(differences, dtype=float)
    n = len(differences)
    if not n:
        return float("nan")
    if n <= 13:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        means = signs @ differences / n
        return float(np.mean(means >= differences.mean() - 1e-12 * np.abs(differences).max()))
    flips = np.random.default_rng([seed, 47]).integers(2, size=(draws, n)) * 2 - 1
    return permutation_p(float(differences.mean()), flips @ differences / n)


def two_sided_p(differences: np.ndarray) -> float:
    """Two-sided p of a mean that is not 0, by the sign flips of :func:`sign_flip_p`; 1 where all are 0."""
    differences = np.asarray(differences, dtype=float)
    return min(1.0, 2 * min(sign_flip_p(differences), sign_flip_p(-differences)))
