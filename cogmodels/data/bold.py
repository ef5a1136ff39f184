"""BOLD images and masks as NIfTI."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cogmodels.data.bids import find_sidecar, write_json
from cogmodels.errors import DataError
from cogmodels.files import whole


@dataclass(frozen=True)
class Bold:
    """One run: ``data`` (x, y, z, t) float32, ``affine`` (4, 4), ``repetition_time`` in s; ``timing``: what the sidecar
    says of slices that were brought to one moment (``SliceTimingCorrected``, ``StartTime`` in s)."""

    data: np.ndarray
    affine: np.ndarray
    repetition_time: float
    timing: dict[str, Any] = field(default_factory=dict)


def read_bold(path: Path, *, mask: np.ndarray | None = None) -> Bold:
    """One run; voxels inside ``mask`` (all, by default) must be finite.

    The repetition time is the sidecar's ``RepetitionTime``, else the header's fourth zoom.

    Raises
    ------
    DataError
        Missing, cut or damaged file; not four-dimensional; another grid than the mask's; voxels that are not finite;
        no repetition time.
    """
    image, data = _load(path)
    if data.ndim != 4:
        raise DataError(
            f"a run has 4 dimensions, this image has {data.ndim}", where=path, remedy="Give the BOLD series"
        )
    if mask is not None and mask.shape != data.shape[:3]:
        raise DataError(
            f"the image is {data.shape[:3]} voxels, the mask {mask.shape}",
            where=path,
            remedy="Bring all runs of a subject to one grid, or separate them by acquisition",
        )
    wrong = ~np.isfinite(data).all(axis=3)
    if mask is not None:
        wrong &= mask
    if wrong.any():
        raise DataError(
            f"{int(wrong.sum())} voxels hold values that are not finite",
            where=path,
            remedy="Mask them or repair the image",
        )
    sidecar = find_sidecar(path)
    time = sidecar.get("RepetitionTime") or _header_time(image)
    if not time or not np.isfinite(time) or time <= 0:
        raise DataError(
            "there is no repetition time",
            where=path,
            remedy="Add `RepetitionTime` (s) to the JSON file beside the image",
        )
    timing = {name: sidecar[name] for name in ("SliceTimingCorrected", "StartTime") if name in sidecar}
    return Bold(np.ascontiguousarray(data, dtype=np.float32), image.affine, float(time), timing)


def read_slice_times(path: Path, shape: tuple[int, ...]) -> tuple[np.ndarray, int]:
    """When each slice of a run of a shape is taken (n_slices,), s from the start of the volume, and the slices' axis.

    Raises
    ------
    DataError
        The sidecar lacks ``SliceTiming``, or names no axis that there is.
    """
    sidecar = find_sidecar(path)
    times, direction = sidecar.get("SliceTiming"), sidecar.get("SliceEncodingDirection", "k")
    if not times:
        raise DataError(
            "there are no slice times",
            where=path,
            remedy="Add `SliceTiming` (s) to the JSON file beside the image, or set `slice_timing: false`",
        )
    if direction.rstrip("-") not in ("i", "j", "k"):
        raise DataError(
            f"slices along `{direction}`",
            where=path,
            remedy="`SliceEncodingDirection` is i, j or k, or one of them with -",
        )
    times, axis = np.array(times, dtype=float), "ijk".index(direction[0])
    if len(times) != shape[axis]:
        raise DataError(
            f"{len(times)} slice times for {shape[axis]} slices",
            where=path,
            remedy="Correct `SliceTiming` in the JSON file",
        )
    return times[::-1] if direction.endswith("-") else times, axis


def collect_volumes(volumes: Iterable[np.ndarray], shape: tuple[int, ...]) -> np.ndarray:
    """Run (x, y, z, t) float32 from its volumes, one after the other."""
    data = np.empty(shape, dtype=np.float32)
    for number, volume in enumerate(volumes):
        data[..., number] = volume
    return data


def voxel_sizes(affine: np.ndarray) -> np.ndarray:
    """Edges (3,) of a voxel, mm."""
    return np.sqrt((np.asarray(affine)[:3, :3] ** 2).sum(axis=0))


def read_mean(paths: Iterable[Path]) -> tuple[np.ndarray, np.ndarray]:
    """Mean volume (x, y, z) over all volumes of all runs, one run in memory at a time, and its affine.

    Raises
    ------
    DataError
        There are no runs, or they differ in grid; see also :func:`read_bold`.
    """
    total, count, affine = None, 0, None
    for path in paths:
        bold = read_bold(path)
        if total is not None and total.shape != bold.data.shape[:3]:
            raise DataError(
                f"the image is {bold.data.shape[:3]} voxels, the runs before it {total.shape}",
                where=path,
                remedy="Bring all runs of a subject to one grid, or separate them by acquisition",
            )
        summed = bold.data.sum(axis=3, dtype=np.float64)
        total, affine = (summed if total is None else total + summed), bold.affine
        count += bold.data.shape[3]
    if total is None:
        raise DataError(
            "this subject has no BOLD runs", remedy="Add the runs, or name the subject in the pipeline's `exclude`"
        )
    return total / count, affine


def write_bold(
    path: Path, data: np.ndarray, affine: np.ndarray, repetition_time: float, sidecar: Mapping[str, Any] | None = None
) -> list[Path]:
    """Run (x, y, z, t) in its own dtype with a sidecar; same data, same bytes. Files written are returned."""
    import nibabel as nib

    image = nib.Nifti1Image(data, affine)
    image.header.set_xyzt_units("mm", "sec")
    image.header.set_zooms((*image.header.get_zooms()[:3], float(repetition_time)))
    with whole(path) as temporary:
        nib.save(image, temporary)
    beside = Path(path).with_name(Path(path).name.replace(".nii.gz", ".json"))
    write_json(beside, {"RepetitionTime": float(repetition_time), **(sidecar or {})})
    return [Path(path), beside]


def fill_mask(values: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Image (x, y, z, t) float32 from ``values`` (t, n_voxels) inside ``mask`` (x, y, z), zero outside."""
    image = np.zeros((*mask.shape, len(values)), dtype=np.float32)
    image[mask] = values.T
    return image


