"""Derivatives of fMRIPrep: which runs there are, their series (volumes, surfaces, grayordinates) and confounds.

Volumes in any space, masks and confounds of fMRIPrep 1.2 and later by their BIDS names; confounds tables of 1.0 and 1.1
too, whose columns are renamed.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError

import numpy as np

from cogmodels.data.bids import find_sidecar, parse_name, read_tsv
from cogmodels.errors import DataError

# As in `bids`: the plan of a study does not wait for pandas.
if TYPE_CHECKING:
    import pandas as pd

# Columns of fMRIPrep 1.0 and 1.1 -> those since.
_RENAMED = {
    "CSF": "csf", "WhiteMatter": "white_matter", "GlobalSignal": "global_signal", "stdDVARS": "std_dvars",
    "non-stdDVARS": "dvars", "vx-wisestdDVARS": "voxelwise_std_dvars",
    "FramewiseDisplacement": "framewise_displacement",
    "X": "trans_x", "Y": "trans_y", "Z": "trans_z", "RotX": "rot_x", "RotY": "rot_y", "RotZ": "rot_z",
}  # fmt: skip
_NUMBERED = (
    (r"tCompCor(\d+)", "t_comp_cor_{:02d}"), (r"aCompCor(\d+)", "a_comp_cor_{:02d}"), (r"Cosine(\d+)", "cosine{:02d}"),
    (r"NonSteadyState(?:Outlier)?(\d+)", "non_steady_state_outlier{:02d}"),
    (r"AROMAAggrComp(\d+)", "aroma_motion_{:02d}"),
)  # fmt: skip
# Columns that a volume has by comparison with the one before it: their first value is missing.
_CHANGES = r"(.*_derivative1(_power2)?|framewise_displacement|rmsd|dvars|std_dvars|voxelwise_std_dvars)"
_SERIES = {".nii.gz": "bold", ".nii": "bold", ".dtseries.nii": "bold", ".func.gii": "bold"}


@dataclass(frozen=True)
class PreparedRun:
    """One run in one space: ``series``, ``confounds`` and, of volumes, ``mask``; ``entities`` by long names. The two
    hemispheres of a surface are two of these, which `choose_prepared` makes one: ``right`` is the other's series."""

    series: Path
    mask: Path | None
    confounds: Path
    entities: dict[str, str]
    right: Path | None = None

    @property
    def files(self) -> list[Path]:
        """Its series, or those of both hemispheres."""
        return [self.series] if self.right is None else [self.series, self.right]


@dataclass(frozen=True)
class Series:
    """``data`` (n_volumes, n_places) float32; ``repetition_time`` in s; ``structures``: for each stretch of columns its
    name and slice, such as ``CIFTI_STRUCTURE_CORTEX_LEFT``."""

    data: np.ndarray
    repetition_time: float
    structures: list[tuple[str, slice]]


def find_prepared_runs(
    root: Path, subject: str, *, task: str | None = None, space: str | None = None
) -> list[PreparedRun]:
    """Runs that fMRIPrep prepared of a subject, by names alone.

    Parameters
    ----------
    root : Path
        The derivatives folder, which holds ``sub-<subject>``.
    subject : str
        Label, without ``sub-``.
    task, space : str, optional
        Only these; the space ``func`` is that of the run itself, whose files name none.

    Raises
    ------
    DataError
        No such run (the spaces that there are, are named), or a run without confounds, or a volume without a mask.
    """
    folder = Path(root) / f"sub-{subject}"
    candidates = []
    for path in sorted(folder.rglob("func/*")):
        extension = path.name[len(path.name.split(".")[0]) :]
        if extension not in _SERIES or "_bold." not in path.name:
            continue
        entities = parse_name(path)
        # Surfaces carry no description in all versions.
        if extension in (".nii.gz", ".nii") and entities.get("description") != "preproc":
            continue
        candidates.append((path, entities))
    chosen = [
        (path, entities)
        for path, entities in candidates
        if (task is None or entities.get("task") == task) and (space is None or entities.get("space", "func") == space)
    ]
    if not chosen:
        spaces = sorted({entities.get("space", "func") for _, entities in candidates})
        raise DataError(
            f"no prepared run of sub-{subject}{f', task {task}' if task else ''}{f', space {space}' if space else ''}; "
            f"spaces that are there: {', '.join(spaces) or 'none'}",
            where=folder,
            remedy="Correct `task` or `space`, or run fMRIPrep with `--output-spaces`",
        )
    return [_prepared(path, entities) for path, entities in chosen]


def choose_prepared(fitting: Sequence[PreparedRun], stem: str, where: str) -> PreparedRun:
    """The one series of a run among those in all spaces: volumes first, then grayordinates, then both hemispheres.

    Raises
    ------
    DataError
        There is none, more than one (the spaces are named), or one hemisphere alone.
    """
    kinds = {
        "volumes": [run for run in fitting if run.mask is not None],
        "grayordinates": [run for run in fitting if run.series.name.endswith(".dtseries.nii")],
        "surfaces": [run for run in fitting if run.series.name.endswith(".func.gii")],
    }
    kind = next((name for name, runs in kinds.items() if runs), "volumes")
    found = kinds[kind]
    if kind == "surfaces":
        sides = {side: [run for run in found if f"_hemi-{side}_" in run.series.name] for side in "LR"}
        if len(sides["L"]) == len(sides["R"]) == 1 and len({run.entities["space"] for run in found}) == 1:
            return replace(sides["L"][0], right=sides["R"][0].series)
    elif len(found) == 1:
        return found[0]
    spaces = ", ".join(sorted({run.entities["space"] for run in found})) or "none"
    raise DataError(
        f"`{stem}` has {len(found)} prepared {kind} (in: {spaces})",
        where=where,
        remedy="Choose one `space` that holds one volume, one file of grayordinates or a left and a right hemisphere; "
        "or `exclude` the subject",
    )


