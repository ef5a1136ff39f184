"""Regressors of no interest: motion, single volumes, components of tissue without neurons. Names are fMRIPrep's."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import CONSTANT, orthonormal

if TYPE_CHECKING:
    import pandas as pd

MOTION = ("trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z")


def motion_regressors(motion: np.ndarray, count: Literal[6, 12, 24] = 24) -> pd.DataFrame:
    """Motion parameters, their changes, and the squares of both.

    Parameters
    ----------
    motion : (n_volumes, 6) float
        Translations, then rotations.
    count : int
        6: the parameters; 12: and their backward differences (0 at the first volume); 24: and the squares of all
        (Satterthwaite et al. 2013, NeuroImage 64, 240-256; fMRIPrep's columns).

    Returns
    -------
    regressors : data frame (n_volumes, count)
        Columns ``trans_x``, ``trans_x_derivative1``, ``trans_x_power2``, ``trans_x_derivative1_power2`` and so on.

    Raises
    ------
    DataError
        Not six finite parameters a volume, or another count.
    """
    import pandas as pd

    motion = np.asarray(motion, dtype=float)
    if motion.ndim != 2 or motion.shape[1] != 6 or not np.isfinite(motion).all() or count not in (6, 12, 24):
        raise DataError(
            f"{count} regressors of motion of shape {motion.shape}",
            where="motion regressors",
            remedy="Give six finite parameters a volume, and ask for 6, 12 or 24 regressors",
        )
    parts = {name: motion[:, i] for i, name in enumerate(MOTION)}
    if count > 6:
        change = np.diff(motion, axis=0, prepend=motion[:1])
        parts |= {f"{name}_derivative1": change[:, i] for i, name in enumerate(MOTION)}
    if count > 12:
        parts |= {f"{name}_power2": values**2 for name, values in parts.items()}
    return pd.DataFrame(parts)


def outlier_volumes(
    displacement: np.ndarray,
    standardized_dvars: np.ndarray | None = None,
    *,
    displacement_mm: float = 0.5,
    dvars: float = 1.5,
    before: int = 0,
    after: int = 0,
) -> np.ndarray:
    """Volumes in which the head moved or the image jumped.

    Parameters
    ----------
    displacement : (n_volumes,) float
        Framewise displacement, mm.
    standardized_dvars : (n_volumes,) float, optional
    displacement_mm, dvars : float
        A volume is an outlier above either limit (fMRIPrep's defaults).
    before, after : int
        Volumes before and after an outlier that are outliers too (1 and 2 in Power et al. 2014, NeuroImage 84,
        320-341).

    Returns
    -------
    outliers : (n_volumes,) bool

    Raises
    ------
    DataError
        Lengths that differ, or values that are not finite.
    """
    displacement = np.asarray(displacement, dtype=float)
    jumps = np.zeros_like(displacement) if standardized_dvars is None else np.asarray(standardized_dvars, dtype=float)
    if displacement.ndim != 1 or jumps.shape != displacement.shape or not np.isfinite(displacement + jumps).all():
        raise DataError(
            f"displacement of shape {displacement.shape} and DVARS of {jumps.shape}, or values that are not finite",
            where="outlier volumes",
            remedy="Give both for each volume, 0 for the first",
        )
    found = (displacement > displacement_mm) | (jumps > dvars)
    outliers = found.copy()
    for step in range(1, before + 1):
        outliers[:-step] |= found[step:]
    for step in range(1, after + 1):
        outliers[step:] |= found[:-step]
    return outliers


def select_confounds(
    table: pd.DataFrame,
    *,
    motion: Literal[0, 6, 12, 24] = 24,
    tissue: bool = False,
    global_signal: bool = False,
    anatomical: int = 0,
    temporal: int = 0,
) -> tuple[pd.DataFrame, np.ndarray]:
    """Columns of a confounds table to regress out, and the volumes to keep.

    Cosines are left where they are: the filter belongs into the same projection (`cogmodels.fmri.cleaning.clean_run`).

    Parameters
    ----------
    table : data frame (n_volumes, any)
        fMRIPrep's names, or those of `motion_regressors`.
    motion : int
        0, 6, 12 or 24 regressors of motion; what the table lacks of them is worked out from the six.
    tissue, global_signal : bool
        Mean signals of white matter and cerebrospinal fluid; of the brain.
    anatomical, temporal : int
        Number of aCompCor and tCompCor components.

    Returns
    -------
    regressors : data frame (n_volumes, k)
    keep : (n_volumes,) bool
        False where a ``non_steady_state_outlier`` is 1.

    Raises
    ------
    DataError
        Columns that are missing, or that hold missing values in volumes that are kept.
    """
    import pandas as pd

    keep = steady_volumes(table)
    chosen = []
    if tissue:
        chosen += ["csf", "white_matter"]
    if global_signal:
        chosen += ["global_signal"]
    chosen += [f"a_comp_cor_{i:02d}" for i in range(anatomical)] + [f"t_comp_cor_{i:02d}" for i in range(temporal)]
    _check_there(
        table,
        [*(MOTION if motion else ()), *chosen],
        "Ask for what the table has, or make the derivatives again with these confounds",
    )
    parts = [table[chosen]]
    if motion:
        parts.insert(0, motion_regressors(table[list(MOTION)].to_numpy(), motion))
    regressors = pd.concat([part.reset_index(drop=True) for part in parts], axis=1)
    _check_known(regressors, keep, "Leave these columns out; a tissue whose mask was empty has no signal")
    return regressors.fillna(0.0), keep


def steady_volumes(table: pd.DataFrame) -> np.ndarray:
    """Volumes (n_volumes,) bool that fMRIPrep does not mark as not steady (``non_steady_state_outlier``)."""
    return ~(table.filter(regex=r"^non_steady_state_outlier\d+$") > 0.5).any(axis=1).to_numpy()


def pipeline_confounds(
    table: pd.DataFrame, *, motion: Literal[0, 6, 12, 24] = 0, names: Sequence[str] = ()
) -> np.ndarray | None:
    """Regressors of a run by the names that a pipeline's options have for them.

    Volumes that fMRIPrep marks as not steady (``non_steady_state_outlier``) get a regressor each, which takes them out
    and leaves the others where they are in time.

    Parameters
    ----------
    table : data frame (n_volumes, any)
        fMRIPrep's columns; of motion alone where the pipeline has realigned the run itself.
    motion : int
        0, 6, 12 or 24 regressors of motion.
    names : sequence of str
        ``tissue``, ``acompcor``, ``tcompcor`` (the first 5 components), ``spikes`` (``motion_outlier``), or columns.

    Returns
    -------
    regressors : (n_volumes, k) float, or None where there are none

    Raises
    ------
    DataError
        As `select_confounds`.
    """
    strategies = ("tissue", "acompcor", "tcompcor", "spikes")
    chosen, keep = select_confounds(
        table,
        motion=motion,
        tissue="tissue" in names,
        anatomical=5 if "acompcor" in names else 0,
        temporal=5 if "tcompcor" in names else 0,
    )
    columns = [name for name in names if name not in strategies and name not in chosen]
    _check_there(table, columns, f"Name columns that the table has, or {', '.join(strategies)}")
    if "spikes" in names:
        columns += list(table.filter(regex=r"^motion_outlier\d+$"))
    others = table[columns].reset_index(drop=True)
    _check_known(others, keep, "Leave these columns out")
    spikes = spike_regressors(~keep)
    found = np.hstack([chosen.to_numpy(), others.fillna(0.0).to_numpy(), spikes.to_numpy()]).astype(float)
    return found if found.shape[1] else None


def spike_regressors(outliers: np.ndarray) -> pd.DataFrame:
    """One regressor (n_volumes,) for each outlier: 1 there, 0 elsewhere; ``motion_outlier00`` and on."""
    import pandas as pd

    outliers = np.asarray(outliers, dtype=bool)
    places = np.flatnonzero(outliers)
    spikes = np.zeros((len(outliers), len(places)))
    spikes[places, np.arange(len(places))] = 1
    return pd.DataFrame(spikes, columns=[f"motion_outlier{number:02d}" for number in range(len(places))])


def anatomical_components(
    data: np.ndarray, *, count: int | float = 5, basis: np.ndarray | None = None, prefix: str = "a_comp_cor"
) -> pd.DataFrame:
    """aCompCor: principal components of voxels in which there is no neural signal.

    Voxels are freed of the basis, brought to unit variance, and decomposed (Behzadi et al. 2007, NeuroImage 37,
    90-101).

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        Voxels of eroded white matter or cerebrospinal fluid. What does not vary is left out.
    count : int or float
        Number of components; or, below 1, the share of the variance that they are to hold together.
    basis : (n_volumes, k) float, optional
        Removed first: slow cosines (`cogmodels.fmri.cleaning.filter_basis`), so that components do not model drift that
        the filter removes anyhow. By default the mean.
    prefix : str
        Of the names.

    Returns
    -------
    components : data frame (n_volumes, count)
        Orthonormal columns, of the largest variance first; the sign is that of the mean of the voxels.

    Raises
    ------
    DataError
        Values that are not finite, or fewer voxels or volumes than components.
    """
    import pandas as pd

    data = np.asarray(data, dtype=float)
    if data.ndim != 2 or not data.size or not np.isfinite(data).all() or not count > 0:
        raise DataError(
            f"{count} components of data of shape {data.shape}",
            where="CompCor",
            remedy="Give finite volumes x voxels; the tissue mask may be empty after erosion",
        )
    basis = orthonormal(np.ones((len(data), 1)) if basis is None else basis)
    size = np.abs(data).max(axis=0)
    data = data - basis @ (basis.T @ data)
    spread = data.std(axis=0)
    varies = spread > CONSTANT * size
    data = data[:, varies] / spread[varies]
    most = min(len(data) - basis.shape[1], data.shape[1])
    if count > most:
        raise DataError(
            f"{count} components of {data.shape[1]} voxels that vary over {len(data)} volumes",
            where="CompCor",
            remedy="Ask for fewer components, or erode the mask less",
        )
    vectors, values, _ = np.linalg.svd(data, full_matrices=False)
    shares = np.cumsum(values**2) / (values**2).sum()
    number = int(count) if count >= 1 else int(np.searchsorted(shares, count - 1e-12) + 1)
    chosen = vectors[:, :number]
    mean = chosen.T @ data.mean(axis=1)
    chosen = chosen * np.where(mean < 0, -1.0, 1.0)
    return pd.DataFrame(chosen, columns=[f"{prefix}_{i:02d}" for i in range(number)])


def temporal_components(
    data: np.ndarray, *, count: int | float = 5, share: float = 0.02, basis: np.ndarray | None = None
) -> pd.DataFrame:
    """tCompCor: principal components of the voxels that vary most.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        Voxels of the brain.
    count, basis
        As `anatomical_components`.
    share : float
        Share of the voxels that are taken, those of the largest variance (2 % in Behzadi et al. 2007).

    Returns
    -------
    components : data frame (n_volumes, count)
    """
    data = np.asarray(data, dtype=float)
    if data.ndim != 2 or not data.size or not 0 < share <= 1:
        raise DataError(
            f"{share} of data of shape {data.shape}",
            where="CompCor",
            remedy="Give volumes x voxels and a share above 0, up to 1",
        )
    base = orthonormal(np.ones((len(data), 1)) if basis is None else basis)
    variance = (data - base @ (base.T @ data)).var(axis=0)
    chosen = np.sort(np.argsort(-variance, kind="stable")[: max(1, round(share * data.shape[1]))])
    return anatomical_components(data[:, chosen], count=count, basis=basis, prefix="t_comp_cor")


def _check_there(table: pd.DataFrame, names: Iterable[str], remedy: str) -> None:
    """The table has all columns that are asked for."""
    if missing := [name for name in names if name not in table]:
        raise DataError(f"the confounds lack {', '.join(missing)}", where="confounds", remedy=remedy)


def _check_known(regressors: pd.DataFrame, keep: np.ndarray, remedy: str) -> None:
    """No value is missing in the volumes that are kept."""
    if wrong := [name for name in regressors if not np.isfinite(regressors.loc[keep, name]).all()]:
        raise DataError(
            f"{', '.join(wrong)} hold missing values in volumes that are kept", where="confounds", remedy=remedy
        )
