"""Numbers by which a run is judged before anything is read into it."""

from __future__ import annotations

import numpy as np


def temporal_snr(data: np.ndarray) -> np.ndarray:
    """Mean over standard deviation (ddof 0) of each voxel; ``data`` (..., n_volumes) -> (...). Flat voxels give 0."""
    mean = np.mean(data, axis=-1, dtype=np.float64)
    deviation = np.std(data, axis=-1, dtype=np.float64)
    return np.divide(mean, deviation, out=np.zeros_like(mean), where=deviation > 1e-9 * np.abs(mean))


def framewise_displacement(motion: np.ndarray, *, radius_mm: float = 50.0) -> np.ndarray:
    """Framewise displacement (n_volumes,) in mm, the first 0 (Power et al. 2012).

    ``motion`` (n_volumes, 6): translations in mm, then rotations in radians, which count as arcs on a sphere.
    """
    steps = np.abs(np.diff(motion, axis=0))
    steps[:, 3:] *= radius_mm
    return np.concatenate([[0.0], steps.sum(axis=1)])
