"""Several models on the same units: paired tests, correction for their number, ranks and what sets them apart."""

from __future__ import annotations

import numpy as np

#: Up to so many units every flip of signs is taken, 2^n; beyond, so many are drawn.
EXACT_UNITS, DRAWS = 13, 10_000
#: Metrics of which less is better, and how the names of others begin.
_LESS = {
    "fixations_to_find", "behavioural_delta", "onset_error_ms", "fixation_onset_error_ms", "largest_time_error_ms",
    "drift_error_ppm", "string_edit", "dtw", "frechet", "hausdorff", "mannan", "tde", "kld", "emd",
}  # fmt: skip
_LESS_PREFIXES = ("crps_", "relative_error_")


def less_is_better(metric: str) -> bool:
    """Whether a smaller value of a metric of :file:`docs/metrics.md` is the better one."""
    return metric.removesuffix("_typical") in _LESS or metric.startswith(_LESS_PREFIXES)


def paired_p(differences: np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> np.ndarray:
    """Two-sided p of mean differences from 0, by flipping the sign of each unit's difference.

    Parameters
    ----------
    differences : (n_units, k) float
        Of k pairs of models; NaN where one of them lacks the unit, which then has no say.
    draws, seed : int
        Random flips where there are more than ``EXACT_UNITS`` units, to which the data as they are count as one.

    Returns
    -------
    (k,) float: share of the flips whose mean is as far from 0; 1 where nothing differs, NaN without units.

    Notes
    -----
    Fisher (1935), The Design of Experiments, section 21; Phipson and Smyth (2010) for the drawn flips. Of n units that
    all differ the smallest p is 2^(1 - n): five units cannot be below .0625.
    """
    differences = np.asarray(differences, dtype=float)
    known = np.isfinite(differences)
    filled = np.where(known, differences, 0.0)
    n = len(filled)
    if n <= EXACT_UNITS:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = np.random.default_rng([seed, 59]).integers(2, size=(draws, n), dtype=np.int8) * 2 - 1
    observed = np.abs(filled.sum(axis=0))
    # Sums of the same numbers in another order differ in the last bits.
    slack = 1e-10 * np.abs(filled).sum(axis=0)
    as_far = np.zeros(filled.shape[1])
    for some in np.array_split(signs, max(1, len(signs) // 2000)):
        as_far += (np.abs(some @ filled) >= observed - slack).sum(axis=0)
    p = as_far / len(signs) if n <= EXACT_UNITS else (1 + as_far) / (1 + len(signs))
    return np.where(known.any(axis=0), p, np.nan)


def smallest_p(n_units: int, *, draws: int = DRAWS) -> float:
    """The smallest p that :func:`paired_p` can give of so many units."""
    if n_units < 1:
        return float("nan")
    return 2.0 ** (1 - n_units) if n_units <= EXACT_UNITS else 1 / (1 + draws)


def holm(p: np.ndarray) -> np.ndarray:
    """Holm's step-down adjusted p-values (n,); NaN stays, and is not counted.

    Notes
    -----
    Holm (1979), Scandinavian Journal of Statistics 6, 65-70: the i-th smallest of m is multiplied by m - i + 1; none is
    below one before it.
    """
    p = np.asarray(p, dtype=float)
    adjusted = np.full(p.shape, np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    adjusted[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)), 1.0)
    return adjusted


def bootstrap_means(values: np.ndarray, *, samples: int = 2000, level: float = 0.95, seed: int = 0) -> np.ndarray:
    """Percentile bootstrap intervals (2, k) of the means of columns, units (rows) drawn with replacement together.

    Parameters
    ----------
    values : (n_units, k) float
        NaN where a unit is missing; a column without two units has no interval (NaN).
    samples, level, seed
        Number of bootstrap samples, coverage, seed.
    """
    values = np.asarray(values, dtype=float)
    known, n = np.isfinite(values), len(values)
    intervals = np.full((2, values.shape[1]), np.nan)
    enough = known.sum(axis=0) >= 2
    if not enough.any():
        return intervals
    weights = np.random.default_rng([seed, 61]).multinomial(n, np.full(n, 1 / n), size=samples).astype(float)
    with np.errstate(invalid="ignore", divide="ignore"):
        means = (weights @ np.where(known, values, 0.0)[:, enough]) / (weights @ known[:, enough])
    tail = (1.0 - level) / 2.0
    intervals[:, enough] = np.nanquantile(means, [tail, 1.0 - tail], axis=0)
    return intervals


def unit_ranks(values: np.ndarray, *, less_better: bool = False) -> np.ndarray:
    """Rank (n_units, k) of each of k models on each unit: 1 is the best, equal values share the mean of their ranks."""
    from scipy.stats import rankdata

    # What differs in the last bits alone, by the order of a sum, is a tie.
    rounded = np.round(np.asarray(values, dtype=float), 10)
    return rankdata(rounded * (1 if less_better else -1), axis=1)


def friedman_p(values: np.ndarray) -> float:
    """p of Friedman's test (chi-squared, corrected for ties) that k models rank alike on (n_units, k) values.

    NaN of fewer than three models or two units; 1 where all are the same on every unit.
    """
    from scipy.stats import friedmanchisquare

    values = np.asarray(values, dtype=float)
    if values.shape[1] < 3 or len(values) < 2:
        return float("nan")
    if (values == values[:, :1]).all():
        return 1.0
    return float(friedmanchisquare(*values.T).pvalue)


def critical_difference(n_models: int, n_units: int, *, alpha: float = 0.05) -> float:
    """How far apart mean ranks must be for Nemenyi's test to tell two of several models apart.

    Notes
    -----
    Demsar (2006), Statistical comparisons of classifiers over multiple data sets, JMLR 7, 1-30, equation in section
    3.2.2: q_alpha sqrt(k (k + 1) / (6 N)), q_alpha the Studentized range over sqrt 2.
    """
    from scipy.stats import studentized_range

    if n_models < 2 or n_units < 1:
        raise ValueError("two models and a unit are needed")
    q = studentized_range.ppf(1 - alpha, n_models, np.inf) / np.sqrt(2)
    return float(q * np.sqrt(n_models * (n_models + 1) / (6 * n_units)))


def alike_groups(mean_ranks: np.ndarray, apart: float) -> list[tuple[int, int]]:
    """The longest runs of models, in order of their mean ranks, whose ends are no further apart than ``apart``.

    Returns
    -------
    (first, last) positions in the sorted order; runs of one model, and runs inside of others, are left out.
    """
    ranks = np.sort(np.asarray(mean_ranks, dtype=float))
    runs: list[tuple[int, int]] = []
    for first in range(len(ranks)):
        last = int(np.flatnonzero(ranks <= ranks[first] + apart + 1e-9)[-1])
        if last > first and (not runs or last > runs[-1][1]):
            runs.append((first, last))
    return runs
