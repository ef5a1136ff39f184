"""One beta for each trial: all at once, each against the rest, or shrunk to a fraction of its norm."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError
from cogmodels.fmri._glm_kernels import find_alphas
from cogmodels.fmri.cleaning import CHUNK, orthonormal
from cogmodels.fmri.design import dependent_columns
from cogmodels.fmri.glm import check_design

#: Fractions of the unregularised norm, those of GLMsingle.
FRACTIONS = tuple(np.round(np.arange(1, 0, -0.05), 2))


def lsa_betas(data: np.ndarray, trials: np.ndarray, nuisance: np.ndarray, *, dtype: type = np.float32) -> np.ndarray:
    """Least squares, all: the betas of one model that holds a regressor for each trial.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        One run.
    trials : (n_volumes, n_trials) float
        From `cogmodels.fmri.design.trial_design`.
    nuisance : (n_volumes, k) float
        Mean, drift, confounds; columns may depend on each other.
    dtype : type
        Of the betas.

    Returns
    -------
    betas : (n_trials, n_voxels)

    Raises
    ------
    DataError
        Shapes that do not fit, values that are not finite, no degrees of freedom, or trials that cannot be told apart
        from each other and from the nuisance.
    """
    trials = project_nuisance(data, trials, nuisance)
    wrong = dependent_columns(trials)
    if wrong:
        raise DataError(
            f"trial {wrong[0] + 1} cannot be told apart from those before it",
            where="single trials",
            remedy="Trials that overlap exactly are one trial; or use `lss_betas`",
        )
    return _weigh(data, np.linalg.pinv(trials), dtype)


def lss_betas(
    data: np.ndarray,
    trials: np.ndarray,
    nuisance: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    dtype: type = np.float32,
) -> np.ndarray:
    """Least squares, separate: the beta of each trial in a model of its own, where all others share a regressor.

    Mumford et al. (2012, NeuroImage 59, 2636-2643); with ``groups`` the others have one regressor a trial type (Turner
    et al. 2012, Journal of Neurophysiology 108, 3-20). In closed form for all trials at once: the regressors of each
    model are sums of the trials' regressors X, freed of the nuisance, so that its solution needs nothing but X'X, and
    all betas are one product ``C' X' data``.

    Parameters
    ----------
    data, trials, nuisance, dtype
        As in `lsa_betas`.
    groups : (n_trials,), optional
        Trial type of each trial.

    Returns
    -------
    betas : (n_trials, n_voxels)

    Raises
    ------
    DataError
        As in `lsa_betas`.
    """
    trials = project_nuisance(data, trials, nuisance)
    n = trials.shape[1]
    groups = np.zeros(n, dtype=int) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    if groups.shape != (n,):
        raise DataError(
            f"{groups.size} trial types for {n} trials", where="single trials", remedy="Give one for each trial"
        )
    gram = trials.T @ trials
    member = (groups[:, None] == np.arange(groups.max() + 1)).astype(float)
    combine = np.empty((n, n))
    for trial in range(n):
        others = member.copy()
        others[trial] = 0
        others = others[:, others.any(axis=0)]
        parts = np.column_stack([np.eye(n)[:, trial], others])
        own = parts.T @ gram @ parts
        size = np.sqrt(np.diag(own))
        scaled = own / np.outer(size, size) if (size > 0).all() else np.zeros_like(own)
        if np.linalg.eigvalsh(scaled)[0] < 1e-10:
            raise DataError(
                f"trial {trial + 1} cannot be told apart from the other trials",
                where="single trials",
                remedy="Trials that overlap exactly are one trial",
            )
        combine[trial] = parts @ np.linalg.solve(own, np.eye(len(own))[:, 0])
    return _weigh(data, combine @ trials.T, dtype)


def fractional_ridge(
    data: np.ndarray,
    design: np.ndarray,
    fractions: np.ndarray = FRACTIONS,
    *,
    nuisance: np.ndarray | None = None,
    dtype: type = np.float32,
) -> tuple[np.ndarray, np.ndarray]:
    """Ridge regression that is told how far to shrink instead of a penalty.

    For each voxel the penalty is found at which the norm of its coefficients is the given fraction of the unregularised
    norm (Rokem and Kay 2020, GigaScience 9, giaa133); exactly, by Newton's method, not on a grid.

    Parameters
    ----------
    data : (n_samples, n_voxels) float
    design : (n_samples, n_regressors) float
        Of full rank.
    fractions : (n_fractions,) float
        Above 0, up to 1.
    nuisance : (n_samples, k) float, optional
        Removed from both first; not shrunk.
    dtype : type
        Of the betas.

    Returns
    -------
    betas : (n_fractions, n_regressors, n_voxels)
    alphas : (n_fractions, n_voxels) float
        The penalties.

    Raises
    ------
    DataError
        As in `lsa_betas`, or fractions outside of (0, 1].
    """
    fractions = check_fractions(fractions)
    design = check_design(data, design) if nuisance is None else project_nuisance(data, design, nuisance)
    left, values, right = np.linalg.svd(design, full_matrices=False)
    if values[-1] <= 1e-8 * values[0]:
        raise DataError(
            "columns of the design depend on each other", where="fractional ridge", remedy="Leave out those that do"
        )
    v = data.shape[1]
    betas = np.empty((len(fractions), design.shape[1], v), dtype=dtype)
    alphas = np.empty((len(fractions), v))
    for first in range(0, v, CHUNK):
        part = np.asarray(data[:, first : first + CHUNK], dtype=np.float64)
        here = slice(first, first + part.shape[1])
        rotated = np.ascontiguousarray((left.T @ part).T / values)
        found = np.empty((len(fractions), len(rotated)))
        find_alphas(values**2, rotated, fractions, found)
        alphas[:, here] = found
        for f in range(len(fractions)):
            betas[f][:, here] = right.T @ (rotated * shrinkage(values**2, found[f])).T
    return betas, alphas


def shrinkage(variances: np.ndarray, alphas: np.ndarray) -> np.ndarray:
    """Share (n_voxels, k) that ridge with ``alphas`` (n_voxels,) leaves along directions of ``variances`` (k,)."""
    return variances / (variances + alphas[:, None])


def check_fractions(fractions: np.ndarray) -> np.ndarray:
    """Fractions as floats; DataError outside of (0, 1]."""
    fractions = np.atleast_1d(np.asarray(fractions, dtype=float))
    if fractions.ndim != 1 or not fractions.size or not ((fractions > 0) & (fractions <= 1)).all():
        raise DataError(
            f"fractions {fractions.tolist()}", where="fractional ridge", remedy="Give values above 0, up to 1"
        )
    return fractions


def project_nuisance(data: np.ndarray, trials: np.ndarray, nuisance: np.ndarray) -> np.ndarray:
    """Regressors of trials less what the nuisance holds of them; DataError where little is left, or shapes differ."""
    trials, nuisance = np.asarray(trials, dtype=float), np.asarray(nuisance, dtype=float)
    if trials.ndim != 2 or nuisance.ndim != 2 or len(trials) != len(nuisance):
        raise DataError(
            f"trials of shape {trials.shape} with a nuisance of shape {nuisance.shape}",
            where="single trials",
            remedy="Give one row a volume in both",
        )
    check_design(data, np.hstack([trials, nuisance]), dependent=True)
    basis = orthonormal(nuisance)
    left = trials - basis @ (basis.T @ trials)
    left -= basis @ (basis.T @ left)
    lost = np.flatnonzero(np.linalg.norm(left, axis=0) <= 1e-6 * np.linalg.norm(trials, axis=0))
    if len(lost):
        raise DataError(
            f"the nuisance holds all of the regressor of trial {lost[0] + 1}",
            where="single trials",
            remedy="Leave the trial out, or use fewer confounds",
        )
    return left


def _weigh(data, weights, dtype):
    betas = np.empty((len(weights), data.shape[1]), dtype=dtype)
    for first in range(0, data.shape[1], CHUNK):
        betas[:, first : first + CHUNK] = weights @ np.asarray(data[:, first : first + CHUNK], dtype=np.float64)
    return betas
