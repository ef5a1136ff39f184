"""Optimal transport between the voxels of two brains, through fmralign."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError


def fit_optimal_transport(
    source: np.ndarray, target: np.ndarray, *, regularisation: float = 0.01, iterations: int = 1000
) -> np.ndarray:
    """Map (n_source, n_target) whose columns are means of source voxels, those whose responses are like the target's.

    Entropic optimal transport between voxels, the cost being the squared distance of their responses (Bazeille et al.
    2019, IPMI, 237-248; fmralign). Both brains' voxels weigh the same, and voxels only move: signs and scales stay.

    Parameters
    ----------
    source, target : (n_samples, n_source), (n_samples, n_target) float
        The same training samples; z-score voxels first.
    regularisation : float
        Of the transport plan, as a share of the largest cost; the smaller, the nearer to one voxel for each.
    iterations : int
        At most so many.

    Raises
    ------
    DataError
        fmralign is not installed, or samples that differ.
    """
    try:
        from fmralign.methods import OptimalTransport

        solver = OptimalTransport(reg=regularisation, max_iter=iterations)
    except ImportError as error:
        raise DataError(
            f"optimal transport needs a package that is not installed ({error})",
            where="alignment",
            remedy="pip install 'cogmodels[alignment]'",
        ) from None
    source, target = np.asarray(source, dtype=float), np.asarray(target, dtype=float)
    if source.ndim != 2 or target.ndim != 2 or len(source) != len(target):
        raise DataError(
            f"a source of shape {source.shape} and a target of {target.shape}",
            where="optimal transport",
            remedy="Give samples x voxels of the same samples",
        )
    plan = solver.fit(source, target).R.astype(float)
    return plan / plan.sum(axis=0)
