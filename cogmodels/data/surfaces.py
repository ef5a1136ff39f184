"""Surfaces and grayordinates as images of n x 1 x 1 places, which every step after reads as it reads volumes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from cogmodels.data.bids import find_sidecar
from cogmodels.data.bold import write_bold, write_mask
from cogmodels.data.fmriprep import Series, read_series
from cogmodels.errors import DataError


def gather_series(paths: Sequence[Path]) -> tuple[Series, np.ndarray]:
    """One series of the grayordinates, or of the left and right surface, of a run, and which places (n_places,) are
    finite at all times; the others (the medial wall, where fMRIPrep was asked for it) become 0.

    Raises
    ------
    DataError
        As `read_series`; hemispheres that differ in length or repetition time.
    """
    parts = [read_series(Path(path)) for path in paths]
    kinds = {(len(part.data), part.repetition_time) for part in parts}
    if len(kinds) != 1:
        said = " and ".join(f"{length} volumes of {time:g} s" for length, time in sorted(kinds))
        raise DataError(f"the hemispheres differ: {said}", where=paths[-1], remedy="Restore them from the derivatives")
    data = np.hstack([part.data for part in parts])
    known = np.isfinite(data).all(axis=0)
    data[:, ~known] = 0
    structures, start = [], 0
    for part in parts:
        structures += [(name, slice(start + s.start, start + s.stop)) for name, s in part.structures]
        start += part.data.shape[1]
    return Series(data, parts[0].repetition_time, structures), known


def write_places(path: Path, mask: Path, series: Series, known: np.ndarray, source: Path) -> None:
    """Series as an image (n_places, 1, 1, n_volumes), as FreeSurfer keeps surfaces in NIfTI, and the mask of those that
    are known; the sidecar says which stretch of places is which structure, and of the moment of a volume what that of
    ``source`` says."""
    about = {
        name: value for name, value in find_sidecar(source).items() if name in ("SliceTimingCorrected", "StartTime")
    }
    about["Structures"] = {name: [part.start, part.stop] for name, part in series.structures}
    write_mask(mask, known[:, None, None], np.eye(4))
    write_bold(path, series.data.T[:, None, None], np.eye(4), series.repetition_time, about)
