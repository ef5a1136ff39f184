"""Quality of BOLD runs: temporal signal-to-noise ratio, head motion, changes from volume to volume, runs to look at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import CHUNK, CONSTANT, trend_basis
from cogmodels.fmri.confounds import outlier_volumes
from cogmodels.fmri.masks import is_demeaned

# Median of all values that plain DVARS is scaled to (Power et al. 2012).
GRAND_MEDIAN = 1000.0
# Interquartile range of a Gaussian in standard deviations, and its standard deviation in median absolute deviations.
IQR_TO_SD, MAD_TO_SD = 1.349, 1.4826
#: Measures of a run by which it is flagged; 1 = high is bad, -1 = low is bad.
FLAGGED = {
    "mean_fd_mm": 1, "outlier_share": 1, "mean_std_dvars": 1, "median_tsnr": -1, "motion_range_mm": 1,
    "motion_range_deg": 1,
}  # fmt: skip
#: A run is flagged beyond these whatever the others are like. Mean displacement: the lenient limit of Parkes et al.
#: (2018, NeuroImage 171, 415-436); a fifth of all volumes is a limit of theirs too, for other outliers; 3 mm and 3
#: degrees are habits of the field. Temporal SNR has none: it depends on voxel size, repetition time and field strength.
RUN_LIMITS = {"mean_fd_mm": 0.55, "outlier_share": 0.2, "motion_range_mm": 3.0, "motion_range_deg": 3.0}
#: A run is flagged further than this from the median of all runs, in robust standard deviations, given so many runs.
LARGEST_Z, FEWEST_RUNS = 3.0, 5


def temporal_snr(data: np.ndarray, *, order: int = 2) -> np.ndarray:
    """Mean over standard deviation (ddof 0) of each voxel over time, after the trend is removed.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        One run before cleaning.
    order : int
        Order of the polynomial removed first; 0 = the plain ratio.

    Returns
    -------
    tsnr : (n_voxels,) float
        0 where a voxel does not vary.
    """
    data = np.asarray(data)
    if data.ndim != 2 or len(data) < order + 2:
        raise DataError(
            f"data of shape {data.shape} with a trend of order {order}",
            where="temporal SNR",
            remedy=f"Give volumes x voxels, {order + 2} volumes or more",
        )
    basis = trend_basis(len(data), order)
    tsnr = np.zeros(data.shape[1])
    for first in range(0, data.shape[1], CHUNK):
        part = np.asarray(data[:, first : first + CHUNK], dtype=np.float64)
        mean = part.mean(axis=0)
        spread = (part - basis @ (basis.T @ part)).std(axis=0)
        still = spread <= CONSTANT * np.abs(part).max(axis=0)
        tsnr[first : first + CHUNK] = np.where(still, 0.0, mean / np.where(still, 1.0, spread))
    return tsnr


@dataclass(frozen=True)
class Dvars:
    """Per volume (n_volumes,): ``plain`` (grand median 1000; NaN where the mean of the run has been removed),
    ``standardized`` by what neighbouring volumes are expected to differ by, and ``voxelwise``, where each voxel is
    standardised first. 0 for the first volume."""

    plain: np.ndarray
    standardized: np.ndarray
    voxelwise: np.ndarray


def dvars(data: np.ndarray) -> Dvars:
    """Root mean square change of all voxels from each volume to the next.

    ``plain`` is that of Power et al. (2012, NeuroImage 59, 2142-2154). ``standardized`` divides it by the mean over
    voxels of ``sd sqrt(2 (1 - rho))``, what an AR(1) series of that voxel's standard deviation and lag-1 correlation is
    expected to change by; the standard deviation is the interquartile range (lower quartiles) over 1.349 (Afyouni and
    Nichols 2018, NeuroImage 172, 291-312; the formula of nipype, which fMRIPrep prints as ``std_dvars``). 1 is what
    noise does.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        One run before cleaning. Voxels without an interquartile range are left out.

    Returns
    -------
    Dvars

    Raises
    ------
    DataError
        Fewer than 3 volumes, values that are not finite, a median of 0 or less in a run that has its mean, or no voxel
        that varies.
    """
    data = np.asarray(data)
    if data.ndim != 2 or len(data) < 3 or not data.size or not np.isfinite(data).all():
        raise DataError(
            f"data of shape {data.shape}, {int((~np.isfinite(data)).sum())} values not finite",
            where="DVARS",
            remedy="Give finite volumes x voxels, 3 volumes or more",
        )
    quartiles = np.percentile(data, [25, 75], axis=0, method="lower").astype(float)
    spread = (quartiles[1] - quartiles[0]) / IQR_TO_SD
    varies = np.flatnonzero(spread > CONSTANT * np.abs(data).max(axis=0))
    if not len(varies):
        raise DataError(
            f"none of the {data.shape[1]} voxels varies over the run", where="DVARS", remedy="Check image and mask"
        )
    median = float(np.median(data[:, varies]))
    demeaned = is_demeaned(data[:, varies])
    if not median > 0 and not demeaned:
        raise DataError(
            f"the median of all values is {median:g}", where="DVARS", remedy="Give the run as it was measured"
        )
    # What is standardised does not depend on the scale.
    scale = 1.0 if demeaned else GRAND_MEDIAN / median
    total, expected, voxelwise = np.zeros(len(data) - 1), 0.0, np.zeros(len(data) - 1)
    for first in range(0, len(varies), CHUNK):
        chosen = varies[first : first + CHUNK]
        part = data[:, chosen].astype(np.float64) * scale
        steps = np.diff(part, axis=0)
        part -= part.mean(axis=0)
        lag_one = (part[1:] * part[:-1]).sum(axis=0) / (part**2).sum(axis=0)
        usual = np.sqrt(2 * (1 - lag_one)) * spread[chosen] * scale
        total += (steps**2).sum(axis=1)
        voxelwise += ((steps / usual) ** 2).sum(axis=1)
        expected += usual.sum()
    plain = np.sqrt(total / len(varies))
    every = (plain, plain * len(varies) / expected, np.sqrt(voxelwise / len(varies)))
    found = Dvars(*(np.concatenate([[0.0], values]) for values in every))
    return replace(found, plain=np.full(len(data), np.nan)) if demeaned else found


def framewise_displacement(motion: np.ndarray, radius_mm: float = 50.0) -> np.ndarray:
    """Displacement of the head from each volume to the next.

    Sum of absolute differences of the six parameters, rotations as arcs on a sphere (Power et al. 2012, NeuroImage
    59, 2142-2154).

    Parameters
    ----------
    motion : (n_volumes, 6) float
        Translations in mm, then rotations in radians.
    radius_mm : float
        Radius of the sphere.

    Returns
    -------
    displacement : (n_volumes,) float
        mm; 0 for the first volume.

    Raises
    ------
    DataError
        Not six finite parameters a volume, or rotations that can be no radians.
    """
    motion = np.asarray(motion, dtype=float)
    if motion.ndim != 2 or motion.shape[1] != 6 or not np.isfinite(motion).all():
        raise DataError(
            f"motion of shape {motion.shape}, {int((~np.isfinite(motion)).sum())} values not finite",
            where="framewise displacement",
            remedy="Give six finite parameters a volume: translations in mm, rotations in radians",
        )
    if len(motion) and np.abs(motion[:, 3:]).max() > np.pi / 2:
        raise DataError(
            f"a rotation of {np.abs(motion[:, 3:]).max():g} is not in radians",
            where="framewise displacement",
            remedy="Convert degrees to radians, and put the translations first",
        )
    steps = np.abs(np.diff(motion, axis=0))
    displacement = np.zeros(len(motion))
    displacement[1:] = steps[:, :3].sum(axis=1) + radius_mm * steps[:, 3:].sum(axis=1)
    return displacement


def measure_run(
    data: np.ndarray, motion: np.ndarray | None = None, steady: np.ndarray | None = None
) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Quality of one run, volume by volume and as one row.

    Parameters
    ----------
    data : (n_volumes, n_voxels) float
        The run inside the mask, before smoothing and cleaning.
    motion : (n_volumes, 6) float, optional
        Translations (mm), rotations (radians). Without them nothing is known of the head: displacement and ranges are
        missing, and outliers are those of DVARS alone. Of a run whose mean has been removed (`is_demeaned`) plain DVARS
        and temporal SNR are missing.
    steady : (n_volumes,) bool, optional
        Volumes that count, by default all: the others are missing in the table, and the first that counts is compared
        with none.

    Returns
    -------
    volumes : data frame (n_volumes, 6)
        ``framewise_displacement`` (mm), ``dvars`` (grand median 1000), ``std_dvars``, ``voxelwise_std_dvars``,
        ``global_signal`` (mean over voxels), ``outlier`` (0 or 1; `cogmodels.fmri.confounds.outlier_volumes` with its
        limits).
    run : dict
        ``n_volumes``, ``n_voxels``, ``mean_fd_mm``, ``max_fd_mm``, ``outlier_share``, ``mean_std_dvars`` (both without
        the first volume), ``median_tsnr`` (trend removed), ``motion_range_mm``, ``motion_range_deg`` (largest range of
        the three translations, of the three rotations); NaN where it is not known.

    Raises
    ------
    DataError
        As `dvars` and `framewise_displacement`; other lengths than the run's.
    """
    data = np.asarray(data)
    if motion is not None and len(motion) != len(data):
        raise DataError(
            f"{len(motion)} rows of motion for {len(data)} volumes",
            where="quality of a BOLD run",
            remedy="Give one row a volume",
        )
    if steady is not None and not np.all(steady):
        kept = np.flatnonzero(steady)
        volumes, run = measure_run(data[kept], None if motion is None else np.asarray(motion)[kept])
        return volumes.set_axis(kept).reindex(range(len(data))).fillna({"outlier": 0}).astype({"outlier": int}), {
            **run, "n_volumes": len(data),
        }  # fmt: skip
    change = dvars(data)
    moved = np.full(len(data), np.nan)
    ranges = (np.nan, np.nan)
    if motion is not None:
        motion = np.asarray(motion, dtype=float)
        moved = framewise_displacement(motion)
        spans = np.ptp(motion, axis=0)
        ranges = (float(spans[:3].max()), float(np.degrees(spans[3:].max())))
    outlier = outlier_volumes(np.nan_to_num(moved), change.standardized)
    volumes = pd.DataFrame(
        {
            "framewise_displacement": moved,
            "dvars": change.plain,
            "std_dvars": change.standardized,
            "voxelwise_std_dvars": change.voxelwise,
            "global_signal": data.mean(axis=1, dtype=np.float64),
            "outlier": outlier.astype(int),
        }
    )
    run = {
        "n_volumes": len(data),
        "n_voxels": data.shape[1],
        "mean_fd_mm": float(moved[1:].mean()),
        "max_fd_mm": float(moved.max()),
        "outlier_share": float(outlier[1:].mean()),
        "mean_std_dvars": float(change.standardized[1:].mean()),
        "median_tsnr": np.nan if is_demeaned(data) else float(np.median(temporal_snr(data))),
        "motion_range_mm": ranges[0],
        "motion_range_deg": ranges[1],
    }
    return volumes, run


