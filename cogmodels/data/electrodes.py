"""Electrode positions of BIDS: ``_electrodes.tsv`` with its ``_coordsystem.json``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.data.bids import parse_name, read_json, read_tsv, write_json, write_tsv
from cogmodels.errors import DataError

if TYPE_CHECKING:
    from mne.channels import DigMontage

# Frames whose x, y, z are those of MNE's head: right, front, up, origin between the ears.
HEAD_FRAMES = ("CapTrak", "ElektaNeuromag")
_METRES = {"m": 1.0, "cm": 0.01, "mm": 0.001}


def read_positions(path: Path) -> DigMontage | None:
    """Positions (m) of the electrodes of a recording, or None where no table tells them in a frame of ``HEAD_FRAMES``.

    Raises
    ------
    DataError
        A table without the columns name, x, y, z, or a unit of length that is unknown.
    """
    import mne

    table_path = _beside(Path(path), "electrodes", ".tsv")
    system_path = _beside(Path(path), "coordsystem", ".json")
    if table_path is None or system_path is None or not table_path.stat().st_size:
        return None
    system = read_json(system_path)
    if system.get("EEGCoordinateSystem") not in HEAD_FRAMES:
        return None
    unit, table = system.get("EEGCoordinateUnits"), read_tsv(table_path)
    missing = [name for name in ("name", "x", "y", "z") if name not in table]
    if missing or unit not in _METRES:
        raise DataError(
            f"the electrodes lack column {missing[0]}" if missing else f"`EEGCoordinateUnits` is {unit}",
            where=table_path if missing else system_path,
            remedy="Give name, x, y, z, in m, cm or mm",
        )
    places = table[["x", "y", "z"]].apply(pd.to_numeric, errors="coerce").to_numpy(float) * _METRES[unit]
    known = np.isfinite(places).all(axis=1)
    positions = dict(zip(table["name"][known], places[known], strict=True))
    return mne.channels.make_dig_montage(positions, coord_frame="head") if positions else None


def write_positions(path: Path, positions: dict[str, np.ndarray], *, system: str = "ElektaNeuromag") -> list[Path]:
    """Tables of the positions (name -> (3,) m) of a recording, beside its file ``path``; the files written."""
    path = Path(path)
    stem = "_".join(part for part in path.name.split("_")[:-1] if not part.startswith(("task-", "run-")))
    table, sidecar = path.with_name(f"{stem}_electrodes.tsv"), path.with_name(f"{stem}_coordsystem.json")
    places = np.array(list(positions.values()))
    write_tsv(table, pd.DataFrame({"name": list(positions), **dict(zip("xyz", places.T, strict=True))}))
    write_json(sidecar, {"EEGCoordinateSystem": system, "EEGCoordinateUnits": "m"})
    return [table, sidecar]


def _beside(path: Path, suffix: str, extension: str) -> Path | None:
    """File of a suffix beside a recording whose entities, the space apart, are all among the recording's."""
    try:
        own = parse_name(path)
    except DataError:
        return None
    fitting = []
    for candidate in path.parent.glob(f"*_{suffix}{extension}"):
        try:
            found = parse_name(candidate)
        except DataError:
            continue
        labels = {key: value for key, value in found.items() if key not in ("suffix", "extension", "space")}
        if all(own.get(key) == value for key, value in labels.items()):
            fitting.append((len(labels), candidate.name, candidate))
    return max(fitting)[2] if fitting else None
