"""Scanpaths in the JSON layout that COCO-Search18, COCO-FreeView and GazeSearch share, and what is wrong in them."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, write_description, write_json, write_tsv
from cogmodels.errors import DataError
from cogmodels.files import link

logger = logging.getLogger(__name__)
#: Columns of the table of scenes, ``stimuli/scenes.tsv``: box in px, the last two excluded, n/a where there is none.
SCENE_COLUMNS = ["image", "target", "present", "left", "top", "right", "bottom", "split"]
_NEEDED = ("name", "subject", "X", "Y", "T")
_SUFFIXES = {".jpg", ".jpeg", ".png"}


@dataclass(frozen=True)
class JsonLayout:
    """How one data set fills the layout.

    Parameters
    ----------
    name, task, description : str
        Of the data set, of the BIDS task, and what people did.
    size_px : (width, height)
        Of all images, in whose px coordinates are.
    second : float
        How many units of ``T`` a second has: 1000 where durations are in ms, 1 where they are in s.
    start : (x, y), optional
        px; a first fixation that the files leave out and that is put back, without a duration of its own.
    search : bool
        People looked for something.
    """

    name: str
    task: str
    description: str
    size_px: tuple[int, int]
    second: float = 1000.0
    start: tuple[float, float] | None = None
    search: bool = True


@dataclass(frozen=True)
class JsonScanpaths:
    """What the files hold: ``fixations`` (``subject, trial, stimulus, index, onset, duration, x, y, target, found,
    present, correct, split``), ``scenes`` (:data:`SCENE_COLUMNS`), ``defects`` (``defect, n, of``)."""

    fixations: pd.DataFrame
    scenes: pd.DataFrame
    defects: pd.DataFrame


def read_scanpaths(files: Sequence[Path], layout: JsonLayout, images: Iterable[str] = ()) -> JsonScanpaths:
    """Scanpaths of JSON files, mended, with counts of what was mended or left out.

    Parameters
    ----------
    files : sequence of path
        Each a list of records: name, subject, X, Y, T; of searches task, condition, bbox [x, y, w, h]; split, correct.
    layout : JsonLayout
    images : iterable of str
        Names of the images at hand. Scanpaths on others are left out, unless there is none at all.

    Raises
    ------
    DataError
        No file; a file that is no such list; a record without a needed key; a split that is unknown; nothing left.
    """
    if not files:
        raise DataError(f"there is no JSON file of {layout.name}", where="scanpaths", remedy="Fill the folder")
    known, count, seen, parts, scenes = set(images), Counter(), set(), [], []
    records = [(file, number, one) for file in files for number, one in enumerate(_records(file))]
    for file, number, record in records:
        where = f"{file}, record {number}"
        missing = [key for key in (*_NEEDED, *(("task",) if layout.search else ())) if key not in record]
        if missing:
            raise DataError(f"`{missing[0]}` is missing", where=where, remedy="Fetch the file again")
        target = str(record["task"]) if layout.search else None
        key = (str(record["subject"]), record["name"], target, record.get("condition"))
        if key in seen:
            count["scanpaths that come twice (the first is kept)"] += 1
            continue
        seen.add(key)
        if known and record["name"] not in known:
            count["scanpaths on an image that is not in the folder (left out)"] += 1
            continue
        scene = _scene(record, layout, target, count, where)
        path = _path(record, layout, count, where)
        if path is None:
            continue
        found = _found(path, scene)
        answer = {"correct": record.get("correct", np.nan), "present": scene["present"], "split": scene["split"]}
        about = {"subject": _label(record["subject"], where), "stimulus": record["name"], "target": target, **answer}
        parts.append(path.assign(**about, found=found))
        scenes.append(scene)
    if not parts:
        raise DataError("no scanpath is left", where=str(files[0]), remedy="Check the files and the folder of images")
    fixations = pd.concat(parts, keys=range(len(parts)), names=["record", None]).reset_index(level=0)
    fixations["trial"] = fixations.groupby("subject")["record"].rank(method="dense").astype(int)
    table = pd.DataFrame(scenes).sort_values(["present"], ascending=False, kind="stable")
    table = table.drop_duplicates(["image", "target"]).sort_values(["image", "target"], kind="stable")
    leaks = int((table.groupby("image")["split"].nunique() > 1).sum())
    if leaks:
        count["images in two parts of the shipped split (kept; split by image)"] = leaks
    if not known:
        count["scanpaths without an image: there are none in the folder (kept)"] = len(parts)
    names = ["subject", "trial", "stimulus", "index", "onset", "duration", "x", "y"]
    names += ["target", "found", "present", "correct", "split"]
    found = _defects(count, len(records), len(fixations))
    return JsonScanpaths(fixations[names].reset_index(drop=True), table[SCENE_COLUMNS].reset_index(drop=True), found)


def _records(file: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(Path(file).read_text())
    except (OSError, ValueError) as error:
        raise DataError(f"this JSON cannot be read ({error})", where=file, remedy="Fetch the file again") from None
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DataError("this is no list of scanpaths", where=file, remedy="Fetch the file again")
    return found


def _label(subject: Any, where: str) -> str:
    try:
        return f"{int(subject):02d}"
    except (TypeError, ValueError):
        raise DataError(f"subject `{subject}` is no number", where=where, remedy="Fetch the file again") from None


def _path(record: Mapping[str, Any], layout: JsonLayout, count: Counter, where: str) -> pd.DataFrame | None:
    """Index, onset (unknown), duration (s), x, y (px) of one scanpath; None where there is none."""
    x, y, t = (np.array([np.nan if v is None else v for v in record[key]], dtype=float) for key in "XYT")
    if len(x) != len(y):
        raise DataError(f"{len(x)} values of X, {len(y)} of Y", where=where, remedy="Fetch the file again")
    if len(t) > len(x):
        count["scanpaths with more durations than places (cut)"] += 1
        t = t[: len(x)]
    if len(t) < len(x):
        count["scanpaths with fewer durations than places (left out)"] += 1
        return None
    if record.get("length") not in (None, len(x)):
        count["scanpaths whose `length` is not that of X (X counts)"] += 1
    good = np.isfinite(x) & np.isfinite(y) & np.isfinite(t) & (t > 0)
    count["fixations without a place or a duration (left out)"] += int((~good).sum())
    x, y, t = x[good], y[good], t[good] / layout.second
    if not len(x):
        count["scanpaths without a fixation (left out)"] += 1
        return None
    width, height = layout.size_px
    beside = (x < -0.5) | (x > width - 0.5) | (y < -0.5) | (y > height - 0.5)
    count["fixations beside the image (kept; `off_screen` of a scanpath set)"] += int(beside.sum())
    if layout.start is not None:
        # Its duration is not known, and none may lack among others: that of the fixation after it.
        x, y, t = np.append(layout.start[0], x), np.append(layout.start[1], y), np.append(t[0], t)
        count["first fixations that the files leave out (put back at the centre)"] += 1
    if len(x) == 1:
        count["scanpaths of one fixation (kept; no saccade)"] += 1
    return pd.DataFrame({"index": np.arange(len(x)), "onset": np.nan, "duration": t, "x": x, "y": y})


def _scene(
    record: Mapping[str, Any], layout: JsonLayout, target: str | None, count: Counter, where: str
) -> dict[str, Any]:
    """What is said of the image and its target."""
    split = record.get("split", "none")
    if split not in ("train", "valid", "test", "none"):
        raise DataError(f"split `{split}` is unknown", where=where, remedy="Use train, valid or test")
    present = record.get("condition") == "present"
    scene = dict.fromkeys(SCENE_COLUMNS, np.nan)
    scene |= {"image": record["name"], "target": target, "present": present if layout.search else None, "split": split}
    box = record.get("bbox")
    if not layout.search or not present:
        return scene
    left, top, w, h = box if isinstance(box, (list, tuple)) and len(box) == 4 else (0, 0, 0, 0)
    width, height = layout.size_px
    if w > 0 and h > 0 and left >= 0 and top >= 0 and left + w <= width + 1 and top + h <= height + 1:
        return scene | {"left": left, "top": top, "right": left + w, "bottom": top + h}
    kind = "an empty or no box of the target" if w <= 0 or h <= 0 else "a box that leaves the image"
    count[f"scanpaths with {kind} (no box; is it [x, y, width, height]?)"] += 1
    return scene


def _found(path: pd.DataFrame, scene: Mapping[str, Any]) -> np.ndarray:
    """True of a last fixation inside of the target's box."""
    found = np.zeros(len(path), bool)
    x, y = path[["x", "y"]].iloc[-1]
    found[-1] = bool(scene["left"] <= x < scene["right"] and scene["top"] <= y < scene["bottom"])
    return found