def read_mask(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mask (x, y, z) bool and affine (4, 4).

    Raises
    ------
    DataError
        Missing or damaged file, not three-dimensional, or empty.
    """
    image, data = _load(path)
    data = data[..., 0] if data.ndim == 4 and data.shape[3] == 1 else data
    if data.ndim != 3:
        raise DataError(f"a mask has 3 dimensions, this image has {data.ndim}", where=path, remedy="Give a mask image")
    mask = data > 0
    if not mask.any():
        raise DataError("the mask is empty", where=path, remedy="Check how the mask was made")
    return mask, image.affine


def write_mask(path: Path, mask: np.ndarray, affine: np.ndarray) -> None:
    """Mask (x, y, z) as NIfTI of 0 and 1."""
    import nibabel as nib

    with whole(path) as temporary:
        nib.save(nib.Nifti1Image(mask.astype(np.uint8), affine), temporary)


def _load(path: Path) -> tuple[Any, np.ndarray]:
    """Image and its values; every way in which nibabel fails becomes one error."""
    import nibabel as nib

    path = Path(path)
    if not path.exists():
        raise DataError(
            "the file does not exist",
            where=path,
            remedy="Restore it; where the pipeline made it, delete the subject's scans.tsv and run snakemake again",
        )
    try:
        image = nib.load(path)
        return image, np.asanyarray(image.dataobj)
    except (nib.filebasedimages.ImageFileError, OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(
            f"the image is damaged or cut short ({type(error).__name__}: {error})",
            where=path,
            remedy="Restore the file from its source",
        ) from None


def _header_time(image: Any) -> float | None:
    """Repetition time of the header in s, None where it gives no unit of time."""
    scale = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}.get(image.header.get_xyzt_units()[1])
    zooms = image.header.get_zooms()
    return float(zooms[3]) * scale if scale and len(zooms) > 3 else None