def flag_runs(runs: pd.DataFrame) -> pd.DataFrame:
    """Which runs of a study deserve a look before they are used; nothing is left out because of it.

    A run is flagged on a measure of `FLAGGED` beyond its limit (`RUN_LIMITS`), or where its distance from the median of
    all runs in the bad direction is above 3 robust standard deviations (1.4826 times the median absolute deviation).
    The latter needs 5 runs with a value, and that not half of all values are the same.

    Parameters
    ----------
    runs : data frame (n_runs, any)
        One row a run, with the measures of `measure_run`.

    Returns
    -------
    flagged : data frame (n_runs, any + 2)
        And ``outlier`` (0 or 1), ``outlier_measures``: those it is flagged on, with ``(limit)`` or ``(z)``; missing
        where there is none.

    Raises
    ------
    DataError
        A measure is missing.
    """
    missing = [name for name in FLAGGED if name not in runs]
    if missing:
        raise DataError(
            f"the table lacks {', '.join(missing)}", where="quality of BOLD runs", remedy="Give one row of each run"
        )
    reasons: list[list[str]] = [[] for _ in range(len(runs))]
    for name, direction in FLAGGED.items():
        values = direction * pd.to_numeric(runs[name]).to_numpy(dtype=float)
        known = values[np.isfinite(values)]
        beyond = direction * values > RUN_LIMITS.get(name, np.inf)
        far = np.zeros(len(values), dtype=bool)
        if len(known) >= FEWEST_RUNS:
            centre = np.median(known)
            spread = MAD_TO_SD * np.median(np.abs(known - centre))
            far = (values - centre > LARGEST_Z * spread) if spread > 0 else far
        for row in np.flatnonzero(beyond | far):
            reasons[row].append(f"{name} ({'limit' if beyond[row] else 'z'})")
    return runs.assign(
        outlier=[int(bool(found)) for found in reasons],
        outlier_measures=[", ".join(found) or None for found in reasons],
    )


