"""Gaze as tables of text: Tobii exports, Pupil Labs exports, and any CSV or TSV by a map of its columns."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from cogmodels.data.gaze_files.file import GazeFile, check_exists, check_times
from cogmodels.errors import DataError

EYES = ("left", "right", "cyclopean")
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}
_METRES = {"m": 1.0, "cm": 1e-2, "mm": 1e-3}
_MISSING = ["", "nan", "NaN", "NA", "n/a", "N/A", "null", "None", ".", "-"]


@dataclass(frozen=True)
class ColumnMap:
    """Which columns of a table hold what, and in which units.

    ``columns``: role -> name of the column. Roles: ``time`` (needed), and for each eye (``left``, ``right``,
    ``cyclopean``) ``<eye>_x`` and ``<eye>_y``, where there are any ``<eye>_pupil``, ``<eye>_valid``; ``distance``, or
    ``<eye>_distance``. ``valid``: values of the validity column that mean a good sample; ``valid_from``: or the least
    number that does (a confidence). ``lost``: coordinates that mean a lost sample, such as -1. ``coordinates``: px, or
    fractions of the screen. ``origin`` of the coordinates; y points down unless the origin is at the bottom left.
    """

    columns: Mapping[str, str]
    time_unit: Literal["s", "ms", "us", "ns"] = "ms"
    coordinates: Literal["px", "fraction"] = "px"
    origin: Literal["top_left", "center", "bottom_left"] = "top_left"
    screen_resolution: tuple[int, int] | None = None
    distance_unit: Literal["m", "cm", "mm"] = "mm"
    valid: Sequence[str | float] | None = None
    valid_from: float | None = None
    lost: Sequence[float] = ()
    missing: Sequence[str] = field(default_factory=lambda: list(_MISSING))
    separator: str | None = None
    decimal: str = "."
    sampling_rate: float | None = None
    keep: tuple[str, str] | None = None

    @property
    def eyes(self) -> list[str]:
        """Eyes of which there are coordinates."""
        return [eye for eye in EYES if f"{eye}_x" in self.columns]


def read_columns(path: Path, columns: ColumnMap) -> GazeFile:
    """Read a CSV or TSV of gaze samples by a map of its columns.

    The separator is that of the first line unless it is given. Time is s from the first sample; the sampling rate is
    1 / median step unless it is given.

    Raises
    ------
    DataError
        With file and line: an empty file, a header without samples, a missing column (with the nearest names), text
        where a number must be, a row with too many fields, time that does not increase; an incomplete map.
    """
    path = Path(path)
    table = _read(path, columns)
    _check_map(path, columns)
    if columns.keep is not None:
        table = table[table[columns.keep[0]] == columns.keep[1]]
    # The header is line 1.
    lines = table.index.to_numpy() + 2
    stamps = _numbers(path, table, columns.columns["time"], columns, lines)
    known = ~np.isnan(stamps)
    if not known.all():
        raise DataError(
            f"{int((~known).sum())} samples without a time",
            where=f"{path}, line {lines[~known][0]}",
            remedy="Remove these rows, or restore the file",
        )
    check_times(stamps, path, lambda i: lines[i])
    times = (stamps - stamps[0]) * _SECONDS[columns.time_unit]
    eyes = {eye: _eye(path, table, eye, columns, lines) for eye in columns.eyes}
    return GazeFile(
        times=times,
        eyes=eyes,
        sampling_rate=columns.sampling_rate or _rate(times),
        screen_resolution=columns.screen_resolution,
        distance_m=_distance(path, table, columns, lines),
        header={"camera": "", "serial": "", "pupil_unit": "unknown"},
    )


def read_tobii(path: Path, screen_resolution: tuple[int, int] | None = None) -> GazeFile:
    """Read a Tobii export (TSV): Pro Lab, Studio, or the columns of the SDK as in I2MC's example.

    ``screen_resolution`` is needed where the file gives fractions of the screen and does not tell its size. Events that
    the software marked (column ``Event``) become messages.

    Raises
    ------
    DataError
        As :func:`read_columns`; columns of no known Tobii export.
    """
    path = Path(path)
    header = _header(path)
    names = {_plain(name): name for name in header}
    for layout in _TOBII:
        columns = {role: names[_plain(name)] for role, name in layout.columns.items() if _plain(name) in names}
        if "time" not in columns or not any(f"{eye}_x" in columns for eye in EYES):
            continue
        told = _told_resolution(path, names)
        time_name = columns["time"]
        unit = next((u for mark, u in _UNIT_MARKS.items() if mark in time_name), layout.time_unit)
        sensor = names.get("sensor")
        filled = ColumnMap(
            **{
                **layout.__dict__,
                "columns": columns,
                "time_unit": unit,
                "screen_resolution": screen_resolution or told,
                "separator": "\t",
                "decimal": "," if _comma(path, header, time_name, columns) else ".",
                "keep": (sensor, "Eye Tracker") if sensor else None,
            }
        )
        found = read_columns(path, filled)
        messages = _tobii_events(path, names, filled)
        return found if messages is None else GazeFile(**{**found.__dict__, "messages": messages})
    raise DataError(
        f"no known Tobii export: there are {', '.join(header[:8])} ...",
        where=f"{path}, line 1",
        remedy="Read it by a map of its columns (format: columns)",
    )


def read_pupil(path: Path, screen_resolution: tuple[int, int] | None = None, confidence: float = 0.6) -> GazeFile:
    """Read a Pupil Labs export: ``gaze_positions.csv``, ``gaze_positions_on_surface_*.csv`` or ``gaze.csv`` (Neon).

    Parameters
    ----------
    screen_resolution : (width, height), optional
        px of the scene video or of the surface; needed where the file holds fractions of it (all but ``gaze.csv``).
    confidence : float
        Samples below are lost (0.6 is the maker's recommendation).

    Raises
    ------
    DataError
        As :func:`read_columns`; another file; fractions without a resolution.
    """
    path = Path(path)
    names = set(_header(path))
    for columns, options in _PUPIL:
        if set(columns.values()) <= names | {"confidence", "worn"}:
            present = {role: name for role, name in columns.items() if name in names}
            if options.get("coordinates") == "fraction" and screen_resolution is None:
                raise DataError(
                    "the file holds fractions of an image of unknown size",
                    where=f"{path}, line 1",
                    remedy="Give `screen_resolution`: px of the scene video, or of the surface",
                )
            marked = present.get("cyclopean_valid")
            valid = {"valid_from": confidence} if marked == "confidence" else {"valid": [1, "1", "True", "true"]}
            return read_columns(
                path, ColumnMap(present, **options, screen_resolution=screen_resolution, **(valid if marked else {}))
            )
    raise DataError(
        f"no known Pupil Labs export: there are {', '.join(sorted(names)[:8])} ...",
        where=f"{path}, line 1",
        remedy="Read gaze_positions.csv, a gaze_positions_on_surface file or gaze.csv, or give a map of the columns",
    )


def _both(pattern: str, *, left: str, right: str) -> dict[str, str]:
    roles = ("x", "y", "pupil", "valid", "distance")
    parts = pattern.split("|")
    return {
        f"{eye}_{role}": part.format(eye=word)
        for eye, word in (("left", left), ("right", right))
        for role, part in zip(roles, parts, strict=True)
        if part
    }


_TOBII = (
    ColumnMap(
        {
            "time": "Recording timestamp",
            **_both(
                "Gaze point {eye} X|Gaze point {eye} Y|Pupil diameter {eye}|Validity {eye}|Eye position {eye} Z",
                left="left",
                right="right",
            ),
        },
        time_unit="us",
        valid=["Valid"],
    ),
    ColumnMap(
        {
            "time": "RecordingTimestamp",
            **_both(
                "GazePoint{eye}X (ADCSpx)|GazePoint{eye}Y (ADCSpx)|Pupil{eye}|Validity{eye}|Distance{eye}",
                left="Left",
                right="Right",
            ),
        },
        valid=[0, 1],
    ),
    ColumnMap(
        {
            "time": "Time",
            **_both(
                "{eye}GazePos2dx|{eye}GazePos2dy|{eye}PupilDm|{eye}Validity|{eye}EyePos3dz",
                left="L",
                right="R",
            ),
        },
        time_unit="us",
        coordinates="fraction",
        valid=[0, 1],
        lost=[-1],
    ),
)
_UNIT_MARKS = {"[us]": "us", "[μs]": "us", "[µs]": "us", "[ms]": "ms", "[s]": "s"}
_PUPIL = (
    (
        {
            "time": "gaze_timestamp",
            "cyclopean_x": "norm_pos_x",
            "cyclopean_y": "norm_pos_y",
            "cyclopean_valid": "confidence",
        },
        {"time_unit": "s", "coordinates": "fraction", "origin": "bottom_left"},
    ),
    (
        {"time": "gaze_timestamp", "cyclopean_x": "x_norm", "cyclopean_y": "y_norm", "cyclopean_valid": "confidence"},
        {"time_unit": "s", "coordinates": "fraction", "origin": "bottom_left"},
    ),
    (
        {
            "time": "timestamp [ns]",
            "cyclopean_x": "gaze x [px]",
            "cyclopean_y": "gaze y [px]",
            "cyclopean_valid": "worn",
        },
        {"time_unit": "ns"},
    ),
)


def _plain(name: str) -> str:
    """Name of a column without its unit, for Pro Lab adds one: ``Gaze point left X [MCS px]``."""
    for bracket in (" [", " (MCS", " (DACS"):
        name = name.split(bracket)[0]
    return name.strip().lower()


def _header(path: Path) -> list[str]:
    check_exists(path)
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        first = file.readline().rstrip("\r\n")
    if "\0" in first:
        raise DataError("this is no text", where=f"{path}, line 1", remedy="Export it as CSV or TSV")
    return [name.strip() for name in next(csv.reader([first], delimiter=_separator(first)), [])]


def _separator(line: str) -> str:
    """The one of tab, semicolon and comma that the header has most of; blanks where it has none of them."""
    best = max("\t;,", key=line.count)
    return best if line.count(best) else " "


def _read(path: Path, columns: ColumnMap) -> pd.DataFrame:
    header = _header(path)
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        separator = columns.separator or _separator(file.readline())
    wanted = list(dict.fromkeys([*columns.columns.values(), *([columns.keep[0]] if columns.keep else [])]))
    missing = [name for name in wanted if name not in header]
    if missing:
        near = difflib.get_close_matches(missing[0], header, n=3) or header[:6]
        raise DataError(
            f"there is no column `{missing[0]}` (there are {', '.join(near)} ...)",
            where=f"{path}, line 1",
            remedy="Correct the map of the columns",
        )
    _check_fields(path, separator, len(header))
    try:
        table = pd.read_csv(
            path,
            sep=separator,
            usecols=wanted,
            decimal=columns.decimal,
            na_values=list(columns.missing),
            keep_default_na=False,
            encoding="utf-8-sig",
            encoding_errors="replace",
            skip_blank_lines=False,
            low_memory=False,
            skipinitialspace=True,
        )
    except pd.errors.ParserError as error:
        raise DataError(f"{str(error).strip()[:160]}", where=path, remedy="Restore the file") from error
    # A last, empty line is no sample.
    table = table.dropna(how="all")
    if table.empty:
        raise DataError(
            "there are no samples below the header", where=f"{path}, line 2", remedy="Restore it from its source"
        )
    return table


def _check_fields(path: Path, separator: str, n: int) -> None:
    """Refuse rows of more fields than the header, and a last row of fewer: pandas would read both without a word."""
    data = np.fromfile(path, np.uint8)
    seen, rows = (int(np.count_nonzero(data == ord(mark))) for mark in (separator, "\n"))
    if separator == " " or (data == ord('"')).any() or seen == (n - 1) * (rows + (data[-1] != ord("\n"))):
        return
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for line, text in enumerate(file, start=1):
            fields = text.count(separator) + 1
            if fields > n or (fields < n and not text.endswith("\n") and text.strip()):
                what = "the file ends within a row: " if fields < n else ""
                raise DataError(
                    f"{what}{fields} fields under a header of {n}",
                    where=f"{path}, line {line}",
                    remedy="Restore the file",
                )


def _check_map(path: Path, columns: ColumnMap) -> None:
    lacks = [eye for eye in columns.eyes if f"{eye}_y" not in columns.columns]
    if "time" not in columns.columns or not columns.eyes or lacks:
        raise DataError(
            f"the map of columns has {', '.join(columns.columns) or 'nothing'}",
            where=path,
            remedy="Name `time`, and for one eye at least `<eye>_x` and `<eye>_y`",
        )
    if columns.screen_resolution is None and (columns.coordinates == "fraction" or columns.origin != "top_left"):
        raise DataError(
            f"{columns.coordinates} from the {columns.origin.replace('_', ' ')} of a screen of unknown size",
            where=path,
            remedy="Give `screen_resolution`, px",
        )


def _numbers(path: Path, table: pd.DataFrame, name: str, columns: ColumnMap, lines: np.ndarray) -> np.ndarray:
    values = table[name]
    if not pd.api.types.is_numeric_dtype(values):
        found = pd.to_numeric(values.astype("str").str.replace(columns.decimal, "."), errors="coerce")
        wrong = np.flatnonzero((found.isna() & values.notna()).to_numpy())
        if len(wrong):
            raise DataError(
                f"`{str(values.iloc[wrong[0]])[:40]}` in column `{name}` is no number ({len(wrong)} such rows)",
                where=f"{path}, line {lines[wrong[0]]}",
                remedy="Correct it, or name it under the values that mean missing",
            )
        values = found
    return values.to_numpy(dtype=np.float64)


def _eye(path: Path, table: pd.DataFrame, eye: str, columns: ColumnMap, lines: np.ndarray) -> np.ndarray:
    """x, y, pupil (n, 3) of an eye, px from the top left, NaN where lost."""
    roles = columns.columns
    values = np.full((len(table), 3), np.nan)
    for place, role in enumerate(("x", "y", "pupil")):
        if f"{eye}_{role}" in roles:
            values[:, place] = _numbers(path, table, roles[f"{eye}_{role}"], columns, lines)
    for mark in columns.lost:
        values[np.isin(values, mark).any(axis=1)] = np.nan
    if f"{eye}_valid" in roles:
        marks = table[roles[f"{eye}_valid"]]
        if columns.valid_from is not None:
            good = _numbers(path, table, roles[f"{eye}_valid"], columns, lines) >= columns.valid_from
        else:
            good = marks.isin(list(columns.valid or [])).to_numpy()
        values[~good] = np.nan
    values[np.isnan(values[:, :2]).any(axis=1), :2] = np.nan
    values[values[:, 2] <= 0, 2] = np.nan
    # A pixel's number is that of its centre: the left edge of the screen lies at -0.5.
    if columns.coordinates == "fraction":
        values[:, :2] = values[:, :2] * columns.screen_resolution - 0.5
    if columns.origin == "center":
        values[:, :2] += (np.array(columns.screen_resolution) - 1) / 2
    if columns.origin == "bottom_left":
        values[:, 1] = columns.screen_resolution[1] - 1 - values[:, 1]
    return values


def _distance(path: Path, table: pd.DataFrame, columns: ColumnMap, lines: np.ndarray) -> np.ndarray | None:
    names = [
        columns.columns[role] for role in ("distance", *(f"{e}_distance" for e in EYES)) if role in columns.columns
    ]
    if not names:
        return None
    values = np.column_stack([_numbers(path, table, name, columns, lines) for name in names])
    values = np.where(values > 0, values, np.nan) * _METRES[columns.distance_unit]
    seen = np.isfinite(values)
    if not seen.any():
        return None
    with np.errstate(invalid="ignore"):
        return np.where(seen, values, 0).sum(axis=1) / seen.sum(axis=1)


def _told_resolution(path: Path, names: Mapping[str, str]) -> tuple[int, int] | None:
    """Resolution that a Tobii export tells in columns of its own."""
    for pair in (
        ("recording resolution width", "recording resolution height"),
        ("presented media width", "presented media height"),
    ):
        if set(pair) <= set(names):
            first = pd.read_csv(path, sep="\t", usecols=[names[name] for name in pair], encoding="utf-8-sig").dropna()
            if len(first):
                return tuple(int(first[names[name]].iloc[0]) for name in pair)
    return None


def _comma(path: Path, header: list[str], time: str, columns: Mapping[str, str]) -> bool:
    """Whether decimals are written with a comma: the first rows tell."""
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        rows = [line.rstrip("\n").split("\t") for _, line in zip(range(200), file, strict=False)][1:]
    places = [header.index(name) for role, name in columns.items() if role != "time" and not role.endswith("valid")]
    cells = [row[place] for row in rows for place in places if place < len(row)]
    return any("," in cell for cell in cells)


def _tobii_events(path: Path, names: Mapping[str, str], columns: ColumnMap) -> pd.DataFrame | None:
    """Messages of the column ``Event``; times from the first sample."""
    event = names.get("event")
    if event is None:
        return None
    time = columns.columns["time"]
    kept = [time, event] + ([columns.keep[0]] if columns.keep else [])
    table = pd.read_csv(path, sep="\t", usecols=kept, encoding="utf-8-sig", decimal=columns.decimal, low_memory=False)
    samples = table if columns.keep is None else table[table[columns.keep[0]] == columns.keep[1]]
    marked = table[table[event].notna()]
    onset = (marked[time] - samples[time].iloc[0]) * _SECONDS[columns.time_unit]
    return pd.DataFrame({"onset": onset.to_numpy(dtype=float), "message": marked[event].astype(str).to_numpy()})


def _rate(times: np.ndarray) -> float:
    """Samples a second between the pauses. Time stamps jitter, so that their median step may be 1 % off."""
    steps = np.diff(times)
    return float(np.round(1 / np.mean(steps[steps < 1.5 * np.median(steps)]), 3))
