"""Drift, unwanted frequencies and confounds out of a run in one projection; voxels on one scale."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.polynomial import legendre

from cogmodels.errors import DataError

# Voxels worked on at once: bounds the float64 copies to some tens of MB; and where the copy is to stay in the cache.
CHUNK, BLOCK = 8192, 256
# A voxel that varies by less than this share of its size does not vary: float32 cannot hold it.
CONSTANT = 1e-6
# Directions of a basis with a smaller singular value, beside the largest, are none of their own.
RANK = 1e-8


@dataclass(frozen=True)
class CleanRun:
    """``data`` (n_kept, n_voxels): the volumes that were kept; ``kept`` (n_volumes,) bool: which these are;
    ``freedom``: degrees of freedom left, n_kept less the rank of all that was removed."""

    data: np.ndarray
    kept: np.ndarray
    freedom: int


def clean_run(
    data: np.ndarray,
    repetition_time: float,
    *,
    confounds: np.ndarray | None = None,
    high_pass_s: float | None = 128.0,
    low_pass_hz: float | None = None,
    keep: np.ndarray | None = None,
    standardize: bool = True,
    fewest_freedom: int = 5,
    dtype: type = np.float32,
) -> CleanRun:
    """Remove the mean, frequencies outside of a band, and confounds from each voxel, in one projection.

    One after the other, a later step brings back what an earlier one removed (Lindquist et al. 2019, Human Brain
    Mapping 40, 2358-2376). Volumes that are not kept are left out of the fit and of the result, so that they touch
    nothing else (Power et al. 2014, NeuroImage 84, 320-341).

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        One run.
    repetition_time : float
        Seconds.
    confounds : (n_volumes, k) float, optional
        Columns may depend on each other.
    high_pass_s : float, optional
        Slowest period that stays, s; none = only the mean goes.
    low_pass_hz : float, optional
        Highest frequency that stays, Hz; none = all.
    keep : (n_volumes,) bool, optional
        Volumes to keep; by default all.
    standardize : bool
        Divide by the standard deviation of what is left (ddof 0).
    fewest_freedom : int
        Fewer degrees of freedom than this are refused.
    dtype : type
        Of the result; float32 rounds at 6e-8.

    Returns
    -------
    CleanRun
        Voxels that do not vary are 0; how many there are is said in a warning.

    Raises
    ------
    DataError
        Values that are not finite (columns of confounds are named by number), lengths that differ, too few degrees of
        freedom, or no voxel that varies.
    """
    data = _check(data, 0)
    keep = np.ones(len(data), dtype=bool) if keep is None else np.asarray(keep, dtype=bool)
    if keep.shape != (len(data),) or not keep.any():
        raise DataError(
            f"{int(keep.sum())} of {keep.size} volumes are kept of a run of {len(data)}",
            where="fMRI cleaning",
            remedy="Give one value a volume, and keep some",
        )
    cosines, removed = _cosines(len(data), repetition_time, high_pass_s, low_pass_hz)
    if confounds is not None:
        confounds = np.asarray(confounds, dtype=float)
        if confounds.ndim != 2 or len(confounds) != len(data):
            raise DataError(
                f"confounds of shape {confounds.shape} for a run of {len(data)} volumes",
                where="fMRI cleaning",
                remedy="Give one row a volume",
            )
        wrong = np.flatnonzero(~np.isfinite(confounds[keep]).all(axis=0))
        if len(wrong):
            raise DataError(
                f"{len(wrong)} columns of confounds hold values that are not finite (first: column {wrong[0]})",
                where="fMRI cleaning",
                remedy="Fill the first row of derivatives with 0, or leave out the column or the volume",
            )
    basis, stays = _removed_and_kept(cosines, removed, confounds, keep)
    freedom = int(keep.sum()) - basis.shape[1]
    if freedom < fewest_freedom:
        raise DataError(
            f"{int(keep.sum())} volumes less {basis.shape[1]} regressors leave {freedom} degrees of freedom",
            where="fMRI cleaning",
            remedy="Use fewer confounds, a wider band or fewer censored volumes, or leave the run out",
        )
    return CleanRun(_project_out(data, basis, standardize, dtype, keep, stays), keep, freedom)


def filter_basis(
    n_volumes: int, repetition_time: float, *, high_pass_s: float | None = 128.0, low_pass_hz: float | None = None
) -> np.ndarray:
    """Orthonormal cosines that span the mean and all frequencies outside of a band.

    Cosine k has k / 2 cycles a run (discrete cosine transform, type 2), the high-pass filter of SPM and fMRIPrep.

    Parameters
    ----------
    n_volumes : int
    repetition_time : float
        Seconds.
    high_pass_s : float, optional
        Cosines of a longer period belong to the basis, s.
    low_pass_hz : float, optional
        Cosines of a higher frequency belong to it, Hz.

    Returns
    -------
    basis : (n_volumes, k) float

    Raises
    ------
    DataError
        A repetition time, period or frequency that is not above 0, or a band without a frequency.
    """
    cosines, removed = _cosines(n_volumes, repetition_time, high_pass_s, low_pass_hz)
    return cosines[:, removed]


def orthonormal(columns: np.ndarray) -> np.ndarray:
    """Orthonormal basis (n, rank) of the space of columns (n, k), whatever their scales and however they depend."""
    vectors, values, _ = np.linalg.svd(_of_size_one(columns), full_matrices=False)
    return vectors[:, values > RANK * values.max(initial=0)]


def _of_size_one(columns: np.ndarray) -> np.ndarray:
    columns = np.asarray(columns, dtype=float)
    size = np.linalg.norm(columns, axis=0)
    return columns[:, size > 0] / size[size > 0]


def detrend_standardize(data: np.ndarray, *, order: int = 2, standardize: bool = True) -> np.ndarray:
    """Remove a polynomial trend from each voxel of one run, then divide by its standard deviation.

    Mean and trend go in one projection onto Legendre polynomials, so that no order brings back what another removed
    (Lindquist et al. 2019, Human Brain Mapping 40, 2358-2376). Nothing but the run itself is used: no leak across runs.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        One run.
    order : int
        Highest order removed; 0 = the mean alone.
    standardize : bool
        Divide by the standard deviation (ddof 0) of what is left.

    Returns
    -------
    cleaned : (n_volumes, n_voxels) float32
        Voxels that do not vary are 0; how many there are is said in a warning.

    Raises
    ------
    DataError
        Too few volumes for the order, values that are not finite, or no voxel that varies.
    """
    data = _check(data, order)
    return _project_out(data, trend_basis(len(data), order), standardize, np.float32)


def trend_basis(n_volumes: int, order: int) -> np.ndarray:
    """Orthonormal Legendre polynomials (n_volumes, order + 1) from 0 up to an order."""
    basis, _ = np.linalg.qr(legendre.legvander(np.linspace(-1, 1, n_volumes), order))
    return basis


def _cosines(
    n_volumes: int, repetition_time: float, high_pass_s: float | None, low_pass_hz: float | None
) -> tuple[np.ndarray, np.ndarray]:
    """All cosines of a run (n, n), orthonormal, and which of them lie outside of a band (n,)."""
    for name, value in (
        ("repetition_time", repetition_time),
        ("high_pass_s", high_pass_s),
        ("low_pass_hz", low_pass_hz),
    ):
        if value is not None and not value > 0:
            raise DataError(f"`{name}` is {value}", where="fMRI filter", remedy="Give a value above 0")
    order = np.arange(n_volumes)
    frequency = order / (2 * n_volumes * repetition_time)
    removed = order == 0
    if high_pass_s is not None:
        removed |= frequency * high_pass_s < 1 - 1e-9
    if low_pass_hz is not None:
        removed |= frequency > low_pass_hz * (1 + 1e-9)
    if removed.all():
        raise DataError(
            f"no frequency lies between 1 / {high_pass_s} s and {low_pass_hz} Hz in {n_volumes} volumes of "
            f"{repetition_time:g} s",
            where="fMRI filter",
            remedy="Widen the band",
        )
    # By quarters of a wave, as all of them are sines of whole multiples of one angle: exact, and no n * n cosines.
    turns = np.cos(np.pi * np.arange(4 * n_volumes) / (2 * n_volumes)) * np.sqrt(2 / n_volumes)
    cosines = turns[(2 * order[:, None] + 1) * order % (4 * n_volumes)]
    cosines[:, 0] /= np.sqrt(2)
    return cosines, removed


def _removed_and_kept(
    cosines: np.ndarray, removed: np.ndarray, confounds: np.ndarray | None, keep: np.ndarray
) -> tuple[np.ndarray, np.ndarray | None]:
    """Orthonormal bases of what is removed and of what stays; the latter none where it is the larger."""
    none = np.empty((len(cosines), 0)) if confounds is None else confounds
    if keep.all():
        # What confounds add lies in the cosines that stay: a small problem in their weights.
        weights = cosines[:, ~removed].T @ _of_size_one(none)
        vectors, values, _ = np.linalg.svd(weights, full_matrices=False)
        found = vectors[:, values > RANK]
        basis = np.hstack([cosines[:, removed], cosines[:, ~removed] @ found])
        if 2 * basis.shape[1] <= len(basis):
            return basis, None
        rest = np.linalg.qr(found, mode="complete")[0][:, found.shape[1] :] if found.size else np.eye(len(weights))
        return basis, cosines[:, ~removed] @ rest
    basis = orthonormal(np.hstack([cosines[:, removed], none])[keep])
    if 2 * basis.shape[1] <= len(basis):
        return basis, None
    return basis, np.linalg.qr(basis, mode="complete")[0][:, basis.shape[1] :]


def _project_out(
    data: np.ndarray,
    basis: np.ndarray,
    standardize: bool,
    dtype: type,
    keep: np.ndarray | None = None,
    stays: np.ndarray | None = None,
) -> np.ndarray:
    """Voxels less what an orthonormal basis, which spans the mean, holds of them; what is left of size 0 becomes 0.

    With ``stays``, the basis of what is left, that projection is taken instead.
    """
    from scipy.linalg.blas import dgemm

    from cogmodels.fmri._cleaning_kernels import load_block, store_block, sum_squares

    rows = np.arange(len(data)) if keep is None else np.flatnonzero(keep)
    kept, n_voxels = np.ascontiguousarray(basis if stays is None else stays), data.shape[1]
    cleaned = np.empty((len(rows), n_voxels), dtype=dtype)
    constant, block = 0, np.empty((len(rows), min(BLOCK, n_voxels)))
    for first in range(0, n_voxels, BLOCK):
        given = data[:, first : first + BLOCK]
        # What is compiled reads these two alone.
        given = given if given.dtype in (np.float32, np.float64) else given.astype(np.float64)
        block = block if block.shape[1] == given.shape[1] else np.empty((len(rows), given.shape[1]))
        before, after = np.empty(given.shape[1]), np.empty(given.shape[1])
        load_block(given, rows, block, before)
        if not np.isfinite(before).all():
            _refuse_values(data)
        # Block (n, width) is BLAS's (width, n): nothing is copied.
        weights = dgemm(1.0, block.T, kept.T, trans_b=True)
        block = dgemm(
            -1.0 if stays is None else 1.0, weights, kept.T, float(stays is None), block.T, overwrite_c=True
        ).T
        sum_squares(block, after)
        still = after <= CONSTANT**2 * before
        constant += int(still.sum())
        scale = np.where(still, 0.0, 1.0)
        if standardize:
            scale /= np.sqrt(np.where(still, 1.0, after / len(rows)))
        store_block(block, scale, cleaned[:, first : first + BLOCK])
    if constant == n_voxels:
        raise DataError(
            f"none of the {constant} voxels varies over the run", where="fMRI cleaning", remedy="Check image and mask"
        )
    if constant:
        warnings.warn(f"{constant} of {n_voxels} voxels do not vary over the run: set to 0", stacklevel=3)
    return cleaned


def _check(data: np.ndarray, order: int) -> np.ndarray:
    data = np.asarray(data)
    if data.ndim != 2 or data.shape[1] == 0 or order < 0:
        raise DataError(
            f"data of shape {data.shape} with a trend of order {order}",
            where="fMRI cleaning",
            remedy="Give volumes x voxels and an order of 0 or more",
        )
    if len(data) < order + 2:
        raise DataError(
            f"{len(data)} volumes are too few for a trend of order {order}",
            where="fMRI cleaning",
            remedy=f"Use a run of {order + 2} volumes or more, or a lower order",
        )
    return data


def _refuse_values(data: np.ndarray) -> None:
    # Squares of what is larger are not finite either.
    wrong = ~(np.abs(data) < 1e150).all(axis=0)
    raise DataError(
        f"{int(wrong.sum())} voxels hold values that are not finite (first: {int(np.flatnonzero(wrong)[0])})",
        where="fMRI cleaning",
        remedy="Repair the image or leave the voxels out of the mask",
    )
