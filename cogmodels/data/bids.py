"""BIDS names, sidecars, tables and folders (BIDS 1.11)."""

from __future__ import annotations

import gzip
import io
import json
import os
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cogmodels.errors import DataError
from cogmodels.files import digest, whole

# The plan of a study reads names alone: it is made without waiting for pandas.
if TYPE_CHECKING:
    import pandas as pd

# Long name -> short key, in the order that BIDS wants.
ENTITIES = {
    "subject": "sub", "session": "ses", "task": "task", "acquisition": "acq", "ceagent": "ce", "direction": "dir",
    "reconstruction": "rec", "run": "run", "echo": "echo", "part": "part", "recording": "recording",
    "hemisphere": "hemi", "space": "space", "resolution": "res", "density": "den", "description": "desc",
}  # fmt: skip
_LONG = {short: name for name, short in ENTITIES.items()}
_MODALITY = {"bold.nii.gz": "fmri", "bold.nii": "fmri"} | {
    f"eeg.{extension}": "eeg" for extension in ("vhdr", "edf", "bdf", "set", "fif")
}
_SKIPPED = {"derivatives", "sourcedata", "stimuli", "code", "phenotype"}


def bids_name(*, suffix: str, extension: str, **entities: str | None) -> str:
    """File name such as ``sub-01_task-see_run-1_bold.nii.gz``; entities by their long names, None is left out.

    Raises
    ------
    DataError
        A label that is not letters and digits, or an entity that BIDS does not know.
    """
    parts = []
    for name in entities:
        if name not in ENTITIES:
            raise DataError(f"unknown BIDS entity `{name}`", remedy=f"Use one of {', '.join(ENTITIES)}")
    for name, short in ENTITIES.items():
        label = entities.get(name)
        if label is None:
            continue
        if not re.fullmatch(r"[A-Za-z0-9]+", str(label)):
            raise DataError(
                f"`{label}` is no BIDS label for `{name}`", remedy="Use letters and digits only, no blanks or hyphens"
            )
        parts.append(f"{short}-{label}")
    return "_".join([*parts, f"{suffix}{extension}"])


def bids_path(root: Path, datatype: str, *, suffix: str, extension: str, **entities: str | None) -> Path:
    """``root/sub-<subject>[/ses-<session>]/<datatype>/<name>``; see :func:`bids_name`."""
    folder = Path(root) / f"sub-{entities['subject']}"
    if entities.get("session"):
        folder /= f"ses-{entities['session']}"
    return folder / datatype / bids_name(suffix=suffix, extension=extension, **entities)


def parse_name(path: Path) -> dict[str, str]:
    """Entities (long names), ``suffix`` and ``extension`` of a BIDS file name.

    Raises
    ------
    DataError
        The name does not follow BIDS.
    """
    name = Path(path).name
    stem, dot, extension = name.partition(".")
    *pairs, suffix = stem.split("_")
    found = {}
    for pair in pairs:
        short, hyphen, label = pair.partition("-")
        if not hyphen or not label or short not in _LONG:
            raise DataError(
                f"`{pair}` is no BIDS entity",
                where=path,
                remedy="Name the file as BIDS does, such as sub-01_task-x_bold.nii.gz",
            )
        found[_LONG[short]] = label
    return {**found, "suffix": suffix, "extension": dot + extension}


# -- JSON and tables -------------------------------------------------------------------------------------------------


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """JSON file, two blanks deep, in the order given."""
    with whole(path) as temporary:
        text = json.dumps(content, indent=2, ensure_ascii=False, default=_plain)
        temporary.write_text(text + "\n", encoding="utf-8")


