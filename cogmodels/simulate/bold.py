"""Simulated BOLD: voxels that mix the stimuli's latent vectors, seen through a HRF and noise.

The signal of voxel v at time t is ``baseline_v * (1 + evoked_v(t) + drift_v(t) + motion_v(t) +
noise_v(t))``: evoked is the sum over trials of the voxel's response to the stimulus times the response of
the canonical HRF to a boxcar; drift is slow cosines; motion is a trace of head positions times loadings that
are largest at the brain's edge; noise is AR(1) in time and smooth in space. No file is touched here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, gaussian_filter
from scipy.special import gammainc, gammaln, xlogy

from cogmodels.errors import DataError

PEAK_SHAPE, UNDERSHOOT_SHAPE, UNDERSHOOT_RATIO = 6.0, 16.0, 1 / 6
FWHM_TO_SIGMA = 1 / np.sqrt(8 * np.log(2))
HEAD_RADIUS_MM = 50.0
DRIFT_COSINES = 3
AIR = 15.0
# Medians over the 645 traces of camcan-motion (TR 1.97 s; x, y, z in mm, then rotations in mm on a 50 mm
# sphere): standard deviation of the step from one volume to the next, and the share of its variance that
# accumulates.
MOTION_STEP = np.array([0.023, 0.081, 0.113, 0.064, 0.029, 0.027])
MOTION_WALK = np.array([0.36, 0.01, 0.015, 0.06, 0.17, 0.16])
JERK_RATE, JERK_FACTOR = 0.03, 3.0


@dataclass(frozen=True)
class Voxels:
    """What is fixed in one subject's brain.

    ``mask`` (x, y, z) bool; per voxel in the order of ``mask``: ``baseline`` (a.u.), ``noise_sd`` and
    ``drift_sd`` (share of the baseline), ``rho`` (AR(1) coefficient), ``motion_loadings`` (voxels, 6; share
    of the baseline per mm); ``mixing`` (latent, voxels) and ``intercept`` (voxels,), percent signal change;
    ``responses`` (stimuli, voxels) = latent @ mixing + intercept, the noise-free peak response to one trial,
    percent signal change.
    """

    mask: np.ndarray
    baseline: np.ndarray
    noise_sd: np.ndarray
    drift_sd: float
    rho: np.ndarray
    motion_loadings: np.ndarray
    mixing: np.ndarray
    intercept: np.ndarray
    responses: np.ndarray


def canonical_hrf(times: np.ndarray) -> np.ndarray:
    """Canonical haemodynamic response to an impulse, scaled to a peak of 1.

    Difference of two gamma densities with shapes 6 and 16 s and ratio 1/6: the defaults of SPM's ``spm_hrf``
    (Friston et al. 1998, NeuroImage 7, 30-40). Peak near 5 s, undershoot near 16 s.

    Parameters
    ----------
    times : (n,) float
        Seconds after the impulse.

    Returns
    -------
    response : (n,) float
    """
    return _double_gamma(np.asarray(times, float)) / _double_gamma(np.arange(0, 10, 0.001)).max()


def trial_response(times: np.ndarray, duration: float) -> np.ndarray:
    """Response of the canonical HRF to a boxcar of one trial, scaled to a peak of 1.

    The convolution is exact: a difference of gamma distribution functions, not a sum over a time grid.

    Parameters
    ----------
    times : array of float
        Seconds after trial onset; any shape.
    duration : float
        Seconds.

    Returns
    -------
    response : array of float, as ``times``
    """
    if duration <= 0:
        raise DataError(f"a trial of {duration} s evokes nothing", where="simulation", remedy="Give a duration above 0")

    def boxcar(t: np.ndarray) -> np.ndarray:
        return _integrated_double_gamma(t) - _integrated_double_gamma(t - duration)

    return boxcar(np.asarray(times, float)) / boxcar(np.arange(0, duration + 10, 0.001)).max()


def ar1_noise(innovations: np.ndarray, rho: np.ndarray) -> np.ndarray:
    """Stationary AR(1) series of unit variance.

    Parameters
    ----------
    innovations : (times, series) float
        White noise of unit variance.
    rho : (series,) float
        Correlation of neighbouring samples, above -1 and below 1.

    Returns
    -------
    noise : (times, series) float
    """
    rho = np.asarray(rho, float)
    if (np.abs(rho) >= 1).any():
        raise DataError(
            "an AR(1) coefficient of 1 or more gives no stationary noise",
            where="simulation",
            remedy="Keep `noise_rho` between -1 and 1",
        )
    noise = innovations * np.sqrt(1 - rho**2)
    noise[0] = innovations[0]
    for t in range(1, len(noise)):
        noise[t] += rho * noise[t - 1]
    return noise


def smooth_maps(shape: tuple[int, int, int], count: int, fwhm_voxels: float, rng: np.random.Generator) -> np.ndarray:
    """Gaussian random maps of unit variance with a Gaussian spatial kernel.

    Parameters
    ----------
    shape : three ints
        Grid.
    count : int
        Number of maps.
    fwhm_voxels : float
        Full width at half maximum of the smoothing kernel, voxels.
    rng : numpy Generator

    Returns
    -------
    maps : (count, x, y, z) float
    """
    sigma = fwhm_voxels * FWHM_TO_SIGMA
    white = rng.standard_normal((count, *shape))
    # Wrapping keeps the variance equal everywhere; one impulse gives the kernel, whose norm scales it to 1.
    impulse = np.zeros(shape)
    impulse[tuple(n // 2 for n in shape)] = 1.0
    kernel = gaussian_filter(impulse, sigma, mode="wrap")
    return gaussian_filter(white, (0, sigma, sigma, sigma), mode="wrap") / np.sqrt((kernel**2).sum())


def brain_mask(shape: tuple[int, int, int], voxels: int, rng: np.random.Generator) -> np.ndarray:
    """Brain-like mask: the ``voxels`` cells nearest to the centre of an ellipsoid with an uneven surface.

    Parameters
    ----------
    shape : three ints
        Grid; its outermost layer stays empty.
    voxels : int
        Number of cells to take.
    rng : numpy Generator

    Returns
    -------
    mask : (x, y, z) bool

    Raises
    ------
    DataError
        The grid is too small.
    """
    inner = np.array(shape) - 2
    if (inner < 1).any() or voxels > np.prod(inner) // 2:
        raise DataError(
            f"{voxels} voxels do not fit a brain in a grid of {' x '.join(map(str, shape))}",
            where="simulation",
            remedy="Enlarge `grid` or take fewer `voxels`; a brain fills at most half of the grid without its border",
        )
    axes = [(np.arange(n) - (n - 1) / 2) / ((n - 2) / 2) for n in shape]
    x, y, z = np.meshgrid(*axes, indexing="ij")
    radius = np.sqrt(x**2 + y**2 + z**2) + 0.05 * smooth_maps(shape, 1, 3.0, rng)[0]
    border = np.ones(shape, bool)
    border[1:-1, 1:-1, 1:-1] = False
    radius[border] = np.inf
    mask = np.zeros(shape, bool)
    mask.flat[np.argsort(radius, axis=None, kind="stable")[:voxels]] = True
    return mask


def motion_trace(n_volumes: int, framewise_displacement_mm: float, rng: np.random.Generator) -> np.ndarray:
    """Head positions over a run: jitter, a random walk, and a few jerks.

    The shares of jitter and walk and the proportions of the axes are medians over 645 real traces
    (camcan-motion).

    Parameters
    ----------
    n_volumes : int
        Number of volumes.
    framewise_displacement_mm : float
        Expected mean framewise displacement (Power et al. 2012, NeuroImage 59, 2142-2154), mm.
    rng : numpy Generator

    Returns
    -------
    trace : (n_volumes, 6) float
        Translations x, y, z in mm, rotations x, y, z in radians; the first volume is at 0.
    """
    jerks = np.where(rng.random((n_volumes, 1)) < JERK_RATE, JERK_FACTOR, 1.0)
    walk = np.cumsum(jerks * rng.standard_normal((n_volumes, 6)) * np.sqrt(MOTION_WALK), axis=0)
    jitter = jerks * rng.standard_normal((n_volumes, 6)) * np.sqrt((1 - MOTION_WALK) / 2)
    # The mean absolute step of a Gaussian is sqrt(2 / pi) of its standard deviation.
    expected = np.sqrt(2 / np.pi) * MOTION_STEP.sum() * (1 + JERK_RATE * (JERK_FACTOR - 1))
    trace = (walk + jitter) * MOTION_STEP * framewise_displacement_mm / expected
    trace -= trace[0]
    trace[:, 3:] /= HEAD_RADIUS_MM
    return trace


def draw_voxels(
    latent: np.ndarray,
    *,
    rng: np.random.Generator,
    voxels: int = 340,
    grid: tuple[int, int, int] = (12, 14, 10),
    voxel_size_mm: float = 3.0,
    signal: float = 0.6,
    map_fwhm_mm: float = 8.0,
    baseline: float = 1000.0,
    tsnr: float = 65.0,
    noise_rho: float = 0.4,
    drift_percent: float = 0.5,
    motion_percent_per_mm: float = 1.5,
) -> Voxels:
    """Draw one subject's brain: where voxels are, how they respond to each stimulus, how noisy they are.

    Parameters
    ----------
    latent : (stimuli, dimensions) float
        Latent vectors that all subjects share.
    rng : numpy Generator
        The subject's own.
    voxels, grid, voxel_size_mm
        Number of voxels in the mask, shape of the volume, edge of a voxel.
    signal : float
        Percent signal change at the peak of one trial's response: mean over the most responsive voxels, and
        as much standard deviation over stimuli. 0 = no response at all.
    map_fwhm_mm : float
        Spatial smoothness of the mixing of latents into voxels.
    baseline : float
        Mean intensity inside the mask, a.u.
    tsnr : float
        Mean over voxels of baseline / standard deviation of the AR(1) noise.
    noise_rho : float
        Mean AR(1) coefficient; voxels vary by 0.1 around it.
    drift_percent, motion_percent_per_mm : float
        Standard deviation of the drift; size of the motion effect inside the brain (3 times that at its
        edge).

    Returns
    -------
    Voxels
    """
    shape = tuple(int(n) for n in grid)
    mask = brain_mask(shape, voxels, rng)
    fwhm = map_fwhm_mm / voxel_size_mm
    mixing = smooth_maps(shape, latent.shape[1], fwhm, rng)[:, mask]
    mixing /= (latent @ mixing).std(axis=0)
    # Responsiveness varies smoothly: uniform over voxels, from none to full.
    field = smooth_maps(shape, 1, fwhm, rng)[0][mask]
    gain = signal * (np.argsort(np.argsort(field, kind="stable"), kind="stable") + 0.5) / voxels
    mixing, intercept = gain * mixing, gain * (1 - latent.mean(axis=0) @ mixing)
    depth = distance_transform_edt(mask)[mask]
    loadings = motion_percent_per_mm / 100 * (1 + 2 * (depth <= 1))[:, None] * rng.standard_normal((voxels, 6))
    return Voxels(
        mask=mask,
        baseline=baseline * (1 + 0.1 * smooth_maps(shape, 1, fwhm, rng)[0][mask].clip(-3, 3)),
        noise_sd=np.exp(0.12 * smooth_maps(shape, 1, fwhm, rng)[0][mask]) / tsnr,
        drift_sd=drift_percent / 100,
        rho=np.clip(noise_rho + 0.1 * smooth_maps(shape, 1, fwhm, rng)[0][mask], -0.95, 0.95),
        motion_loadings=loadings,
        mixing=mixing,
        intercept=intercept,
        responses=latent @ mixing + intercept,
    )


def simulate_run(
    brain: Voxels,
    order: np.ndarray,
    onsets: np.ndarray,
    *,
    rng: np.random.Generator,
    n_volumes: int,
    repetition_time: float = 2.0,
    trial_duration: float = 2.0,
    voxel_size_mm: float = 3.0,
    noise_fwhm_mm: float = 4.0,
    motion_fd_mm: float = 0.2,
) -> tuple[np.ndarray, np.ndarray]:
    """Simulate one run of a subject; a volume is sampled at once, at its onset.

    Parameters
    ----------
    brain : Voxels
        From `draw_voxels`.
    order : (trials,) int
        Stimulus of each trial, a row of ``brain.responses``.
    onsets : (trials,) float
        Seconds.
    rng : numpy Generator
        The run's own.
    n_volumes, repetition_time, trial_duration, voxel_size_mm
        Length, sampling and scale of the run.
    noise_fwhm_mm : float
        Spatial smoothness of the noise.
    motion_fd_mm : float
        Expected mean framewise displacement.

    Returns
    -------
    data : (x, y, z, n_volumes) int16
        Intensity, a.u.; Rayleigh noise as of air outside the mask.
    motion : (n_volumes, 6) float
        Head positions, as `motion_trace` gives them.
    """
    shape, times = brain.mask.shape, np.arange(n_volumes) * repetition_time
    design = trial_response(times[:, None] - np.asarray(onsets)[None, :], trial_duration)
    evoked = design @ brain.responses[order] / 100
    white = smooth_maps(shape, n_volumes, noise_fwhm_mm / voxel_size_mm, rng)[:, brain.mask]
    noise = ar1_noise(white, brain.rho) * brain.noise_sd
    phase = np.pi * (np.arange(n_volumes) + 0.5) / n_volumes
    cosines = np.sqrt(2 / DRIFT_COSINES) * np.cos(phase[:, None] * np.arange(1, DRIFT_COSINES + 1))
    drift = cosines @ smooth_maps(shape, DRIFT_COSINES, 3.0, rng)[:, brain.mask] * brain.drift_sd
    motion = motion_trace(n_volumes, motion_fd_mm, rng)
    in_mm = motion * np.array([1, 1, 1, HEAD_RADIUS_MM, HEAD_RADIUS_MM, HEAD_RADIUS_MM])
    inside = brain.baseline * (1 + evoked + drift + in_mm @ brain.motion_loadings.T + noise)
    data = np.hypot(*rng.normal(0, AIR, (2, n_volumes, *shape)))
    data[:, brain.mask] = inside
    whole = np.clip(np.rint(data), 0, np.iinfo(np.int16).max).astype(np.int16)
    return np.ascontiguousarray(np.moveaxis(whole, 0, -1)), motion


def _double_gamma(t: np.ndarray) -> np.ndarray:
    return _gamma_density(t, PEAK_SHAPE) - UNDERSHOOT_RATIO * _gamma_density(t, UNDERSHOOT_SHAPE)


def _gamma_density(t: np.ndarray, shape: float) -> np.ndarray:
    """That of scipy.stats, which takes a second of every job that imports it."""
    late = np.maximum(t, 0.0)
    return np.where(t >= 0, np.exp(xlogy(shape - 1, late) - late - gammaln(shape)), 0.0)


def _integrated_double_gamma(t: np.ndarray) -> np.ndarray:
    t = np.maximum(t, 0.0)
    return gammainc(PEAK_SHAPE, t) - UNDERSHOOT_RATIO * gammainc(UNDERSHOOT_SHAPE, t)
