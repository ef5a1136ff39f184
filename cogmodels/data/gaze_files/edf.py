"""EyeLink recordings (``.edf``), read through SR Research's library in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.gaze_files.file import EVENT_COLUMNS, GazeFile
from cogmodels.errors import DataError

MAGIC = b"SR_RESEARCH_"
_KINDS = {"fixations": "fixation", "saccades": "saccade", "blinks": "blink"}
_RESTORE = "Restore the file from its source; a recording cut short cannot be converted"


def read_edf(path: Path) -> GazeFile:
    """Read an EyeLink recording with eyelinkio.

    eyelinkio numbers samples without a break and so closes the pauses between blocks; here they are kept. The C
    library can crash on damaged files, hence the process of its own.

    Raises
    ------
    DataError
        The file is missing, cut short or damaged; eyelinkio is not installed; the geometry of the screen is missing.
    """
    path = Path(path)
    _check_head(path)
    with tempfile.TemporaryDirectory() as folder:
        # The C library takes ASCII paths only.
        plain = path if str(path.resolve()).isascii() else Path(shutil.copyfile(path, Path(folder) / "recording.edf"))
        result = Path(folder) / "recording.npz"
        done = subprocess.run(
            [sys.executable, "-m", "cogmodels.data.gaze_files.edf", str(plain), str(result)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode or not result.exists():
            raise _failure(path, done)
        raw = _read(result)
    return _assemble(path, raw)


def _check_head(path: Path) -> None:
    if not path.is_file():
        raise DataError("the file does not exist", where=path, remedy="Fetch the data set again")
    with path.open("rb") as file:
        head = file.read(1 << 16)
    if not head.startswith(MAGIC):
        raise DataError("this is no EyeLink recording (EDF)", where=path, remedy=_RESTORE)
    if b"ENDP:" not in head:
        raise DataError("the file ends within its header", where=path, remedy=_RESTORE)


def _failure(path: Path, done: subprocess.CompletedProcess[str]) -> DataError:
    if "No module named 'eyelinkio'" in done.stderr or "Could not load EDF api" in done.stderr:
        return DataError(
            "EyeLink files need eyelinkio, which is missing or does not run here",
            where=path,
            remedy="Install it: pip install 'cogmodels[eyelink]'",
        )
    if done.returncode < 0:
        said = f"the reader crashed with signal {-done.returncode}"
    elif "Could not open file" in done.stderr:
        said = (done.stdout.strip().splitlines() or ["the reader refuses it"])[-1]
    else:
        said = (done.stderr.strip().splitlines() or ["the reader gave nothing"])[-1]
    return DataError(f"the recording is cut short or damaged ({said[:200]})", where=path, remedy=_RESTORE)


def _assemble(path: Path, raw: dict[str, Any]) -> GazeFile:
    started, ended = raw["started"], raw["ended"]
    clock, rate = raw["clock"], raw["sampling_rate"]
    if started == 0 or started != ended or len(clock) == 0 or len(clock) != raw["samples"].shape[1]:
        raise DataError(
            f"of {started} recording blocks {ended} are complete, with {len(clock)} samples",
            where=path,
            remedy=_RESTORE,
        )
    missing = [name for name in ("screen_resolution", "pixels_per_degree") if raw[name] is None]
    if missing:
        raise DataError(
            f"the recording does not tell {' and '.join(missing)}",
            where=path,
            remedy="Write the geometry of the screen into events.json by hand, and the samples with another tool",
        )
    times = (clock - clock[0]) / 1000.0
    samples = raw["samples"].copy()
    columns = raw["sample_fields"]
    eyes = {}
    for eye in raw["eyes"]:
        suffix = f"_{eye}" if len(raw["eyes"]) == 2 else ""
        values = samples[[columns.index(name + suffix) for name in ("xpos", "ypos", "ps")]].T.copy()
        values[values[:, 2] == 0, 2] = np.nan
        eyes[eye] = values
    messages = pd.DataFrame(
        {"onset": (raw["message_clock"] - clock[0]) / 1000.0, "message": [" ".join(m.split()) for m in raw["messages"]]}
    )
    return GazeFile(
        times=times,
        eyes=eyes,
        events=_events(raw["events"], times, rate),
        messages=messages,
        sampling_rate=rate,
        screen_resolution=tuple(raw["screen_resolution"]),
        pixels_per_degree=tuple(raw["pixels_per_degree"]),
        header=raw["header"],
    )


def _events(found: Mapping[str, dict[str, np.ndarray]], times: np.ndarray, rate: float) -> pd.DataFrame:
    """The tracker's events on its own clock, in order of onset; an event lasts through its last sample."""
    gapless = np.arange(len(times)) / rate
    parts = []
    for kind, table in found.items():
        onset, last = (np.interp(table[key], gapless, times) for key in ("stime", "etime"))
        eye = np.where(table["eye"] == 0, "left", "right")
        duration = last - onset + 1.0 / rate
        parts.append(pd.DataFrame({"eye": eye, "onset": onset, "duration": duration, "trial_type": _KINDS[kind]}))
    if not parts:
        return pd.DataFrame(columns=EVENT_COLUMNS)
    return pd.concat(parts).sort_values(["onset", "trial_type"], kind="stable", ignore_index=True)