def read_json(path: Path) -> dict[str, Any]:
    """Mapping held by a JSON file.

    Raises
    ------
    DataError
        The file is missing or no JSON mapping.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _missing(path) from None
    except ValueError as error:
        raise DataError(f"this is not valid JSON ({error})", where=path, remedy="Restore or rewrite the file") from None
    if not isinstance(content, dict):
        raise DataError("a JSON mapping is expected", where=path, remedy="Restore or rewrite the file")
    return content


def write_tsv(path: Path, frame: pd.DataFrame, *, header: bool = True) -> None:
    """Tab-separated table, ``n/a`` where a value is missing; ``.gz`` is compressed, same table, same bytes."""
    text = frame.to_csv(sep="\t", index=False, header=header, na_rep="n/a", lineterminator="\n")
    _write_text(path, text)


def write_csv(path: Path, frame: pd.DataFrame) -> None:
    """Comma-separated table; empty where a value is missing."""
    _write_text(path, frame.to_csv(index=False, lineterminator="\n"))


def read_labelled(path: Path) -> pd.DataFrame:
    """Table that :func:`write_csv` wrote; names of subjects, trials, stimuli and images stay text."""
    import pandas as pd

    return pd.read_csv(path, dtype=dict.fromkeys(("subject", "trial", "stimulus", "image"), str))


def read_tsv(path: Path, columns: list[str] | None = None) -> pd.DataFrame:
    """Table of a TSV file (``.gz`` too); ``n/a`` is missing, labels such as ``01`` stay text.

    Parameters
    ----------
    columns : list of str, optional
        Names of the columns of a file without header line.

    Raises
    ------
    DataError
        The file is missing, empty, cut short or no table.
    """
    import pandas as pd

    path = Path(path)
    try:
        raw = path.read_bytes()
        text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode("utf-8-sig")
        options = {"header": None, "names": columns} if columns else {}
        frame = pd.read_csv(
            io.StringIO(text), sep="\t", na_values=["n/a"], keep_default_na=False, dtype=str, index_col=False, **options
        )
    except FileNotFoundError:
        raise _missing(path) from None
    except (OSError, EOFError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise DataError(
            f"this table cannot be read ({type(error).__name__}: {error})", where=path, remedy="Restore the file"
        ) from None
    return frame.apply(_numbers)


def read_events(path: Path, required: Iterable[str] = ("onset", "duration", "trial_type")) -> pd.DataFrame:
    """Events of a run; onset and duration (s) are finite, durations not negative.

    Raises
    ------
    DataError
        A needed column is missing, or holds what is no time.
    """
    import pandas as pd

    events = read_tsv(path)
    for name in required:
        if name not in events:
            raise DataError(
                f"the events lack column `{name}`; there are {', '.join(map(str, events.columns))}",
                where=path,
                remedy=f"Add a column `{name}` (BIDS events)",
            )
    for name in ("onset", "duration"):
        if name in required:
            values = pd.to_numeric(events[name], errors="coerce")
            wrong = ~np.isfinite(values.to_numpy(dtype=float)) | ((values < 0).to_numpy() & (name == "duration"))
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise DataError(
                    f"{name} `{events[name].iloc[row]}` in row {row + 1} is not a time in seconds",
                    where=path,
                    remedy="Correct the value or remove the row",
                )
            events[name] = values.astype(float)
    return events


def read_participants(root: Path) -> pd.DataFrame | None:
    """``participants.tsv`` of a BIDS folder, None where there is none."""
    path = Path(root) / "participants.tsv"
    return read_tsv(path) if path.exists() else None


def find_sidecar(path: Path) -> dict[str, Any]:
    """Metadata of a file by BIDS inheritance: JSON files from the root down, the nearest wins.

    Applicable are JSON files of the same suffix whose entities are all among the file's own.
    """
    path = Path(path)
    own = parse_name(path)
    folders = []
    for folder in path.parents:
        folders.append(folder)
        if (folder / "dataset_description.json").exists() or not folder.name:
            break
        if folder.name.startswith("sub-"):
            folders.append(folder.parent)
            break
    found: dict[str, Any] = {}
    for folder in reversed(folders):
        fitting = []
        for candidate in folder.glob(f"*{own['suffix']}.json"):
            try:
                entities = parse_name(candidate)
            except DataError:
                continue
            labels = {key: label for key, label in entities.items() if key != "extension"}
            if all(own.get(key) == label for key, label in labels.items()):
                fitting.append((len(labels), candidate))
        for _, candidate in sorted(fitting):
            if candidate.stat().st_size:
                found |= read_json(candidate)
    return found


# -- folders ---------------------------------------------------------------------------------------------------------


def write_scans(root: Path, subject: str, files: Iterable[Path]) -> Path:
    """``sub-<subject>_scans.tsv``: every file of the subject with its size and sha256.

    Written last, it marks the subject as whole: the workflow waits for it.
    """
    import pandas as pd

    folder = Path(root) / f"sub-{subject}"
    # The raw files only: what lies elsewhere (truth, derivatives) is no scan.
    inside = sorted(path for path in map(Path, files) if path.is_relative_to(folder))
    rows = [
        {"filename": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size, "sha256": digest(path)}
        for path in inside
    ]
    path = folder / f"sub-{subject}_scans.tsv"
    write_tsv(path, pd.DataFrame(rows, columns=["filename", "bytes", "sha256"]))
    return path


def write_description(
    root: Path,
    *,
    name: str,
    readme: str,
    authors: Iterable[str] = (),
    license: str | None = None,
    source_urls: Iterable[str] = (),
    participants: pd.DataFrame | None = None,
    participants_description: Mapping[str, Any] | None = None,
) -> list[Path]:
    """``dataset_description.json`` (last), ``participants.tsv``, ``scans.json`` and ``README.md`` of a data set."""
    from cogmodels import __version__

    root = Path(root)
    root.mkdir(parents=True, exist_ok=True)
    written = [root / "README.md", root / "scans.json"]
    _write_text(written[0], readme.rstrip() + "\n")
    write_json(
        written[1],
        {
            "filename": {"Description": "Path of the file, relative to the subject's folder"},
            "bytes": {"Description": "Size of the file", "Units": "B"},
            "sha256": {"Description": "sha256 digest of the file"},
        },
    )
    if participants is not None:
        written.append(root / "participants.tsv")
        write_tsv(written[-1], participants)
        if participants_description:
            written.append(root / "participants.json")
            write_json(written[-1], participants_description)
    description: dict[str, Any] = {"Name": name, "BIDSVersion": "1.11.1", "DatasetType": "raw"}
    if license:
        description["License"] = license
    if authors:
        description["Authors"] = list(authors)
    description["GeneratedBy"] = [{"Name": "cogmodels", "Version": __version__}]
    if source_urls:
        description["SourceDatasets"] = [{"URL": url} for url in source_urls]
    written.append(root / "dataset_description.json")
    write_json(written[-1], description)
    return written


def list_subjects(root: Path) -> list[str]:
    """Labels of the ``sub-*`` folders, sorted.

    Raises
    ------
    DataError
        The folder does not exist, or holds no subject.
    """
    root = Path(root)
    if not root.is_dir():
        raise DataError("this BIDS folder does not exist", where=root, remedy="Correct `source.path` of the data spec")
    subjects = sorted(path.name[4:] for path in root.glob("sub-*") if path.is_dir())
    if not subjects:
        raise DataError(
            "this folder holds no subject (`sub-*`)",
            where=root,
            remedy="Point `source.path` to the root of a BIDS data set",
        )
    return subjects


def discover(root: Path) -> list[dict[str, str | None]]:
    """Recordings of a BIDS folder: modality (fmri, eeg, gaze), entities, and ``path`` relative to the folder.

    Names alone are read. Physiological files count as gaze where their recording is called ``eye*``, or where their
    sidecar says ``PhysioType: eyetrack``.

    Raises
    ------
    DataError
        The folder does not exist, holds no subject, or a recording's name does not follow BIDS.
    """
    root = Path(root)
    found = []
    for subject in list_subjects(root):
        for path in sorted((root / f"sub-{subject}").rglob("*")):
            inner = path.relative_to(root)
            if any(part.startswith(".") or part in _SKIPPED for part in inner.parts):
                continue
            modality = _modality_of(path)
            if modality is None:
                continue
            entities = parse_name(path)
            if "task" not in entities:
                raise DataError("the name lacks a task entity", where=path, remedy="Name it sub-.._task-.._...")
            keys = ("subject", "session", "task", "acquisition", "run", "recording")
            found.append({"modality": modality, **{key: entities.get(key) for key in keys}, "path": inner.as_posix()})
    return found


def files_in(folder: Path) -> list[str]:
    """Names of the files that lie in a folder, in order."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_file())


