"""Rigid-body realignment of a run.

Motion parameters are translations x, y, z in mm and rotations about x, y, z in radians, in the axes of the scanner
(the affine's). They say where the head went: what lies at p in the reference lies at ``R (p - c) + c + d`` in the
volume, with c the centre of the grid, d the translations and R = Rx Ry Rz, each turn right-handed.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np

from cogmodels.errors import DataError
from cogmodels.fmri._resample_kernels import accumulate_steps, sample_gradient, sample_volume, spline_volume
from cogmodels.fmri.smoothing import convolve, gaussian_kernel

#: Smoothing and spacing of the points compared, mm, from coarse to fine.
LEVELS = ((10.0, 8.0), (5.0, 4.0))
# A step smaller than this at 50 mm from the centre ends a level.
TOLERANCE_MM = 1e-3
MOST_STEPS = 30
HEAD_RADIUS_MM = 50.0
# Points that hold this share of the squared gradient are compared; the rest says nothing about motion.
GRADIENT_SHARE = 0.999
# Directions in which the image hardly changes (a run of one slice) are left as they are.
SMALLEST_EIGENVALUE = 1e-6
# A smaller share of the points inside the field of view is no basis for a fit.
FEWEST_INSIDE = 0.25


@dataclass(frozen=True)
class Realignment:
    """``parameters`` (n_volumes, 6): mm, radians; ``reference`` (x, y, z) that volumes were brought to; ``residual``
    (n_volumes,): root mean square difference from it at the points compared, as a share of the reference there."""

    parameters: np.ndarray
    reference: np.ndarray
    residual: np.ndarray


def estimate_motion(
    volumes: np.ndarray,
    affine: np.ndarray,
    *,
    reference: Literal["mean", "middle", "first"] | np.ndarray = "mean",
    levels: tuple[tuple[float, float], ...] = LEVELS,
) -> Realignment:
    """Find the head's position in each volume.

    Gauss-Newton on the sum of squared differences from the reference, by inverse composition, so that the gradient is
    that of the reference and is worked out once (Baker and Matthews 2004, International Journal of Computer Vision
    56, 221-255); a gain is estimated with the six parameters (as Friston et al. 1995, Human Brain Mapping 2,
    165-189). Volumes are smoothed and interpolated by cubic B-splines; each starts where the one before it ended. One
    volume is in memory at a time.

    Parameters
    ----------
    volumes : (x, y, z, n_volumes) array
        Or anything that is sliced like one: a memory map, the ``dataobj`` of a nibabel image.
    affine : (4, 4) float
        From voxels to mm.
    reference : str or (x, y, z) array
        ``mean``: the middle volume first, then the mean of what was brought to it.
    levels : pairs of float
        Full width of the smoothing and spacing of the points, mm, from coarse to fine.

    Returns
    -------
    Realignment

    Raises
    ------
    DataError
        Not four dimensions, values that are not finite, an affine that cannot be inverted, a reference without
        structure, or a volume that left the field of view.

    Notes
    -----
    A volume whose steps have not become small after 30 is named in a warning. Of a run with one slice only the motion
    within the slice is found; the rest stays 0.
    """
    affine = np.asarray(affine, dtype=float)
    shape = volumes.shape
    if len(shape) != 4 or 0 in shape:
        raise DataError(f"a run of shape {shape}", where="realignment", remedy="Give x, y, z and one volume or more")
    if affine.shape != (4, 4) or not np.isfinite(affine).all() or abs(np.linalg.det(affine)) < 1e-12:
        raise DataError(
            f"the affine {affine.tolist()} has no inverse", where="realignment", remedy="Repair the image's header"
        )
    if isinstance(reference, str):
        first = {"mean": shape[3] // 2, "middle": shape[3] // 2, "first": 0}.get(reference)
        if first is None:
            raise DataError(
                f"`{reference}` is no reference", where="realignment", remedy="Give mean, middle, first or a volume"
            )
        target = _volume(volumes, first)
    else:
        target = np.ascontiguousarray(reference, dtype=np.float64)
        if target.shape != shape[:3] or not np.isfinite(target).all():
            raise DataError(
                f"the reference is {target.shape} voxels, the run {shape[:3]}, or it is not finite",
                where="realignment",
                remedy="Give a finite volume on the grid of the run",
            )
    start = np.tile(np.eye(4), (shape[3], 1, 1))
    moves, residual = _align_all(volumes, target, affine, levels, start, chained=True)
    if isinstance(reference, str) and reference == "mean":
        target = _mean_aligned(volumes, affine, moves)
        moves, residual = _align_all(volumes, target, affine, levels[-1:], moves, chained=False)
    centre = grid_centre(shape[:3], affine)
    parameters = np.array([_parameters(move, centre) for move in moves])
    return Realignment(parameters, target.astype(np.float32), residual)


def resample_volumes(volumes: np.ndarray, affine: np.ndarray, parameters: np.ndarray) -> Iterator[np.ndarray]:
    """Bring each volume to the reference, one at a time, by cubic B-splines.

    Parameters
    ----------
    volumes : (x, y, z, n_volumes) array
        Or anything that is sliced like one.
    affine : (4, 4) float
    parameters : (n_volumes, 6) float
        As `estimate_motion` finds them.

    Yields
    ------
    volume : (x, y, z) float32
        What comes from beyond the field of view has the value at its edge.

    Raises
    ------
    DataError
        Another number of parameters than volumes, or values that are not finite.
    """
    parameters = np.asarray(parameters, dtype=float)
    shape = volumes.shape
    if parameters.shape != (shape[-1], 6) or not np.isfinite(parameters).all():
        raise DataError(
            f"{shape[-1]} volumes with motion of shape {parameters.shape}",
            where="realignment",
            remedy="Give six finite parameters a volume",
        )
    for t, row in enumerate(parameters):
        move = rigid_matrix(row, grid_centre(shape[:3], affine))
        yield _resampled(_volume(volumes, t), affine, move).astype(np.float32)


def rigid_matrix(parameters: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Motion (4, 4) in mm of six parameters about a centre (3,) in mm; `grid_centre` is that of a run."""
    a, b, c = parameters[3:]
    turn_x = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    turn_y = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    turn_z = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    move = np.eye(4)
    move[:3, :3] = turn_x @ turn_y @ turn_z
    move[:3, 3] = centre + np.asarray(parameters[:3]) - move[:3, :3] @ centre
    return move


