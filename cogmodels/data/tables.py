"""The three tables that cross from preprocessing to models: Responses, Fixations, Features."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.files import whole

TRIAL_COLUMNS = ["subject", "session", "run", "trial", "stimulus", "label", "split"]
FIXATION_COLUMNS = ["subject", "trial", "stimulus", "index", "onset", "duration", "x", "y", "target", "found"]
SPLITS = ("train", "test", "none")
_REMAKE = "Delete the file and run snakemake again"


@dataclass(frozen=True)
class EpochAxes:
    """What the features of responses cut from epochs are: each channel's samples, one channel after the other.

    ``channels`` and their ``types`` (n_channels,): ``eeg``, ``eog``, ...; ``times`` (n_times,): s after the event.
    """

    channels: list[str]
    types: list[str]
    times: list[float]


@dataclass(frozen=True)
class Responses:
    """One row a trial: ``trials`` with the columns of ``TRIAL_COLUMNS``, ``values`` (n_trials, n_features) float32.

    ``axes`` where the features are the samples of epochs.
    """

    trials: pd.DataFrame
    values: np.ndarray
    axes: EpochAxes | None = None


@dataclass(frozen=True)
class Features:
    """One row a stimulus: names (n_stimuli,) and ``values`` (n_stimuli, d) float32 of one named feature."""

    name: str
    stimuli: list[str]
    values: np.ndarray


def trials_of_events(
    events: pd.DataFrame, subject: str, session: str | None = None, run: str | None = None
) -> pd.DataFrame:
    """Trials (columns of ``TRIAL_COLUMNS``) of a run's events, in order of onset.

    ``trial_type`` becomes the label; ``stimulus_id`` or ``stim_file`` the stimulus, else the label stands for it;
    ``split`` is taken where the events have it; trials are counted from 0 where they have no ``trial``.
    """
    stimulus = next((events[name] for name in ("stimulus_id", "stim_file", "trial_type") if name in events), None)
    if stimulus is None:
        raise DataError(
            "the events name neither stimulus nor condition",
            where=f"subject {subject}, run {run}",
            remedy="Add a column `trial_type` or `stimulus_id`",
        )
    label = events.get("trial_type", stimulus)
    return pd.DataFrame(
        {
            "subject": subject,
            "session": session,
            "run": run or "1",
            "trial": events["trial"].to_numpy() if "trial" in events else np.arange(len(events)),
            "stimulus": stimulus.astype(str).to_numpy(),
            "label": label.astype(str).to_numpy(),
            "split": events["split"].fillna("none").astype(str).to_numpy() if "split" in events else "none",
        }
    )[TRIAL_COLUMNS]


def collect_responses(parts: Iterable[tuple[pd.DataFrame, np.ndarray]], axes: EpochAxes | None = None) -> Responses:
    """Trials and values of several runs as one checked table; ``axes`` of its features where they come from epochs.

    Raises
    ------
    DataError
        See :func:`check_responses`; also where runs differ in the number of features, or there are none.
    """
    parts = list(parts)
    if not parts:
        raise DataError("there are no runs to take responses from", remedy="Check the subject's recordings and events")
    widths = {values.shape[1] for _, values in parts}
    if len(widths) > 1:
        raise DataError(
            f"runs have different numbers of features: {sorted(widths)}",
            where=f"subject {parts[0][0]['subject'].iloc[0]}",
            remedy="Use one mask or one set of channels for all runs",
        )
    trials = pd.concat([trials[TRIAL_COLUMNS] for trials, _ in parts], ignore_index=True)
    responses = Responses(trials, np.concatenate([values for _, values in parts]).astype(np.float32), axes)
    check_responses(responses)
    return responses


def check_responses(responses: Responses, where: object = None) -> None:
    """Refuse a Responses table that a model should not see.

    Raises
    ------
    DataError
        Missing columns, unknown splits, trials that come twice, lengths that differ, values that are not finite.
    """
    trials, values = responses.trials, responses.values
    _need(trials, TRIAL_COLUMNS, where)
    where = where or f"responses of subject {', '.join(map(str, trials['subject'].unique()))}"
    if values.ndim != 2 or len(values) != len(trials):
        raise DataError(f"{len(trials)} trials but values of shape {values.shape}", where=where, remedy=_REMAKE)
    if not len(trials):
        raise DataError("there are no trials", where=where, remedy="Check the events of the subject")
    unknown = set(trials["split"]) - set(SPLITS)
    if unknown:
        raise DataError(
            f"split `{sorted(map(str, unknown))[0]}` is unknown", where=where, remedy="Use train, test or none"
        )
    axes = responses.axes
    if axes is not None and len(axes.channels) * len(axes.times) != values.shape[1]:
        raise DataError(
            f"{len(axes.channels)} channels x {len(axes.times)} times but {values.shape[1]} features",
            where=where,
            remedy=_REMAKE,
        )
    twice = trials.duplicated(["subject", "session", "run", "trial"])
    if twice.any():
        row = trials[twice].iloc[0]
        raise DataError(
            f"trial {row['trial']} of run {row['run']} comes twice", where=where, remedy="Number the trials of each run"
        )
    wrong = ~np.isfinite(values).all(axis=1)
    if wrong.any():
        row = trials[wrong].iloc[0]
        raise DataError(
            f"{int(wrong.sum())} trials hold values that are not finite "
            f"(first: run {row['run']}, trial {row['trial']})",
            where=where,
            remedy="Check the recording, or leave the trials out of the events",
        )


def write_responses(path: Path, responses: Responses) -> None:
    """Write a checked Responses table; same table, same bytes."""
    check_responses(responses)
    known = None if responses.axes is None else {"axes": json.dumps(asdict(responses.axes))}
    _write(path, responses.trials, "response", responses.values, known)


def read_responses(path: Path) -> Responses:
    """Checked Responses table of one subject.

    Raises
    ------
    DataError
        The file is missing, damaged, or holds what :func:`check_responses` refuses.
    """
    import pyarrow.parquet as pq

    trials, values = _read(path, "response")
    known = (pq.read_schema(path).metadata or {}).get(b"axes")
    axes = EpochAxes(**json.loads(known)) if known else None
    responses = Responses(trials, values.astype(np.float32, copy=False), axes)
    check_responses(responses, path)
    return responses


def map_responses(path: Path, folder: Path) -> Responses:
    """A Responses table whose values stay on disk: copied a piece at a time to ``folder``, and mapped from there, in
    the precision of the file (float32 or float16).

    Raises
    ------
    DataError
        As :func:`read_responses`.
    """
    import pyarrow.parquet as pq

    # Refuses what is no table.
    _table(path, [])
    source, place = pq.ParquetFile(path), Path(folder) / f"{Path(path).stem}.npy"
    names = source.schema_arrow.names
    if "response" not in names:
        raise DataError(f"column `response` is missing; there are {', '.join(names)}", where=path, remedy=_REMAKE)
    kind = source.schema_arrow.field("response").type
    width, precision = kind.list_size, kind.value_type.to_pandas_dtype()
    trials = source.read([name for name in names if name != "response"]).to_pandas()
    place.parent.mkdir(parents=True, exist_ok=True)
    with whole(place) as temporary:
        values = np.lib.format.open_memmap(temporary, "w+", np.dtype(precision), (len(trials), width))
        done = 0
        for batch in source.iter_batches(1024, columns=["response"]):
            piece = batch.column(0).flatten().to_numpy(zero_copy_only=False).reshape(-1, width)
            check_responses(Responses(trials.iloc[done : done + len(piece)], piece), path)
            values[done : done + len(piece)] = piece
            done += len(piece)
        values.flush()
    check_responses(Responses(trials, np.zeros((len(trials), 0))), path)
    return Responses(trials, np.load(place, mmap_mode="r", allow_pickle=False))


def write_features(path: Path, features: Features) -> None:
    """Write a Features table; same table, same bytes."""
    frame = pd.DataFrame({"stimulus": features.stimuli})
    if frame["stimulus"].duplicated().any() or len(frame) != len(features.values):
        raise DataError(
            f"{len(features.values)} feature vectors for {frame['stimulus'].nunique()} stimuli",
            where=f"features {features.name}",
            remedy="Give one vector a stimulus",
        )
    if not np.isfinite(features.values).all():
        raise DataError("values are not finite", where=f"features {features.name}", remedy="Check the backbone")
    _write(path, frame, "feature", np.asarray(features.values, dtype=np.float32), {"name": features.name})


def read_features(path: Path) -> Features:
    """Features table.

    Raises
    ------
    DataError
        The file is missing or damaged.
    """
    frame, values = _read(path, "feature")
    _need(frame, ["stimulus"], path)
    return Features(Path(path).stem, list(frame["stimulus"]), values)


def write_fixations(path: Path, fixations: pd.DataFrame) -> None:
    """Write a checked Fixations table; same table, same bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    check_fixations(fixations)
    with whole(path) as temporary:
        table = pa.Table.from_pandas(typed_columns(fixations[FIXATION_COLUMNS]), preserve_index=False)
        pq.write_table(table.replace_schema_metadata(), temporary, compression="zstd")


