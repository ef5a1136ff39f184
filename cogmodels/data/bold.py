"""BOLD images and masks as NIfTI."""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cogmodels.data.bids import find_sidecar, write_json
from cogmodels.errors import DataError
from cogmodels.files import whole

# Values of the volumes that are read at once: 64 MB where nibabel scales them to float64.
SLAB = 8_000_000
# Runs whose affines differ by more than this (mm) do not lie on one grid.
GRID_TOLERANCE = 0.1


@dataclass(frozen=True)
class Bold:
    """One run: ``data`` (x, y, z, t) float32, ``affine`` (4, 4), ``repetition_time`` in s; ``timing``: what the sidecar
    says of slices that were brought to one moment (``SliceTimingCorrected``, ``StartTime`` in s)."""

    data: np.ndarray
    affine: np.ndarray
    repetition_time: float
    timing: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class MaskedBold:
    """One run inside a mask: ``data`` (n_volumes, n_voxels) float32, and the rest as `Bold`."""

    data: np.ndarray
    affine: np.ndarray
    repetition_time: float
    timing: dict[str, Any] = field(default_factory=dict)


class StoredRun:
    """A run (n_volumes, n_voxels) float32 in a file, voxel after voxel: ``run[:, a:b]`` reads some voxels, ``asarray``
    all. Nothing of it stays in memory."""

    ndim = 2

    def __init__(self, path: Path, data: np.ndarray) -> None:
        self.path, self.shape = Path(path), data.shape
        np.ascontiguousarray(data.T, dtype=np.float32).tofile(self.path)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: tuple[slice, slice]) -> np.ndarray:
        rows, columns = key
        first, stop, step = columns.indices(self.shape[1])
        count = max(stop - first, 0) * self.shape[0]
        values = np.fromfile(self.path, np.float32, count, offset=4 * first * self.shape[0])
        return values.reshape(-1, self.shape[0])[::step].T[rows]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        values = self[:, :]
        return values if dtype is None else values.astype(dtype)


def read_bold(path: Path, *, mask: np.ndarray | None = None) -> Bold:
    """One run; voxels inside ``mask`` (all, by default) must be finite.

    The repetition time is the sidecar's ``RepetitionTime``, else the header's fourth zoom.

    Raises
    ------
    DataError
        Missing, cut or damaged file; not four-dimensional; another grid than the mask's; voxels that are not finite;
        no repetition time.
    """
    image, data = load_image(path)
    _check_shape(path, data.shape, mask)
    wrong = ~np.isfinite(data).all(axis=3)
    if mask is not None:
        wrong &= mask
    _check_finite(path, int(wrong.sum()))
    return Bold(np.ascontiguousarray(data, dtype=np.float32), image.affine, *_timing(path, image))