# -- in the process of its own ---------------------------------------------------------------------------------------


def _extract(path: str) -> dict[str, Any]:
    """Everything that is needed of a recording, as arrays and text."""
    import eyelinkio

    recording = eyelinkio.read_edf(path)
    info, discrete = recording["info"], recording["discrete"]
    eyes = {"LEFT_EYE": ["left"], "RIGHT_EYE": ["right"], "BINOCULAR": ["left", "right"]}[str(info["eye"])]
    resolution = info.get("screen_coords")
    return {
        **_clock(path),
        "samples": recording["samples"],
        "sample_fields": list(info["sample_fields"]),
        "eyes": eyes,
        "events": {
            kind: {name: discrete[kind][name].copy() for name in ("eye", "stime", "etime")}
            for kind in _KINDS
            if kind in discrete
        },
        "messages": [message.decode("ascii", "replace") for message in discrete["messages"]["msg"]],
        "sampling_rate": float(info["sfreq"]),
        "screen_resolution": None if resolution is None else [int(value) for value in resolution],
        "header": {
            "camera": info.get("camera", ""),
            "serial": info.get("serial", ""),
            "pupil_unit": "area" if "AREA" in str(info["ps_units"]) else "diameter",
        },
    }


def _clock(path: str) -> dict[str, Any]:
    """What eyelinkio drops: time stamps (ms) of samples and messages, block ends, and pixels per degree."""
    import importlib

    # The package's attribute of this name is the function.
    reader = importlib.import_module("eyelinkio.edf.read_edf")
    clock, message_clock, resolution = [], [], []
    blocks = {1: 0, 0: 0}
    with reader._edf_open(path) as recording:
        while True:
            kind = reader.event_constants[reader.edf_get_next_data(recording)]
            if kind == "NO_PENDING_ITEMS":
                break
            item = reader.edf_get_float_data(recording).contents
            if kind == "SAMPLE_TYPE":
                sample = item.fs
                # 2000 Hz: the second sample of a millisecond carries a flag.
                clock.append(sample.time + (0.5 if sample.flags & reader.defines.SAMPLE_ADD_OFFSET else 0.0))
                resolution.append((sample.rx, sample.ry))
            elif kind == "MESSAGEEVENT":
                message_clock.append(item.fe.sttime)
            elif kind == "RECORDING_INFO":
                blocks[1 if item.rec.state else 0] += 1
    pixels = np.array(resolution, dtype=float).reshape(-1, 2)
    # Pixels per degree grow with eccentricity, so the smallest are those of the screen's centre.
    pixels = np.where((pixels > 1) & (pixels < 1000), pixels, np.inf).min(axis=0, initial=np.inf)
    return {
        "clock": np.array(clock, dtype=float),
        "message_clock": np.array(message_clock, dtype=float),
        "pixels_per_degree": [round(float(p), 2) for p in pixels] if np.isfinite(pixels).all() else None,
        "started": blocks[1],
        "ended": blocks[0],
    }


def _write(path: Path, raw: dict[str, Any]) -> None:
    """Arrays as such, the rest as JSON: between two processes too, nothing is pickled."""
    events = {f"{kind} {name}": values for kind, table in raw["events"].items() for name, values in table.items()}
    arrays = {name: values for name, values in raw.items() if isinstance(values, np.ndarray)}
    rest = {name: value for name, value in raw.items() if name not in ("events", *arrays)}
    np.savez(path, **arrays, **events, rest=np.array(json.dumps(rest)))


def _read(path: Path) -> dict[str, Any]:
    raw: dict[str, Any] = {"events": {}}
    with np.load(path, allow_pickle=False) as file:
        for name in file.files:
            kind, blank, column = name.partition(" ")
            if blank:
                raw["events"].setdefault(kind, {})[column] = file[name]
            elif name == "rest":
                raw |= json.loads(file[name].item())
            else:
                raw[name] = file[name]
    return raw


if __name__ == "__main__":
    _write(Path(sys.argv[2]), _extract(sys.argv[1]))