def read_fixations(path: Path) -> pd.DataFrame:
    """Checked Fixations table: one row a fixation, columns of ``FIXATION_COLUMNS``.

    Times in s from the start of the trial (NaN where not published), x and y in px of the stimulus (right, down, origin
    top left, 0-based).

    Raises
    ------
    DataError
        The file is missing, damaged, or holds what :func:`check_fixations` refuses.
    """
    fixations = _table(path).to_pandas()
    check_fixations(fixations, path)
    return fixations


def scanpath_fixations(table: pd.DataFrame, subject: str) -> pd.DataFrame:
    """Fixations of one person's published scanpaths, as :func:`~cogmodels.data.bids.read_tsv` reads them.

    ``target`` and ``found`` belong to searches; of others they are missing.
    """
    found = table.assign(subject=subject)
    for name in ("onset", "duration", "x", "y"):
        if name in found:
            found[name] = pd.to_numeric(found[name])
    if "found" in found:
        found["found"] = found["found"].astype(str).str.lower().eq("true")
    for name in ("target", "found"):
        if name not in found:
            found[name] = None
    return found


def check_fixations(fixations: pd.DataFrame, where: object = "fixations") -> None:
    """Refuse a Fixations table that a metric should not see.

    Raises
    ------
    DataError
        Missing columns; positions that are not finite; durations that are not positive and finite, unless they are
        unknown (NaN) of all fixations; indices that are not 0, 1, 2, ...
    """
    _need(fixations, FIXATION_COLUMNS, where)
    values = fixations[["duration", "x", "y"]].to_numpy(dtype=float)
    # Some published scanpaths have no durations at all; one that lacks among others is an error.
    known = values if np.isfinite(values[:, 0]).any() else values[:, 1:]
    wrong = ~np.isfinite(known).all(axis=1) | (values[:, 0] <= 0)
    if wrong.any():
        row = fixations[wrong].iloc[0]
        raise DataError(
            f"fixation {row['index']} of trial {row['trial']} has duration {row['duration']} "
            f"at ({row['x']}, {row['y']})",
            where=f"{where}, subject {row['subject']}",
            remedy="Leave such fixations out",
        )
    order = fixations.groupby(["subject", "trial", "stimulus"], sort=False, dropna=False).cumcount()
    wrong = fixations["index"].to_numpy() != order.to_numpy()
    if wrong.any():
        row = fixations[wrong].iloc[0]
        raise DataError(
            f"fixations of trial {row['trial']} are not numbered 0, 1, 2, ... (found {row['index']})",
            where=f"{where}, subject {row['subject']}",
            remedy="Number the fixations of each trial in order",
        )


