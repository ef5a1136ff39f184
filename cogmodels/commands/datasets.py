"""Data sets that specs describe: listed, described, fetched."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from cogmodels.config.data_spec import DataSpec
from cogmodels.config.load import load_spec, spec_folder
from cogmodels.data.sources import (
    RECORD,
    SourceFile,
    fetch_source,
    read_source_record,
    write_source_record,
)
from cogmodels.errors import CogmodelsError, ConfigError

#: Specs that come with the workflow beside this package.
SHIPPED = Path(__file__).resolve().parents[2] / "data_specs"
FETCHED = ("package", "url", "files")
_NEEDS = {"none": "nothing", "package-registry": "package registry", "internet": "internet"}


def find_spec(name: str, folders: Sequence[Path]) -> tuple[DataSpec, Path]:
    """A spec and its folder; those of one's own come first.

    Raises
    ------
    ConfigError
        No such spec (the nearest name is given), or it is wrong.
    """
    folder = spec_folder(name, [*folders, SHIPPED])
    return load_spec(folder, name), folder


def list_datasets(folders: Sequence[Path], data: Path, mirror: Path | None = None) -> pd.DataFrame:
    """A row a spec.

    Parameters
    ----------
    folders : sequence of path
        Of specs of one's own, before those that are shipped.
    data : path
        Where raw data go: ``paths.data`` of the config.
    mirror : path, optional
        Folder of copies.

    Returns
    -------
    DataFrame
        name, modalities, source (kind), needs (of the network), at_hand (fetched, in the mirror, or no), title. A spec
        that is wrong has its error as title.
    """
    names = sorted({file.stem for folder in [*folders, SHIPPED] for file in Path(folder).glob("*.yaml")})
    rows = []
    for name in names:
        try:
            spec, _ = find_spec(name, folders)
        except CogmodelsError as error:
            rows.append({"name": name, "title": f"WRONG: {error}"})
            continue
        rows.append(
            {
                "name": name,
                "modalities": " ".join(spec.modalities),
                "source": spec.source.kind,
                "needs": _NEEDS[spec.network],
                "at_hand": _at_hand(spec, data, mirror),
                "title": spec.title,
            }
        )
    return pd.DataFrame(rows, columns=["name", "modalities", "source", "needs", "at_hand", "title"]).fillna("")


def describe_spec(spec: DataSpec) -> str:
    """What is in a data set, its licence and what to cite, as text."""
    licence = spec.licence
    passed_on = "copies may be passed on" if licence.redistributable else "copies may NOT be passed on"
    people = f"{len(spec.subjects)} ({', '.join(spec.subjects)})" if spec.subjects else "as the folder has them"
    lines = [
        f"{spec.name}: {spec.title}", "", *textwrap.wrap(" ".join(spec.description.split()), 100), "",
        f"modalities  {', '.join(spec.modalities)}",
        f"subjects    {people}",
        f"source      {spec.source.kind}; needs {_NEEDS[spec.network]}",
        f"licence     {licence.name}; {passed_on}" + (f" ({licence.url})" if licence.url else ""),
    ]  # fmt: skip
    lines += [f"recordings  {one.modality}: task {one.task}" for one in spec.recordings]
    return "\n".join(lines + [f"cite        {one}" for one in spec.citations])


def fetch_dataset(
    name: str, folders: Sequence[Path], data: Path, mirror: Path | None = None, *, progress: bool = True
) -> list[SourceFile]:
    """Fetch a data set's files, as the rule ``fetch_source`` does: what is there with the right digest stays.

    Raises
    ------
    ConfigError
        No such spec, or its data are simulated, drawn or read where they lie.
    DataError
        A file cannot be had, or has another digest than listed.
    """
    spec, folder = find_spec(name, folders)
    if spec.source.kind not in FETCHED:
        raise ConfigError(
            f"there is nothing to fetch: its source is of kind `{spec.source.kind}`",
            where=name,
            remedy="Run a study on it",
        )
    place = _place(name, data)
    source = spec.source.model_dump(mode="json")
    files = fetch_source(name, source, place, mirror=mirror, spec_folder=folder, progress=progress)
    write_source_record(place, files)
    return files


def _place(name: str, data: Path) -> Path:
    return Path(data) / name / "sourcedata"


def _at_hand(spec: DataSpec, data: Path, mirror: Path | None) -> str:
    if spec.source.kind == "folder":
        return "yes" if Path(spec.source.path).is_dir() else "no"
    if spec.source.kind not in FETCHED:
        return "made here"
    if (_place(spec.name, data) / RECORD).exists():
        return f"fetched ({len(read_source_record(_place(spec.name, data)))} files)"
    return "in the mirror" if mirror and (Path(mirror) / spec.name).is_dir() else "no"