def _defects(count: Counter, scanpaths: int, fixations: int) -> pd.DataFrame:
    rows = [
        (name, n, fixations if name.startswith("fixations") else scanpaths) for name, n in sorted(count.items()) if n
    ]
    for name, n, of in rows:
        logger.warning("%d of %d: %s", n, of, name)
    return pd.DataFrame(rows, columns=["defect", "n", "of"])


# -- as BIDS ---------------------------------------------------------------------------------------------------------


def image_files(folder: Path) -> dict[str, Path]:
    """Images below a folder by their names; where several folders have one name, the first."""
    found: dict[str, Path] = {}
    for path in sorted(Path(folder).rglob("*")):
        if path.suffix.lower() in _SUFFIXES:
            found.setdefault(path.name, path)
    return found


def write_scanpaths(source: Path, root: Path, subject: str, layout: JsonLayout, files: Sequence[Path]) -> list[Path]:
    """Write one person's scanpaths as ``beh/*_beh.tsv``; the files written are returned."""
    table = read_scanpaths(files, layout, image_files(source)).fixations
    mine = table[table["subject"] == subject]
    if mine.empty:
        people = ", ".join(sorted(set(table["subject"])))
        raise DataError(f"there is no subject {subject}", where=source, remedy=f"There are {people}")
    return write_person(root, subject, layout.task, layout.description, mine.drop(columns="subject"))


