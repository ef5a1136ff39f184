"""Eye tracking as BIDS 1.11 `_physio` and `_physioevents`, and gaze samples as Parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import read_json, read_tsv, write_json, write_tsv
from cogmodels.errors import DataError
from cogmodels.files import whole

COORDINATES = ["timestamp", "x_coordinate", "y_coordinate"]
REQUIRED = ["SamplingFrequency", "StartTime", "PhysioType", "RecordedEye", "SampleCoordinateSystem"]
SCREEN = ["ScreenDistance", "ScreenOrigin", "ScreenResolution", "ScreenSize"]
EVENT_COLUMNS = ["onset", "duration", "trial_type", "message"]


def write_physio(
    path: Path,
    samples: pd.DataFrame,
    sidecar: Mapping[str, Any],
    *,
    events: pd.DataFrame | None = None,
    events_sidecar: Mapping[str, Any] | None = None,
) -> list[Path]:
    """One eye's samples, and the tracker's own events and messages, as BIDS wants them (BIDS 1.11.1, eyetrack).

    Parameters
    ----------
    path : path
        ``.._recording-<label>_physio.tsv.gz``; the other files lie beside it.
    samples : DataFrame
        ``timestamp``, ``x_coordinate``, ``y_coordinate`` and further columns; NaN where the eye was lost.
    sidecar : mapping
        The fields of ``REQUIRED``, and for each coordinate a mapping with ``Units``.
    events : DataFrame, optional
        ``onset`` in the unit of ``timestamp``, ``duration`` (s), ``trial_type``, ``message``.

    Returns
    -------
    list of the files written.

    Raises
    ------
    DataError
        A required column or field is missing.
    """
    path = Path(path)
    if list(samples.columns[:3]) != COORDINATES:
        raise DataError(
            f"the columns must begin with {', '.join(COORDINATES)}", where=path, remedy=f"Found {list(samples.columns)}"
        )
    _check_sidecar(sidecar, path)
    write_tsv(path, samples, header=False)
    beside = _beside(path, "_physio.json")
    write_json(beside, {**sidecar, "Columns": list(samples.columns)})
    written = [path, beside]
    if events is not None:
        table = _beside(path, "_physioevents.tsv.gz")
        write_tsv(table, events.reindex(columns=EVENT_COLUMNS), header=False)
        described = _beside(path, "_physioevents.json")
        write_json(described, {"OnsetSource": "timestamp", **(events_sidecar or {}), "Columns": EVENT_COLUMNS})
        written += [table, described]
    return written


def read_physio(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """Samples of one eye, NaN where lost, and their sidecar.

    Raises
    ------
    DataError
        Missing or damaged files, required fields that are missing, columns that are no numbers, no samples.
    """
    sidecar = read_json(_beside(path, "_physio.json"))
    _check_sidecar(sidecar, path)
    columns = sidecar.get("Columns")
    if not isinstance(columns, list) or columns[:3] != COORDINATES:
        raise DataError(
            f"`Columns` must begin with {', '.join(COORDINATES)}, found {columns}",
            where=_beside(path, "_physio.json"),
            remedy="Write the sidecar as BIDS 1.11 does",
        )
    samples = read_tsv(path, columns=columns)
    if samples.empty:
        raise DataError("there are no samples", where=path, remedy="Restore the file, or exclude the recording")
    for name in COORDINATES:
        if not pd.api.types.is_numeric_dtype(samples[name]):
            numbers = pd.to_numeric(samples[name], errors="coerce")
            wrong = numbers.isna() & samples[name].notna()
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                raise DataError(
                    f"`{samples[name].iloc[row]}` in line {row + 1}, column {name}, is no number",
                    where=path,
                    remedy="Write n/a where a sample is missing",
                )
            samples[name] = numbers
    return samples, sidecar


def read_labels(path: Path, coders: Sequence[str]) -> tuple[pd.DataFrame, float]:
    """What people labelled each sample of a gaze file, one column a coder, and the sampling rate, Hz.

    Raises
    ------
    DataError
        The file has no column ``label_<coder>``.
    """
    sidecar = read_json(_beside(path, "_physio.json"))
    samples = read_tsv(path, columns=sidecar["Columns"])
    missing = [f"label_{coder}" for coder in coders if f"label_{coder}" not in samples]
    if missing:
        raise DataError(f"there is no column `{missing[0]}`", where=path, remedy="Correct `coders` in the data spec")
    return samples[[f"label_{coder}" for coder in coders]].set_axis(list(coders), axis=1), sidecar["SamplingFrequency"]


def read_physioevents(path: Path) -> pd.DataFrame | None:
    """The tracker's own events beside a ``_physio`` file; None where there are none."""
    table = _beside(path, "_physioevents.tsv.gz")
    if not table.exists():
        return None
    return read_tsv(table, columns=read_json(_beside(path, "_physioevents.json"))["Columns"])