def read_confounds(path: Path) -> pd.DataFrame:
    """Confounds of a run under today's names, all numbers.

    ``n/a`` in the first row of columns that compare a volume with the one before it (derivatives, displacement, DVARS)
    is 0. Other missing values stay NaN, for the columns that are chosen to be judged by.

    Raises
    ------
    DataError
        No such table, or a column that is not numbers.
    """
    import pandas as pd

    table = read_tsv(path).rename(columns=modern_name)
    for name in table:
        values = pd.to_numeric(table[name], errors="coerce")
        wrong = values.isna() & table[name].notna()
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            raise DataError(
                f"`{table[name].iloc[row]}` in column `{name}`, row {row + 1}, is no number",
                where=path,
                remedy="Restore the table",
            )
        table[name] = values.astype(float)
        if len(values) and np.isnan(table[name].iloc[0]) and re.fullmatch(_CHANGES, name):
            table.loc[0, name] = 0.0
    return table


def modern_name(name: str) -> str:
    """Column of a confounds table under the name that it has since fMRIPrep 1.2."""
    if name in _RENAMED:
        return _RENAMED[name]
    for pattern, form in _NUMBERED:
        match = re.fullmatch(pattern, name)
        if match:
            return form.format(int(match[1]))
    return name


def read_series(path: Path) -> Series:
    """Series of a surface (GIFTI, one hemisphere) or of grayordinates (CIFTI dense series).

    Volumes are read by `cogmodels.data.bold.read_bold`.

    Raises
    ------
    DataError
        A file that is missing, damaged or holds no series, or without repetition time.
    """
    import nibabel as nib

    path = Path(path)
    if not path.exists():
        raise DataError("the file does not exist", where=path, remedy="Restore it from the derivatives")
    try:
        image = nib.load(path)
        if isinstance(image, nib.Cifti2Image):
            data, structures, time = _grayordinates(image)
        elif isinstance(image, nib.GiftiImage):
            data, structures, time = _surface(image)
        else:
            raise DataError("this is neither GIFTI nor CIFTI", where=path, remedy="Read volumes with `read_bold`")
    except (nib.filebasedimages.ImageFileError, OSError, EOFError, ValueError, zlib.error, ExpatError) as error:
        raise DataError(
            f"the image is damaged or cut short ({type(error).__name__}: {error})",
            where=path,
            remedy="Restore the file from the derivatives",
        ) from None
    if data is None:
        raise DataError("this file holds no series", where=path, remedy="Give a dense series or a functional surface")
    time = find_sidecar(path).get("RepetitionTime") or time
    if not time or not np.isfinite(time) or time <= 0:
        raise DataError(
            "there is no repetition time",
            where=path,
            remedy="Add `RepetitionTime` (s) to the JSON file beside the image",
        )
    return Series(np.ascontiguousarray(data, dtype=np.float32), float(time), structures)


def _grayordinates(image):
    axes = [image.header.get_axis(number) for number in range(2)]
    if not hasattr(axes[0], "step") or not hasattr(axes[1], "iter_structures"):
        return None, [], None
    structures = [(name, _closed(part, len(axes[1]))) for name, part, _ in axes[1].iter_structures()]
    scale = {"SECOND": 1.0}.get(axes[0].unit)
    return np.asanyarray(image.dataobj), structures, axes[0].step * scale if scale else None


def _surface(image):
    arrays = [array.data for array in image.darrays if array.data.ndim == 1]
    if len(arrays) < 2 or len({len(array) for array in arrays}) > 1:
        return None, [], None
    # GIFTI gives the step in ms, where it gives one.
    step = next((array.meta.get("TimeStep") for array in image.darrays if array.meta.get("TimeStep")), None)
    structure = image.meta.get("AnatomicalStructurePrimary", "surface")
    return np.stack(arrays), [(structure, slice(0, len(arrays[0])))], float(step) / 1000 if step else None


def _closed(part, count):
    return slice(part.start or 0, count if part.stop is None else part.stop)


def _prepared(path, entities):
    """The files that belong to a series."""
    # Confounds belong to the run, whatever the space.
    own = {
        k: v for k, v in entities.items() if k not in ("space", "resolution", "density", "hemisphere", "description")
    }
    labels = path.name.split("_")
    stem = "_".join(p for p in labels[:-1] if p.split("-")[0] not in ("space", "res", "den", "hemi", "desc"))
    tables = [path.with_name(f"{stem}_desc-confounds_{kind}.tsv") for kind in ("timeseries", "regressors")]
    confounds = next((table for table in tables if table.exists()), None)
    if confounds is None:
        raise DataError(
            "this run has no confounds",
            where=path,
            remedy=f"Restore {tables[0].name} from the derivatives",
        )
    mask = None
    if entities["extension"] in (".nii.gz", ".nii"):
        mask = path.with_name(path.name.replace("_desc-preproc_bold", "_desc-brain_mask"))
        if not mask.exists():
            raise DataError(
                "this run has no brain mask", where=path, remedy=f"Restore {mask.name} from the derivatives"
            )
    del own["suffix"], own["extension"]
    return PreparedRun(path, mask, confounds, own | {"space": entities.get("space", "func")})
