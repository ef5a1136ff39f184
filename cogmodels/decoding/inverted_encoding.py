"""A decoder out of an encoding model: what each response says about the targets, turned round by Bayes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cogmodels.errors import DataError

#: Strengths of the encoding's ridge regression, chosen within the training trials.
STRENGTHS = np.logspace(1, 5, 13)
#: How much of a prior is believed, chosen with the strength.
SHARES = (0.0, 0.5, 1.0, 1.5, 2.0)
#: Share of the noise that is taken as independent; the rest is as the residuals correlate (chosen on
#: `sim-decoding-dev`).
INDEPENDENT = 0.85
#: Targets of more dimensions have no covariance that could be inverted.
MOST_DIMENSIONS = 2048
_FOLDS = 5


@dataclass(frozen=True)
class Encoding:
    """Linear encoding model x = (z - centre) weights + mean + noise.

    ``weights`` (d, p); ``centre`` (d,) and ``mean`` (p,) of its trials; ``share`` of the prior that was believed;
    ``strength`` of the regression.
    """

    weights: np.ndarray
    centre: np.ndarray
    mean: np.ndarray
    share: float
    strength: float


def fit_encoding(
    targets: np.ndarray, responses: np.ndarray, groups: np.ndarray, prior: np.ndarray | None = None
) -> Encoding:
    """Ridge regression of responses on targets, shrunk towards a prior instead of towards nothing.

    Strength and share of the prior are those with the least squared error in responses to groups that were left out.

    Parameters
    ----------
    targets : array (n, d)
    responses : array (n, p)
    groups : array (n,)
        Stimulus of each trial; one is left out as a whole.
    prior : array (d, p), optional
        Weights to shrink towards.

    Raises
    ------
    DataError
        Targets of more than ``MOST_DIMENSIONS`` dimensions, fewer than two groups.
    """
    if targets.shape[1] > MOST_DIMENSIONS:
        raise DataError(
            f"targets of {targets.shape[1]} dimensions, an encoding model is turned round with {MOST_DIMENSIONS} at "
            "most",
            where="start: encoding",
            remedy="Choose a target of fewer dimensions (principal components), or `start: ridge`",
        )
    known = np.unique(groups)
    if len(known) < 2:
        raise DataError(
            "one stimulus, the strength of a regression is chosen with two or more",
            where="start: encoding",
            remedy="Give more trials (`adapt_trials`)",
        )
    centre, mean = targets.mean(axis=0, dtype=np.float64), responses.mean(axis=0, dtype=np.float64)
    z, x = targets - centre, responses - mean
    place = np.random.default_rng(0).permutation(len(known)) % min(_FOLDS, len(known))
    fold, shares = place[np.searchsorted(known, groups)], (0.0,) if prior is None else SHARES
    errors = np.zeros((len(shares), len(STRENGTHS)))
    for one in range(fold.max() + 1):
        held = fold == one
        for row, share in enumerate(shares):
            rest = x if prior is None else x - share * (z @ prior)
            left = _ridge(z[~held], rest[~held], STRENGTHS, z[held])
            errors[row] += [((rest[held] - found) ** 2).sum() for found in left]
    row, column = np.unravel_index(errors.argmin(), errors.shape)
    share, strength = shares[row], float(STRENGTHS[column])
    before = np.zeros((z.shape[1], x.shape[1])) if prior is None else share * prior
    (change,) = _ridge(z, x - z @ before, [strength], np.eye(z.shape[1]))
    return Encoding(before + change, centre, mean, float(share), strength)


def invert_encoding(
    encoding: Encoding, targets: np.ndarray, responses: np.ndarray, covariance: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The most probable targets, given responses, as weight (d, p) and bias (d,) on them.

    Targets are Gaussian with mean 0 and this covariance before the response is seen; the noise has the variances of the
    residuals of these trials, and 1 - ``INDEPENDENT`` of their correlations (Naselaris et al. 2009, Neuron,
    10.1016/j.neuron.2009.09.006, with a Gaussian prior; ridge regression's shrinkage of the covariance as in
    van Bergen et al. 2015, 10.1038/nn.4150, in spirit).

    Parameters
    ----------
    encoding : Encoding
    targets, responses : arrays (n, d), (n, p)
        Of the trials that the encoding model was fitted on.
    covariance : array (d, d)
        Of the targets.
    """
    left = responses - encoding.mean - (targets - encoding.centre) @ encoding.weights
    scale = np.sqrt(np.maximum(left.var(axis=0), 1e-6))
    left, weights = left / scale, encoding.weights / scale
    said = _solve_noise(left, weights.T).T
    precision = said @ weights.T + np.linalg.inv(covariance)
    decoder = np.linalg.solve(precision, said) / scale
    return decoder, decoder @ (encoding.centre @ encoding.weights - encoding.mean)


def _solve_noise(residuals: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Inverse of the shrunk covariance of residuals (n, p) times values (p, k); the smaller side is inverted."""
    n, p = residuals.shape
    own, shared = INDEPENDENT, (1 - INDEPENDENT) / n
    if p <= n:
        return np.linalg.solve(own * np.eye(p) + shared * residuals.T @ residuals, values)
    # Woodbury's identity.
    inner = np.linalg.solve(np.eye(n) * own / shared + residuals @ residuals.T, residuals @ values)
    return (values - residuals.T @ inner) / own


def _ridge(z: np.ndarray, x: np.ndarray, strengths, new: np.ndarray) -> list[np.ndarray]:
    """For each strength, new (m, d) times the coefficients of x (n, p) on z (n, d)."""
    eigenvalues, basis = np.linalg.eigh(z.T @ z)
    left, right = new @ basis, basis.T @ (z.T @ x)
    return [(left / (np.maximum(eigenvalues, 0) + strength)) @ right for strength in strengths]
