"""EyeLink text exports (``.asc``), read in one pass."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.gaze_files import _asc_kernels as kernels
from cogmodels.data.gaze_files.file import EVENT_COLUMNS, GazeFile, check_exists, check_times
from cogmodels.errors import DataError

_CHUNK_ROWS, _CHUNK_TEXTS = 1 << 17, 1 << 13
_TIME, _X, _DISTANCE = 0, 1, 7
_EVENTS = {"EFIX": "fixation", "ESACC": "saccade", "EBLINK": "blink"}
_EYES = {"L": "left", "R": "right"}
_RESTORE = "Export it again (edf2asc)"
# What the tracker writes where the target of a remote recording is lost.
_NO_TARGET = -32768.0


@dataclass
class _Layout:
    """What the SAMPLES line in force says of sample lines."""

    eyes: tuple[str, ...]
    rate: float
    expected: int
    keep: np.ndarray


def read_asc(path: Path) -> GazeFile:
    """Read an EyeLink ASC file: one or both eyes, 250 to 2000 Hz, desktop or remote, with or without its end.

    Time is ms in the file and s here, from the first sample. A lost sample is ``.``; a pupil of 0 is none. An event
    lasts through its last sample (offset - onset + one step). Text is UTF-8 where it can be, else latin-1. Start events
    without an end are left out, and so are calibration lines without ``MSG``. The distance of a remote recording is
    that of the target from the camera.

    Raises
    ------
    DataError
        With file and line: an empty file, one without samples, one that is no ASC; a sample line with another number of
        columns than ``SAMPLES`` declares (a file that was cut); raw or head-referenced data instead of gaze; time that
        does not increase; blocks of different rates.
    """
    path = Path(path)
    check_exists(path)
    data = np.memmap(path, dtype=np.uint8, mode="r")
    if np.count_nonzero(data[: 1 << 16] == 0) > 0 or not re.search(
        rb"(?m)^(\*\* |MSG\s|START\s|SAMPLES\s)", data[: 1 << 16].tobytes()
    ):
        raise DataError(
            "this is no EyeLink text file: it has neither header nor messages", where=f"{path}, line 1", remedy=_RESTORE
        )
    parts, texts, layouts = _scan(path, data)
    rows = np.concatenate([rows for rows, _ in parts]) if parts else np.empty((0, 8))
    lines = np.concatenate([lines for _, lines in parts]) if parts else np.empty(0, np.int64)
    if not len(rows):
        raise DataError(
            "there are no samples", where=f"{path}, line {texts[-1][0] if texts else 1}", remedy=f"{_RESTORE} with them"
        )
    check_times(rows[:, _TIME], path, lambda i: lines[i])
    rates = {layout.rate for layout in layouts}
    if len(rates) > 1:
        raise DataError(
            f"blocks at {' and '.join(f'{rate:g}' for rate in sorted(rates))} Hz",
            where=path,
            remedy="Split the file, one rate in each",
        )
    return _assemble(path, rows, texts, layouts)


def _scan(
    path: Path, data: np.ndarray
) -> tuple[list[tuple[np.ndarray, np.ndarray]], list[tuple[int, str]], list[_Layout]]:
    """Samples by parts, other lines with their numbers, and each block's layout."""
    state = np.zeros(6, np.int64)
    keep, expected = np.full(kernels.N_FIELDS, -1, np.int64), 0
    capacity = int(min(_CHUNK_ROWS, data.size // 8 + 16))
    rows, lines = np.empty((capacity, 8)), np.empty(capacity, np.int64)
    spans = np.empty((_CHUNK_TEXTS, 4), np.int64)
    parts, texts, layouts = [], [], []
    while True:
        outcome = kernels.scan(data, state, keep, expected, rows, lines, spans)
        if outcome == kernels.BAD_LINE:
            raise _bad_line(path, data, state, expected)
        for first, last, line, _ in spans[: state[4]]:
            texts.append((int(line), _decode(data[first:last].tobytes())))
        state[4] = 0
        if outcome == kernels.DIRECTIVE:
            line, text = texts[-1]
            state[2] = 0
            if text.startswith("SAMPLES"):
                layouts.append(_layout(path, line, text))
                keep, expected = layouts[-1].keep, layouts[-1].expected
                state[2] = 1
        if outcome in (kernels.END_OF_FILE, kernels.FULL):
            if state[3]:
                parts.append((rows[: state[3]].copy(), lines[: state[3]].copy()))
            state[3] = 0
        if outcome == kernels.END_OF_FILE:
            return parts, texts, layouts


def _bad_line(path: Path, data: np.ndarray, state: np.ndarray, expected: int) -> DataError:
    start = int(state[0])
    rest = data[start : start + 4096].tobytes()
    cut = b"\n" not in rest and start + len(rest) == data.size
    shown = _decode(rest.split(b"\n")[0])[:60]
    return DataError(
        ("the file ends within a sample: " if cut else "")
        + f"`{shown}` has {state[5]} numbers, where SAMPLES declares {expected}",
        where=f"{path}, line {state[1]}",
        remedy=_RESTORE,
    )


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8").rstrip("\r")
    except UnicodeDecodeError:
        return text.decode("latin-1").rstrip("\r")


def _layout(path: Path, line: int, text: str) -> _Layout:
    """Columns of sample lines: time, then x, y, pupil of each eye, velocities, resolution, input; target at the end."""
    words = text.split()
    eyes = tuple(name.lower() for name in ("LEFT", "RIGHT") if name in words)
    if "GAZE" not in words or not eyes:
        raise DataError(
            f"`{text.strip()[:60]}`: these are no gaze positions on the screen",
            where=f"{path}, line {line}",
            remedy="Export gaze (edf2asc -sg), not HREF or raw pupil positions",
        )
    rate = words[words.index("RATE") + 1] if "RATE" in words[:-1] else ""
    try:
        hertz = float(rate)
    except ValueError:
        raise DataError(
            "SAMPLES tells no rate", where=f"{path}, line {line}", remedy=f"{_RESTORE}; every block needs a RATE"
        ) from None
    keep = np.full(kernels.N_FIELDS, -1, np.int64)
    keep[0] = _TIME
    for number, eye in enumerate(eyes):
        keep[1 + 3 * number : 4 + 3 * number] = _X + 3 * ("left", "right").index(eye) + np.arange(3)
    expected = 1 + 3 * len(eyes) + 2 * len(eyes) * ("VEL" in words) + 2 * ("RES" in words) + ("INPUT" in words)
    if "HTARGET" in words:
        keep[kernels.AFTER_STATUS + 2] = _DISTANCE
    return _Layout(eyes, hertz, expected, keep)


def _assemble(path: Path, rows: np.ndarray, texts: list[tuple[int, str]], layouts: list[_Layout]) -> GazeFile:
    start, rate = rows[0, _TIME], layouts[0].rate
    step_ms = 1000.0 / rate
    eyes = {}
    for number, eye in enumerate(("left", "right")):
        if any(eye in layout.eyes for layout in layouts):
            values = rows[:, _X + 3 * number : _X + 3 * number + 3].copy()
            values[values[:, 2] == 0, 2] = np.nan
            eyes[eye] = values
    events, messages, header = [], [], {"camera": "", "serial": "", "pupil_unit": "area"}
    screen = resolution = None
    open_blocks = 0
    for line, text in texts:
        word = text.split(None, 1)[0] if text.strip() else ""
        if word in _EVENTS:
            fields = text.split()
            try:
                onset, offset = float(fields[2]), float(fields[3])
                eye = _EYES[fields[1]]
            except (IndexError, KeyError, ValueError):
                raise DataError(
                    f"`{text[:60]}` is no whole event", where=f"{path}, line {line}", remedy=_RESTORE
                ) from None
            events.append((eye, (onset - start) / 1000, (offset - onset + step_ms) / 1000, _EVENTS[word]))
        elif word == "MSG":
            found = re.match(r"MSG\s+(\d+(?:\.\d+)?)(?:\s(.*))?$", text, flags=re.DOTALL)
            if not found:
                raise DataError(f"`{text[:60]}` is no whole message", where=f"{path}, line {line}", remedy=_RESTORE)
            message = (found.group(2) or "").strip()
            messages.append(((float(found.group(1)) - start) / 1000, message))
            if message.startswith(("GAZE_COORDS", "DISPLAY_COORDS")) and (
                screen is None or message.startswith("GAZE_COORDS")
            ):
                screen = _screen(message) or screen
        elif word == "START":
            open_blocks += 1
        elif word == "END":
            open_blocks = max(open_blocks - 1, 0)
            found = re.search(r"RES\s+([\d.]+)\s+([\d.]+)", text)
            if found and resolution is None and min(map(float, found.groups())) > 0:
                resolution = tuple(map(float, found.groups()))
        elif word == "PUPIL":
            header["pupil_unit"] = "diameter" if "DIAMETER" in text else "area"
        elif word == "**":
            for name, key in (("CAMERA:", "camera"), ("SERIAL NUMBER:", "serial"), ("DATE:", "date")):
                if text[3:].startswith(name):
                    header[key] = text[3 + len(name) :].strip()
    distance = rows[:, _DISTANCE]
    distance = np.where((distance == _NO_TARGET) | (distance <= 0), np.nan, distance) / 1000
    header["blocks_without_end"] = open_blocks
    return GazeFile(
        times=(rows[:, _TIME] - start) / 1000,
        eyes=eyes,
        sampling_rate=rate,
        events=pd.DataFrame(events, columns=EVENT_COLUMNS).sort_values(
            ["onset", "trial_type"], kind="stable", ignore_index=True
        ),
        messages=pd.DataFrame(messages, columns=["onset", "message"]),
        screen_resolution=screen,
        pixels_per_degree=resolution,
        distance_m=distance if np.isfinite(distance).any() else None,
        header=header,
    )


def _screen(message: str) -> tuple[int, int] | None:
    """Width and height from ``GAZE_COORDS left top right bottom``; right and bottom are the last pixel, or the size.

    No screen has an odd number of pixels, so an odd number is that of the last pixel.
    """
    numbers = re.findall(r"-?\d+(?:\.\d+)?", message)
    if len(numbers) < 4:
        return None
    left, top, right, bottom = (float(text) for text in numbers[:4])
    width, height = (int(round(span)) + int(round(span)) % 2 for span in (right - left, bottom - top))
    return (width, height) if width > 0 and height > 0 else None