def companions(path: Path, root: Path, names: Callable[[Path], list[str]] = files_in) -> list[Path]:
    """What is there that belongs to a recording: events, sidecars, channels, further parts, inherited metadata.

    ``path`` is the recording's file in the BIDS folder ``root``. Eyes of one recording share their events. ``names``
    looks into a folder; who asks for thousands of recordings gives one that remembers.
    """
    path, root = Path(path), Path(root)
    parts = [part for part in path.name.split("_")[:-1] if not part.startswith("recording-")]
    beside = [path.parent / name for name in _starting(names(path.parent), "_".join(parts) + "_")]
    task = next((part for part in parts if part.startswith("task-")), None)
    inherited = [root / name for name in _starting(names(root), f"{task}_") if name.endswith(".json")] if task else []
    return sorted({*beside, *inherited} - {path})


def _starting(names: list[str], start: str) -> Iterator[str]:
    """Those of sorted names that begin so."""
    return takewhile(lambda name: name.startswith(start), names[bisect_left(names, start) :])


def _modality_of(path: Path) -> str | None:
    tail = path.name.rsplit("_", 1)[-1]
    if tail in _MODALITY:
        return _MODALITY[tail]
    if tail != "physio.tsv.gz":
        return None
    if parse_name(path).get("recording", "").startswith("eye"):
        return "gaze"
    sidecar = path.with_name(path.name.replace(".tsv.gz", ".json"))
    tracked = sidecar.exists() and sidecar.stat().st_size and read_json(sidecar).get("PhysioType") == "eyetrack"
    return "gaze" if tracked else None


def _write_text(path: Path, text: str) -> None:
    content = text.encode()
    if Path(path).suffix == ".gz":
        content = gzip.compress(content, compresslevel=6, mtime=0)
    with whole(path) as temporary:
        temporary.write_bytes(content)


def _numbers(column: pd.Series) -> pd.Series:
    """A column of text as numbers where every value is one and none is a label with leading zeros."""
    import pandas as pd

    known = column.dropna()
    if known.empty or known.str.fullmatch(r"[+-]?0\d+").any():
        return column
    numbers = pd.to_numeric(known, errors="coerce")
    return pd.to_numeric(column) if numbers.notna().all() else column


def _missing(path: Path) -> DataError:
    return DataError(
        "the file does not exist",
        where=path,
        remedy="Restore it; where the pipeline made it, delete the subject's scans.tsv and run snakemake again",
    )


def _plain(value: Any) -> Any:
    """numpy scalars and arrays as JSON."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} does not fit into JSON")
