"""Gaussian smoothing inside a mask."""

from __future__ import annotations

import numpy as np
from scipy.optimize import brentq

from cogmodels.errors import DataError
from cogmodels.fmri._smoothing_kernels import convolve_middle

FWHM_TO_SIGMA = 1 / np.sqrt(8 * np.log(2))
# Standard deviations after which the kernel ends: 6e-5 of it is cut off.
REACH = 4.0
# Neighbours that are to correlate by less are not smoothed (widths below a third of a voxel).
LEAST_ALIKE = 1e-6
# Values smoothed at once: two buffers of 32 MB.
BLOCK = 8_000_000


def smooth_in_mask(data: np.ndarray, mask: np.ndarray, fwhm_mm: float, voxel_sizes: np.ndarray) -> np.ndarray:
    """Smooth each volume with a Gaussian that sees nothing but the mask.

    Separable convolution of the image, zero outside of the mask, divided by the same convolution of the mask: no
    signal leaks in or out at the edge, and a constant stays a constant (normalised convolution: Knutsson
    and Westin 1993, CVPR, 515-523).

    Parameters
    ----------
    data : (x, y, z) or (x, y, z, n_volumes) float
        Finite inside the mask; what lies outside is not read.
    mask : (x, y, z) bool
    fwhm_mm : float
        Full width at half maximum, mm, of the Gaussian that neighbouring voxels of smoothed white noise are as alike as
        (`gaussian_kernel`); 0 = none.
    voxel_sizes : (3,) float
        Edges of a voxel, mm.

    Returns
    -------
    smoothed : float32, shape of ``data``
        0 outside of the mask.

    Raises
    ------
    DataError
        Shapes that do not fit, an empty mask, values in it that are not finite, sizes that can be none.
    """
    data, mask = np.asarray(data), np.asarray(mask, dtype=bool)
    voxel_sizes = np.asarray(voxel_sizes, dtype=float)
    if data.ndim not in (3, 4) or data.shape[:3] != mask.shape or not mask.any():
        raise DataError(
            f"an image of shape {data.shape} with a mask of {mask.shape}, {int(mask.sum())} voxels",
            where="smoothing",
            remedy="Give one volume or a run, and a mask on its grid that holds something",
        )
    if voxel_sizes.shape != (3,) or not (voxel_sizes > 0).all() or not 0 <= fwhm_mm < np.inf:
        raise DataError(
            f"a kernel of {fwhm_mm} mm on voxels of {voxel_sizes.tolist()} mm",
            where="smoothing",
            remedy="Give a width of 0 or more and three voxel sizes above 0",
        )
    volumes = data if data.ndim == 4 else data[..., None]
    smoothed = np.empty(volumes.shape, dtype=np.float32)
    kernels = [gaussian_kernel(fwhm_mm / size) for size in voxel_sizes]
    weight = np.zeros((*mask.shape, 1))
    weight[mask] = 1
    weight = convolve(weight, kernels)
    scale = np.where(mask[..., None], 1 / np.where(mask[..., None], weight, 1), 0).astype(np.float32)
    step = max(1, BLOCK // mask.size)
    for first in range(0, volumes.shape[3], step):
        part = np.ascontiguousarray(volumes[..., first : first + step], dtype=np.float32)
        part = np.where(mask[..., None], part, np.float32(0))
        wrong = ~np.isfinite(part).all(axis=(0, 1, 2))
        if wrong.any():
            raise DataError(
                f"volume {first + int(np.flatnonzero(wrong)[0])} holds values in the mask that are not finite",
                where="smoothing",
                remedy="Repair the image or leave the voxels out of the mask",
            )
        smoothed[..., first : first + step] = convolve(part, kernels) * scale
    return smoothed if data.ndim == 4 else smoothed[..., 0]


def gaussian_kernel(fwhm_voxels: float) -> np.ndarray:
    """Gaussian (reach + 1,) from its centre outwards; centre and both sides sum to 1.

    Its standard deviation is that which gives smoothed white noise the width asked for, as it is estimated from the
    correlation of neighbours (Forman et al. 1995, Magnetic Resonance in Medicine 33, 636-647). Beyond 2.5 voxels that
    is the Gaussian's own; below, a sampled Gaussian of its own would smooth too little (13 % at 1.2 voxels).
    """
    if not fwhm_voxels > 0:
        return np.ones(1)
    alike = np.exp(-2 * np.log(2) / fwhm_voxels**2)
    if alike < LEAST_ALIKE:
        return np.ones(1)
    own = fwhm_voxels * FWHM_TO_SIGMA
    return _sampled_gaussian(brentq(lambda sigma: _neighbours(_sampled_gaussian(sigma)) - alike, 0.9 * own, 2 * own))


def _sampled_gaussian(sigma: float) -> np.ndarray:
    steps = np.arange(int(np.ceil(REACH * sigma)) + 1)
    weights = np.exp(-0.5 * (steps / sigma) ** 2)
    return weights / (2 * weights.sum() - weights[0])


def _neighbours(weights: np.ndarray) -> float:
    """Correlation of neighbouring samples of white noise that a kernel has smoothed."""
    whole = np.concatenate([weights[:0:-1], weights])
    return whole[1:] @ whole[:-1] / (whole @ whole)


def convolve(volumes: np.ndarray, kernels: list[np.ndarray]) -> np.ndarray:
    """Volumes (x, y, z, n) convolved along x, y and z, each with its kernel; zeros beyond the edges."""
    source = np.ascontiguousarray(volumes)
    for axis, kernel in enumerate(kernels):
        if len(kernel) == 1:
            continue
        shape = source.shape
        source = source.reshape(int(np.prod(shape[:axis])), shape[axis], -1)
        target = np.empty_like(source)
        convolve_middle(source, kernel.astype(source.dtype), target)
        source = target.reshape(shape)
    return source