def grid_centre(shape: tuple[int, ...], affine: np.ndarray) -> np.ndarray:
    """Centre (3,) of a grid in mm."""
    return (np.asarray(affine) @ np.append((np.array(shape[:3]) - 1) / 2, 1))[:3]


def _parameters(move: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """Six parameters of a motion (4, 4) about a centre: the inverse of `rigid_matrix`."""
    turn = move[:3, :3]
    shift = move[:3, 3] - centre + turn @ centre
    angles = [
        np.arctan2(-turn[1, 2], turn[2, 2]),
        np.arcsin(np.clip(turn[0, 2], -1, 1)),
        np.arctan2(-turn[0, 1], turn[0, 0]),
    ]
    return np.concatenate([shift, angles])


def _align_all(volumes, target, affine, levels, start, *, chained):
    """Motion (n, 4, 4) of each volume and its residual."""
    prepared = [_prepare(target, affine, *level) for level in levels]
    moves, residual, unsettled = np.empty_like(start), np.empty(len(start)), []
    move = np.eye(4)
    for t in range(len(start)):
        move = move if chained else start[t]
        volume = _volume(volumes, t)
        for level in prepared:
            move, residual[t], settled = _align(volume, affine, level, move, t)
        moves[t] = move
        if not settled:
            unsettled.append(t)
    if unsettled:
        warnings.warn(f"realignment did not settle in {len(unsettled)} volumes (first: {unsettled[0]})", stacklevel=3)
    return moves, residual


def _prepare(target, affine, fwhm_mm, spacing_mm):
    """Kernels of a level, the points to compare, and the reference's values and derivatives there."""
    sizes = np.sqrt((affine[:3, :3] ** 2).sum(axis=0))
    pairs = zip(sizes, target.shape, strict=True)
    kernels = [gaussian_kernel(fwhm_mm / size) if n > 1 else np.ones(1) for size, n in pairs]
    coefficients = _smooth(target, kernels)
    spline_volume(coefficients)
    steps = [max(1, int(round(spacing_mm / size))) for size in sizes]
    axes = [np.arange((n - 1) % step // 2, n, step, dtype=float) for n, step in zip(target.shape, steps, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    values, gradients = np.empty(len(points)), np.empty((len(points), 3))
    sample_gradient(coefficients, points, values, gradients)
    gradients = gradients @ np.linalg.inv(affine[:3, :3])
    energy = (gradients**2).sum(axis=1)
    if not energy.sum() > 1e-12 * (values**2).sum() or not (values != 0).any():
        raise DataError(
            "the reference is the same everywhere", where="realignment", remedy="Check the image, or give another one"
        )
    order = np.argsort(-energy, kind="stable")
    kept = np.sort(order[: np.searchsorted(np.cumsum(energy[order]), GRADIENT_SHARE * energy.sum()) + 1])
    places = points[kept] @ affine[:3, :3].T + affine[:3, 3] - grid_centre(target.shape, affine)
    jacobian = np.hstack([gradients[kept], np.cross(places, gradients[kept])])
    return kernels, points[kept], values[kept], jacobian


def _align(volume, affine, level, move, number):
    """Motion (4, 4) of one volume at one level, its residual, and whether the steps became small."""
    kernels, points, values, jacobian = level
    coefficients = _smooth(volume, kernels)
    spline_volume(coefficients)
    centre, inverse = grid_centre(volume.shape, affine), np.linalg.inv(affine)
    normal, right = np.empty((7, 7)), np.empty(7)
    # Turns are solved for in mm at the head's surface, the gain in units of the reference.
    scale = np.array([1, 1, 1] + 3 * [1 / HEAD_RADIUS_MM] + [1.0])
    gain, size = 1.0, np.sqrt((values**2).mean())
    settled = False
    for _ in range(MOST_STEPS):
        matrix = np.ascontiguousarray((inverse @ move @ affine)[:3])
        squares, inside = accumulate_steps(coefficients, matrix, points, values, jacobian, gain, normal, right)
        if inside < FEWEST_INSIDE * len(points):
            raise DataError(
                f"volume {number} left the field of view: {inside:.0f} of {len(points)} points are inside",
                where="realignment",
                remedy="Look at the run; leave the volume out if it is damaged",
            )
        step = scale * _solve(normal * scale[:, None] * scale, right * scale)
        gain += step[6]
        move = move @ np.linalg.inv(rigid_matrix(step[:6], centre))
        settled = np.abs(step[:6] / scale[:6]).max() < TOLERANCE_MM
        if settled:
            break
    return move, np.sqrt(squares / inside) / size, settled


def _solve(normal, right):
    """Solution of the normal equations; directions that the data do not determine stay 0."""
    size = np.sqrt(np.maximum(np.diag(normal), 0))
    size[size <= np.sqrt(SMALLEST_EIGENVALUE) * size[:6].max()] = np.inf
    values, vectors = np.linalg.eigh(normal / size[:, None] / size)
    kept = values > SMALLEST_EIGENVALUE
    return vectors[:, kept] @ (vectors[:, kept].T @ (right / size) / values[kept]) / size


def _smooth(volume, kernels):
    """Volume smoothed; near the edge of the field of view the kernel is what lies inside of it."""
    weight = convolve(np.ones((*volume.shape, 1)), kernels)
    return np.ascontiguousarray((convolve(volume[..., None], kernels) / weight)[..., 0])


def _mean_aligned(volumes, affine, moves):
    total = np.zeros(volumes.shape[:3])
    for t, move in enumerate(moves):
        total += _resampled(_volume(volumes, t), affine, move)
    return total / len(moves)


def _resampled(volume, affine, move):
    spline_volume(volume)
    target = np.empty(volume.shape)
    sample_volume(volume, np.ascontiguousarray((np.linalg.inv(affine) @ move @ affine)[:3]), target)
    return target


def _volume(volumes, number):
    """One volume as a float64 copy."""
    volume = np.array(volumes[..., number], dtype=np.float64, order="C")
    if not np.isfinite(volume).all():
        raise DataError(
            f"volume {number} holds {int((~np.isfinite(volume)).sum())} values that are not finite",
            where="realignment",
            remedy="Repair the image, or set what lies outside of the brain to 0",
        )
    return volume