def write_person(root: Path, subject: str, task: str, description: str, table: pd.DataFrame) -> list[Path]:
    """Write one person's table of fixations and its sidecar."""
    path = bids_path(root, "beh", subject=subject, task=task, suffix="beh", extension=".tsv")
    write_tsv(path, table)
    write_json(path.with_suffix(".json"), {"TaskName": task, "TaskDescription": description, **_SIDECAR})
    return [path, path.with_suffix(".json")]


def describe_scanpaths(source: Path, root: Path, layout: JsonLayout, files: Sequence[Path], **about: Any) -> None:
    """Write images, ``stimuli/scenes.tsv``, what was wrong (``sourcedata/defects.tsv``) and the description.

    ``about``: readme, authors and license.
    """
    images = image_files(source)
    found = read_scanpaths(files, layout, images)
    for name in sorted(set(found.fixations["stimulus"]) & set(images)):
        link(images[name], Path(root) / "stimuli" / name)
    write_tsv(Path(root) / "stimuli" / "scenes.tsv", found.scenes)
    write_tsv(Path(root) / "sourcedata" / "defects.tsv", found.defects)
    people = [f"sub-{subject}" for subject in sorted(set(found.fixations["subject"]))]
    write_description(root, name=layout.name, participants=pd.DataFrame({"participant_id": people}), **about)


_SIDECAR = {
    "trial": {"Description": "Place of the scanpath in the source, from 1; the order of viewing is not known"},
    "stimulus": {"Description": "Image, in the folder stimuli"},
    "index": {"Description": "Place of the fixation in its scanpath, from 0"},
    "onset": {"Description": "Not in the source: n/a", "Units": "s"},
    "duration": {"Description": "Length of the fixation", "Units": "s"},
    "x": {"Description": "To the right from the centre of the image's leftmost pixel", "Units": "px"},
    "y": {"Description": "Downwards from the centre of the image's topmost pixel", "Units": "px"},
    "target": {"Description": "What was looked for; n/a in free viewing"},
    "found": {"Description": "Whether this is the last fixation and lies in the target's box"},
    "present": {"Description": "Whether the target was in the image"},
    "correct": {"Description": "Whether the person's answer was right"},
    "split": {"Description": "Part of the split as shipped"},
}