def describe_flags() -> dict[str, Any]:
    """Sidecar of the table: what each column is, and the rule of `flag_runs` in words and numbers."""
    return {
        "recording": {"Description": "run"},
        "n_volumes": {"Description": "volumes"},
        "n_voxels": {"Description": "voxels of the mask"},
        "mean_fd_mm": {
            "Description": "mean framewise displacement (Power et al. 2012, sphere of 50 mm), first volume left out; "
            "n/a where nothing estimated the motion",
            "Units": "mm",
        },
        "max_fd_mm": {"Description": "largest framewise displacement", "Units": "mm"},
        "outlier_share": {
            "Description": "share of volumes with a framewise displacement above 0.5 mm (where known) or a "
            "standardised DVARS above 1.5"
        },
        "mean_std_dvars": {"Description": "mean standardised DVARS (1 is what noise does), first volume left out"},
        "median_tsnr": {
            "Description": "median over voxels of mean / standard deviation, quadratic trend removed; n/a where "
            "the mean of the run has been removed"
        },
        "motion_range_mm": {"Description": "largest range of the three translations", "Units": "mm"},
        "motion_range_deg": {"Description": "largest range of the three rotations", "Units": "degrees"},
        "outlier": {
            "Description": "1 where the run is flagged on any measure: it deserves a look, nothing is left out",
            "Limits": {name: f"above {limit:g}" for name, limit in RUN_LIMITS.items()},
            "RobustZ": {
                "Measures": {name: "high" if sign > 0 else "low" for name, sign in FLAGGED.items()},
                "Above": LARGEST_Z,
                "Formula": f"distance from the median over runs / ({MAD_TO_SD} x median absolute deviation), in the "
                "bad direction",
                "FewestRuns": FEWEST_RUNS,
            },
        },
        "outlier_measures": {"Description": "measures that it is flagged on, by (limit) or by (z)"},
    }