def read_messages(path: Path) -> pd.DataFrame:
    """Messages beside a ``_physio`` file: ``time`` (s, on the clock of the events) and ``message``.

    Raises
    ------
    DataError
        There are no events of the tracker.
    """
    events, (samples, sidecar) = read_physioevents(path), read_physio(path)
    if events is None:
        raise DataError(
            "there are no messages of the tracker beside this recording",
            where=path,
            remedy="Add `_physioevents`, or match the trials of its `_events.tsv` (`messages: []`)",
        )
    unit = {"ms": 1e-3, "us": 1e-6}.get(str((sidecar.get("timestamp") or {}).get("Units", "s")), 1.0)
    start = float(sidecar.get("StartTime") or 0.0)
    events = events[events["message"].notna()]
    time = (events["onset"].astype(float) - float(samples["timestamp"].iloc[0])) * unit + start
    return pd.DataFrame({"time": time, "message": events["message"].astype(str)}).reset_index(drop=True)


def read_triggers(path: Path, messages: list[str]) -> pd.DataFrame:
    """``time`` (gaze clock, s) and ``code`` of a recording's messages that begin so; its trials' onsets without any."""
    if not messages:
        trials = read_trials(path)
        return pd.DataFrame({"time": trials["onset"], "code": [f"trial {trial}" for trial in trials["trial"]]})
    found = read_messages(path)
    found = found[found["message"].str.split().str[0].isin(messages)]
    return found.rename(columns={"message": "code"}).sort_values("time", kind="stable", ignore_index=True)


def read_screen(path: Path) -> dict[str, Any]:
    """``StimulusPresentation`` of the ``_events.json`` that belongs to a ``_physio`` file.

    ``ScreenDistance`` and ``ScreenSize`` in m, ``ScreenResolution`` in px.

    Raises
    ------
    DataError
        The file, or a field of the screen, is missing.
    """
    beside = _events_file(path, ".json")
    screen = read_json(beside).get("StimulusPresentation") or {}
    missing = [name for name in SCREEN if name not in screen]
    if missing:
        raise DataError(
            f"`StimulusPresentation` lacks {', '.join(missing)}",
            where=beside,
            remedy="Add the geometry of the screen (BIDS eye tracking): degrees cannot be had without it",
        )
    return screen


def read_trials(path: Path) -> pd.DataFrame:
    """Trials of a gaze recording from the ``_events.tsv`` beside it: onset, duration (s), stimulus, trial, label,
    split.

    Without such a file the recording is one trial, of no stimulus.
    """
    table = _events_file(path, ".tsv")
    if not table.exists():
        return pd.DataFrame({"onset": [0.0], "duration": [np.inf], "stimulus": ["none"], "trial": [0]}).assign(
            label="none", split="none"
        )
    events = read_tsv(table)
    if "trial" in events:
        events = events[events["trial"].notna()]
    stimulus = next((events[name] for name in ("stimulus_id", "stim_file", "trial_type") if name in events), None)
    return pd.DataFrame(
        {
            "onset": pd.to_numeric(events["onset"]).to_numpy(dtype=float),
            "duration": pd.to_numeric(events["duration"]).to_numpy(dtype=float),
            "stimulus": "none" if stimulus is None else stimulus.fillna("none").astype(str).to_numpy(),
            "trial": events["trial"].to_numpy() if "trial" in events else np.arange(len(events)),
            "label": events["trial_type"].fillna("none").astype(str).to_numpy() if "trial_type" in events else "none",
            "split": events["split"].fillna("none").astype(str).to_numpy() if "split" in events else "none",
        }
    )


def write_samples(path: Path, samples: pd.DataFrame, facts: Mapping[str, Any]) -> None:
    """Processed gaze samples with what belongs to them (screen, rate, eye) in the file's metadata."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(samples, preserve_index=False)
    table = table.replace_schema_metadata({"cogmodels": json.dumps(dict(facts))})
    with whole(path) as temporary:
        pq.write_table(table, temporary, compression="zstd")


def read_samples(path: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    """What :func:`write_samples` wrote.

    Raises
    ------
    DataError
        The file is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
        facts = json.loads(table.schema.metadata[b"cogmodels"])
    except (OSError, pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise DataError(
            f"these samples cannot be read ({type(error).__name__})",
            where=path,
            remedy="Delete the file and run snakemake again",
        ) from None
    return table.to_pandas(), facts


def _beside(path: Path, tail: str) -> Path:
    path = Path(path)
    return path.with_name(path.name.replace("_physio.tsv.gz", tail))


def _events_file(path: Path, extension: str) -> Path:
    """The events that belong to a recording: the same name without the recording entity."""
    path = Path(path)
    parts = [part for part in path.name.split("_")[:-1] if not part.startswith("recording-")]
    return path.with_name("_".join(parts) + f"_events{extension}")


def _check_sidecar(sidecar: Mapping[str, Any], path: Path) -> None:
    missing = [name for name in REQUIRED if name not in sidecar]
    missing += [f"{name}.Units" for name in COORDINATES[1:] if "Units" not in (sidecar.get(name) or {})]
    if missing:
        raise DataError(
            f"the sidecar lacks {', '.join(missing)}",
            where=_beside(path, "_physio.json"),
            remedy="Add what BIDS 1.11 requires of eye tracking",
        )
    if sidecar["PhysioType"] != "eyetrack":
        raise DataError(
            f"`PhysioType` is {sidecar['PhysioType']!r}, not 'eyetrack'",
            where=path,
            remedy="Give an eye-tracking recording",
        )