def read_masked(path: Path, mask: np.ndarray) -> MaskedBold:
    """One run inside ``mask`` (x, y, z), a few volumes at a time: the whole image is never in memory.

    Raises
    ------
    DataError
        As `read_bold`.
    """
    path, mask = Path(path), np.asarray(mask, dtype=bool)
    with _opened(path) as image:
        _check_shape(path, image.shape, mask)
        values = np.empty((int(mask.sum()), image.shape[3]), dtype=np.float32)
        step = max(1, SLAB // mask.size)
        for first in range(0, image.shape[3], step):
            values[:, first : first + step] = np.asanyarray(image.dataobj[..., first : first + step])[mask]
    _check_finite(path, int((~np.isfinite(values)).any(axis=1).sum()))
    return MaskedBold(values.T, image.affine, *_timing(path, image))


@contextmanager
def stored_runs(
    paths: Iterable[Path], mask: np.ndarray, folder: Path
) -> Iterator[tuple[list[StoredRun], list[tuple[float, float]]]]:
    """Runs inside ``mask`` in temporary files in ``folder``, which vanish with the block, and of each run its
    repetition time and the moment of a volume that slices were brought to, s. One run is in memory at a time.

    Raises
    ------
    DataError
        As `read_bold`.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".runs-", dir=folder) as place:
        runs, timing = [], []
        for number, path in enumerate(paths):
            bold = read_masked(path, mask)
            runs.append(StoredRun(Path(place) / f"{number}.float32", bold.data))
            timing.append((bold.repetition_time, bold.timing.get("StartTime", 0.0)))
            del bold
        yield runs, timing


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
        if affine is not None and not np.allclose(bold.affine, affine, atol=GRID_TOLERANCE):
            raise DataError(
                f"the image lies elsewhere than the runs before it (affines differ by up to "
                f"{np.abs(bold.affine - affine).max():.3g} mm)",
                where=path,
                remedy="Bring all runs of a subject to one grid (fMRIPrep's `space`), or separate them by acquisition",
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

    image = _image(data, affine)
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
    image, data = load_image(path)
    data = data[..., 0] if data.ndim == 4 and data.shape[3] == 1 else data
    if data.ndim != 3:
        raise DataError(f"a mask has 3 dimensions, this image has {data.ndim}", where=path, remedy="Give a mask image")
    mask = data > 0
    if not mask.any():
        raise DataError("the mask is empty", where=path, remedy="Check how the mask was made")
    return mask, image.affine


def write_map(
    path: Path, values: np.ndarray, mask: np.ndarray, affine: np.ndarray, sidecar: Mapping[str, Any]
) -> list[Path]:
    """Map of ``values`` (n_voxels,) inside ``mask`` (x, y, z), float32, 0 outside, with a sidecar; files made."""
    import nibabel as nib

    image = fill_mask(np.asarray(values)[None], mask)[..., 0]
    with whole(path) as temporary:
        nib.save(nib.Nifti1Image(image, affine), temporary)
    beside = Path(path).with_name(Path(path).name.replace(".nii.gz", ".json"))
    write_json(beside, sidecar)
    return [Path(path), beside]


def read_map(path: Path) -> np.ndarray:
    """Values (x, y, z) of a map.

    Raises
    ------
    DataError
        Missing or damaged file, or not three-dimensional.
    """
    _, data = load_image(path)
    if data.ndim != 3:
        raise DataError(f"a map has 3 dimensions, this image has {data.ndim}", where=path, remedy="Give a map")
    return data


def write_mask(path: Path, mask: np.ndarray, affine: np.ndarray) -> None:
    """Mask (x, y, z) as NIfTI of 0 and 1."""
    import nibabel as nib

    with whole(path) as temporary:
        nib.save(_image(mask.astype(np.uint8), affine), temporary)


def _image(data: np.ndarray, affine: np.ndarray) -> Any:
    """NIfTI, of the second kind where an edge is longer than the first can say (places of a surface)."""
    import nibabel as nib

    return (nib.Nifti1Image if max(data.shape) < 2**15 else nib.Nifti2Image)(data, affine)


def load_image(path: Path) -> tuple[Any, np.ndarray]:
    """Image and its values."""
    with _opened(path) as image:
        return image, np.asanyarray(image.dataobj)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    """Image of a file that stays open; every way in which nibabel fails becomes one error."""
    import nibabel as nib

    path = Path(path)
    if not path.exists():
        raise DataError(
            "the file does not exist",
            where=path,
            remedy="Restore it; where the pipeline made it, delete the subject's scans.tsv and run snakemake again",
        )
    try:
        # Compressed files are read on from where the last volumes ended.
        yield nib.load(path, keep_file_open=True)
    except (nib.filebasedimages.ImageFileError, OSError, EOFError, ValueError, zlib.error) as error:
        raise DataError(
            f"the image is damaged or cut short ({type(error).__name__}: {error})",
            where=path,
            remedy="Restore the file from its source",
        ) from None


def _check_shape(path: Path, shape: tuple[int, ...], mask: np.ndarray | None) -> None:
    if len(shape) != 4:
        raise DataError(
            f"a run has 4 dimensions, this image has {len(shape)}", where=path, remedy="Give the BOLD series"
        )
    if mask is not None and mask.shape != shape[:3]:
        raise DataError(
            f"the image is {shape[:3]} voxels, the mask {mask.shape}",
            where=path,
            remedy="Bring all runs of a subject to one grid, or separate them by acquisition",
        )


def _check_finite(path: Path, wrong: int) -> None:
    if wrong:
        raise DataError(
            f"{wrong} voxels hold values that are not finite", where=path, remedy="Mask them or repair the image"
        )


def _timing(path: Path, image: Any) -> tuple[float, dict[str, Any]]:
    """Repetition time, s, and what is said of slices that were brought to one moment."""
    sidecar = find_sidecar(path)
    time = sidecar.get("RepetitionTime") or _header_time(image)
    if not time or not np.isfinite(time) or time <= 0:
        raise DataError(
            "there is no repetition time",
            where=path,
            remedy="Add `RepetitionTime` (s) to the JSON file beside the image",
        )
    timing = {name: sidecar[name] for name in ("SliceTimingCorrected", "StartTime") if name in sidecar}
    return float(time), timing


def _header_time(image: Any) -> float | None:
    """Repetition time of the header in s, None where it gives no unit of time."""
    scale = {"sec": 1.0, "msec": 1e-3, "usec": 1e-6}.get(image.header.get_xyzt_units()[1])
    zooms = image.header.get_zooms()
    return float(zooms[3]) * scale if scale and len(zooms) > 3 else None