def _write(
    path: Path, frame: pd.DataFrame, column: str, values: np.ndarray, metadata: dict[str, str] | None = None
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pandas(typed_columns(frame), preserve_index=False).replace_schema_metadata(metadata)
    vectors = pa.FixedSizeListArray.from_arrays(
        pa.array(np.ascontiguousarray(values, dtype=np.float32).ravel()), values.shape[1]
    )
    with whole(path) as temporary:
        pq.write_table(table.append_column(column, vectors), temporary, compression="zstd")


def _read(path: Path, column: str) -> tuple[pd.DataFrame, np.ndarray]:
    table = _table(path)
    if column not in table.column_names:
        raise DataError(
            f"column `{column}` is missing; there are {', '.join(table.column_names)}", where=path, remedy=_REMAKE
        )
    vectors = table.column(column).combine_chunks()
    values = vectors.flatten().to_numpy(zero_copy_only=False).reshape(len(vectors), -1)
    return table.drop_columns(column).to_pandas(), values


def _table(path: Path, columns: list[str] | None = None):
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not Path(path).exists():
        raise DataError("the file does not exist", where=path, remedy="Run snakemake to make it")
    try:
        return pq.read_table(path, columns=columns)
    except (OSError, pa.ArrowInvalid) as error:
        raise DataError(f"this table cannot be read ({error})", where=path, remedy=_REMAKE) from None


def typed_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """Text columns as text (None where missing), so that the file does not depend on what pandas guessed."""
    typed = frame.copy()
    for name in typed:
        if not pd.api.types.is_numeric_dtype(typed[name]) and not pd.api.types.is_bool_dtype(typed[name]):
            typed[name] = pd.array([None if pd.isna(v) else str(v) for v in typed[name]], dtype="string[pyarrow]")
    return typed


def _need(frame: pd.DataFrame, columns: list[str], where: object) -> None:
    missing = [name for name in columns if name not in frame]
    if missing:
        raise DataError(
            f"column `{missing[0]}` is missing; there are {', '.join(map(str, frame.columns))}",
            where=where,
            remedy=_REMAKE,
        )
