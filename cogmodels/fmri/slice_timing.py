"""Slices of a volume are taken one after another: bring them to one moment."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError
from cogmodels.fmri._slice_kernels import weigh_neighbours

# The sinc reaches so many samples to each side, under a Kaiser window of this shape: stopped from .55 cycles a sample.
REACH, KAISER_SHAPE = 16, 4.5


def correct_slice_timing(
    data: np.ndarray,
    slice_times: np.ndarray,
    repetition_time: float,
    *,
    reference_s: float | None = None,
    axis: int = 2,
) -> tuple[np.ndarray, float]:
    """Interpolate each voxel's series as if all slices had been taken at one moment of the volume.

    A sinc of 16 volumes to each side under a Kaiser window, its weights changed by the least that lets constants and
    straight lines stay; the run is mirrored at its ends. The phase is within 0.1 % of a volume up to 0.45 cycles a
    volume, 0.6 % at 0.46.

    Parameters
    ----------
    data : (x, y, z, n_volumes) float
    slice_times : (n_slices,) float
        When each slice is taken, s from the start of the volume: the sidecar's ``SliceTiming``.
    repetition_time : float
        Seconds.
    reference_s : float, optional
        The moment, s from the start of the volume; by default midway between first and last slice.
    axis : int
        Axis along which slices lie (``SliceEncodingDirection``: i, j, k are 0, 1, 2; with ``k-`` reverse the times).

    Returns
    -------
    corrected : (x, y, z, n_volumes) float32
    reference_s : float
        Events are to be modelled with volume k at ``k * repetition_time + reference_s``.

    Raises
    ------
    DataError
        Another number of times than slices, times outside of the volume, fewer than 4 volumes, or values that are not
        finite.
    """
    data, slice_times = np.asarray(data), np.asarray(slice_times, dtype=float)
    if data.ndim != 4 or axis not in (0, 1, 2) or data.shape[3] < 4:
        raise DataError(
            f"a run of shape {data.shape} with slices along axis {axis}",
            where="slice timing",
            remedy="Give x, y, z and 4 volumes or more, and the axis 0, 1 or 2",
        )
    if slice_times.shape != (data.shape[axis],):
        raise DataError(
            f"{slice_times.size} slice times for {data.shape[axis]} slices",
            where="slice timing",
            remedy="Correct `SliceTiming` or `SliceEncodingDirection` in the sidecar",
        )
    if not repetition_time > 0 or not ((slice_times >= 0) & (slice_times <= repetition_time)).all():
        raise DataError(
            f"slice times from {slice_times.min():g} to {slice_times.max():g} s in volumes of {repetition_time:g} s",
            where="slice timing",
            remedy="`SliceTiming` is in seconds from the start of the volume, as `RepetitionTime` is",
        )
    if reference_s is None:
        reference_s = (slice_times.min() + slice_times.max()) / 2
    if not 0 <= reference_s <= repetition_time:
        raise DataError(
            f"the reference of {reference_s:g} s lies outside of a volume of {repetition_time:g} s",
            where="slice timing",
            remedy="Give a time within the volume",
        )
    corrected = np.empty(data.shape, dtype=np.float32)
    source, target = np.moveaxis(data, axis, 0), np.moveaxis(corrected, axis, 0)
    for number, time in enumerate(slice_times):
        series = np.ascontiguousarray(source[number], dtype=np.float64).reshape(-1, data.shape[3])
        if not np.isfinite(series).all():
            raise DataError(
                f"slice {number} holds {int((~np.isfinite(series)).sum())} values that are not finite",
                where="slice timing",
                remedy="Repair the image, or set what lies outside of the brain to 0",
            )
        shifted = np.empty_like(series)
        weigh_neighbours(series, *_windowed_sinc((reference_s - time) / repetition_time), shifted)
        target[number] = shifted.reshape(source[number].shape)
    return corrected, float(reference_s)


def _windowed_sinc(shift: float) -> tuple[np.ndarray, int]:
    """Weights of the samples around ``shift`` samples ahead, and the first one's distance."""
    first = int(np.floor(shift)) - REACH + 1
    distance = first + np.arange(2 * REACH) - shift
    window = np.i0(KAISER_SHAPE * np.sqrt(np.maximum(1 - (distance / REACH) ** 2, 0))) / np.i0(KAISER_SHAPE)
    weights = np.sinc(distance) * window
    # Sum 1 and mean distance 0, by the smallest change in the window's metric.
    powers = np.stack([np.ones_like(distance), distance])
    missing = np.array([1.0, 0.0]) - powers @ weights
    return weights + window * (np.linalg.solve((powers * window) @ powers.T, missing) @ powers), first
