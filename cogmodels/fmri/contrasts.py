"""Contrasts of conditions over the runs of a subject."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import filter_basis, orthonormal
from cogmodels.fmri.design import condition_design
from cogmodels.fmri.glm import contrast_variance, fit_glm, t_and_z


@dataclass(frozen=True)
class ContrastMaps:
    """Per voxel (n_voxels,): ``effect`` (percent of the voxel's mean), its ``variance``, ``t`` with ``freedom`` degrees
    of freedom, ``z``; ``n_runs`` that it is the mean of."""

    effect: np.ndarray
    variance: np.ndarray
    t: np.ndarray
    z: np.ndarray
    freedom: int
    n_runs: int


def run_contrast(
    data: np.ndarray,
    events: pd.DataFrame,
    repetition_time: float,
    weights: Mapping[str, float],
    *,
    high_pass_s: float = 128.0,
    confounds: np.ndarray | None = None,
    reference_s: float = 0.0,
    noise: str = "ar1",
) -> tuple[np.ndarray, np.ndarray, int] | None:
    """A weighted sum of conditions in one run.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        The run inside the mask, not cleaned: drift and confounds are part of the model.
    events : data frame
        ``onset``, ``duration`` (s), ``trial_type``; all of its conditions are modelled, with the canonical response.
    repetition_time, reference_s
        As in `condition_design`.
    weights : mapping of condition -> weight
    high_pass_s : float
        Slowest period that stays, s.
    confounds : (n_volumes, k) float, optional
    noise : str
        As in `fit_glm`.

    Returns
    -------
    effect, variance : (n_voxels,) float
        Percent of each voxel's mean, and squared.
    freedom : int
        Degrees of freedom of the residuals.
    None instead, where the run lacks a condition that has a weight.

    Raises
    ------
    DataError
        Voxels whose mean is not above 0, and what `condition_design` and `fit_glm` refuse.
    """
    design = condition_design(events, len(data), repetition_time, reference_s=reference_s)
    if any(name not in design for name, weight in weights.items() if weight):
        return None
    mean = np.asarray(data).mean(axis=0, dtype=np.float64)
    if not (mean > 0).all():
        raise DataError(
            f"{int((~(mean > 0)).sum())} voxels have a mean of 0 or less, of which there is no percent",
            where="contrast",
            remedy="Leave them out of the mask",
        )
    nuisance = filter_basis(len(data), repetition_time, high_pass_s=high_pass_s)
    if confounds is not None:
        nuisance = orthonormal(np.hstack([nuisance, confounds]))
    fit = fit_glm(data, np.hstack([design.to_numpy(), nuisance]), noise=noise, dtype=np.float64)
    row = np.zeros(fit.design.shape[1])
    row[: design.shape[1]] = [weights.get(name, 0.0) for name in design]
    effect, variance = contrast_variance(fit, row)
    scale = 100 / mean
    return effect * scale, variance * scale**2, fit.freedom


def fixed_effects(runs: Iterable[tuple[np.ndarray, np.ndarray, int] | None]) -> ContrastMaps:
    """Runs of a subject as one: their mean, which says nothing about other people.

    Each run counts the same, as in nilearn's `FirstLevelModel`; degrees of freedom add up.

    Parameters
    ----------
    runs : iterable of (effect, variance, freedom)
        From `run_contrast`, of the same voxels; None is left out.

    Raises
    ------
    DataError
        No run has all conditions of the contrast.
    """
    effect = variance = 0.0
    freedom = count = 0
    for run in runs:
        if run is None:
            continue
        effect, variance, freedom, count = effect + run[0], variance + run[1], freedom + run[2], count + 1
    if not count:
        raise DataError(
            "no run has all conditions of the contrast",
            where="contrast",
            remedy="Name conditions as the column `trial_type` of the events does",
        )
    effect, variance = effect / count, variance / count**2
    return ContrastMaps(effect, variance, *t_and_z(effect, variance, freedom), freedom, count)


def describe_contrast(maps: ContrastMaps, stat: str, weights: Mapping[str, float]) -> dict[str, Any]:
    """Sidecar of one of its maps."""
    units = {"effect": "percent", "variance": "percent^2", "t": "", "z": ""}
    return {
        "Description": "fixed effect over the runs of one subject: the unweighted mean",
        "Statistic": stat,
        "Units": units[stat],
        "Contrast": dict(weights),
        "Model": "least squares with AR(1) noise by voxel, canonical response",
        "DegreesOfFreedom": maps.freedom,
        "NumberOfRuns": maps.n_runs,
        "Threshold": "none",
    }
