"""MIT1003 (Judd et al. 2009): gaze of fifteen people on photographs, samples at 240 Hz in a MATLAB file a trial."""

from __future__ import annotations

import logging
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import write_description, write_tsv
from cogmodels.data.displays import image_shape
from cogmodels.data.scanpath_json import write_person
from cogmodels.errors import DataError
from cogmodels.files import link

logger = logging.getLogger(__name__)
PEOPLE = ("CNG", "ajs", "emb", "ems", "ff", "hp", "jcw", "jw", "kae", "krl", "po", "tmj", "tu", "ya", "zb")
SUBJECTS = [f"{number:02d}" for number in range(1, len(PEOPLE) + 1)]
#: Images of other sizes are left out, because models see images of one size.
SIZE = (1024, 768)  # px
RATE, PX_PER_DEGREE = 240.0, 34.0
#: A saccade is faster; a fixation lasts at least so long.
SPEED_DEG_S, SHORTEST_S = 30.0, 0.05
TASK = "freeview"
_README = """# MIT1003

Fifteen people look freely at photographs for 3 s each. The source has samples of gaze at 240 Hz; here are
**fixations that cogmodels found in them**, as tables `beh/*_beh.tsv`, on the photographs of 1024 x 768 px.

- Fixations: runs of samples slower than 30 degrees/s (34 px a degree, three-sample mean) of 50 ms or more, at their
  median.
  The authors' own program (`checkFixations.m`) finds saccades by acceleration and was not run: counts differ.
- The first fixation, which began before the image came, is left out, as the authors do.
- Coordinates are px as in the source. Negative ones are blinks. Durations and onsets in s.
- What was left out stands in `sourcedata/defects.tsv`.

Judd, Ehinger, Durand, Torralba (2009), Learning to predict where humans look, ICCV, 2106-2113.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's fixations on all images of the one size; the files written are returned.

    Raises
    ------
    DataError
        No such subject; a file is missing or not as expected.
    """
    if subject not in SUBJECTS:
        raise DataError(f"there is no subject {subject}", where=source, remedy="Choose from 01 to 15")
    table, _ = _person(Path(source), PEOPLE[SUBJECTS.index(subject)], _images(source))
    if table.empty:
        raise DataError("no fixation is left", where=source, remedy="Check the person's folder and the images")
    return write_person(root, subject, TASK, "Look at photographs, 3 s each", table)


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject, the images, and what was left out."""
    images, count = _images(source), Counter()
    for path in images.values():
        if image_shape(path)[1::-1] == SIZE:
            link(path, Path(root) / "stimuli" / path.name)
    there = [person for person in PEOPLE if _folder(Path(source), person) is not None]
    for person in there:
        count.update(_person(Path(source), person, images)[1])
    total = count.pop("trials", 0)
    defects = pd.DataFrame([(name, n, total) for name, n in sorted(count.items())], columns=["defect", "n", "of"])
    for row in defects.itertuples():
        logger.warning("%d: %s", row.n, row.defect)
    write_tsv(Path(root) / "sourcedata" / "defects.tsv", defects)
    write_description(
        root,
        name="MIT1003",
        readme=_README,
        authors=["Tilke Judd", "Krista Ehinger", "Frédo Durand", "Antonio Torralba"],
        license="none stated",
        participants=pd.DataFrame({"participant_id": [f"sub-{SUBJECTS[PEOPLE.index(one)]}" for one in there]}),
    )


def _images(source: Path) -> dict[str, Path]:
    found = {path.stem: path for path in sorted(Path(source).rglob("*.jpeg"))}
    if not found:
        raise DataError("there are no images (*.jpeg)", where=source, remedy="Unpack ALLSTIMULI.zip into the folder")
    return found


def _folder(source: Path, person: str) -> Path | None:
    folders = [path for path in sorted(source.rglob(person)) if path.is_dir()]
    return folders[0] if folders else None


def _person(source: Path, person: str, images: dict[str, Path]) -> tuple[pd.DataFrame, Counter]:
    """One person's fixations, and how much was left out."""
    folder, parts, count = _folder(source, person), [], Counter()
    if folder is None:
        raise DataError(f"there is no folder `{person}`", where=source, remedy="Unpack DATA.zip into the folder")
    for path in sorted(folder.glob("*.mat")):
        # Calibration and the order of images lie beside the trials.
        if path.stem in ("shuff_stimnames", "CalibrationData"):
            continue
        count["trials"] += 1
        if path.stem not in images:
            count["trials without their image (left out)"] += 1
            continue
        if image_shape(images[path.stem])[1::-1] != SIZE:
            count[f"trials on images of another size than {SIZE[0]} x {SIZE[1]} px (left out)"] += 1
            continue
        samples = read_samples(path)
        lost = ~np.isfinite(samples).all(axis=1)
        count["trials of which more than half of the samples are lost (kept)"] += int(lost.mean() > 0.5)
        found = find_fixations(samples)
        if found.empty:
            count["trials without a fixation after the first (left out)"] += 1
            continue
        beside = ~(found["x"].between(-0.5, SIZE[0] - 0.5) & found["y"].between(-0.5, SIZE[1] - 0.5))
        count["trials with fixations beside the image (kept; `off_screen` of a scanpath set)"] += int(beside.any())
        parts.append(found.assign(trial=count["trials"], stimulus=images[path.stem].name))
    names = ["trial", "stimulus", "index", "onset", "duration", "x", "y"]
    table = pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)
    return table, Counter({name: n for name, n in count.items() if n})


def read_samples(path: Path) -> np.ndarray:
    """Samples (n, 2) of x, y px of one trial, NaN where lost.

    Raises
    ------
    DataError
        The file has no ``<image>.DATA.eyeData``.
    """
    from scipy.io import loadmat

    try:
        content = loadmat(path, simplify_cells=True)
        # Named after the image, cut to the 63 letters that MATLAB allows.
        (name,) = [key for key in content if not key.startswith("__")]
        data = content[name]["DATA"]
        samples = np.array((data[0] if isinstance(data, (list, np.ndarray)) else data)["eyeData"], dtype=float)[:, :2]
    except Exception as error:  # scipy's readers fail in many ways
        raise DataError(
            f"the samples cannot be read ({type(error).__name__})", where=path, remedy="Unpack DATA.zip again"
        ) from None
    samples[(samples < 0).any(axis=1)] = np.nan
    return samples


def find_fixations(samples: np.ndarray) -> pd.DataFrame:
    """Fixations in samples (n, 2), px at 240 Hz: index, onset, duration (s), x, y (px); the first is left out."""
    speed = np.full(len(samples), np.inf)
    steps = np.hypot(*np.diff(samples, axis=0).T) * RATE / PX_PER_DEGREE
    if len(steps) >= 3:
        speed[1:] = np.convolve(steps, np.full(3, 1 / 3), mode="same")
        speed[0] = speed[1]
    slow = np.concatenate([[False], speed < SPEED_DEG_S, [False]])
    edges = np.flatnonzero(np.diff(slow.astype(int)))
    rows = []
    for start, end in edges.reshape(-1, 2):
        if (end - start) / RATE >= SHORTEST_S:
            rows.append((start / RATE, (end - start) / RATE, *np.nanmedian(samples[start:end], axis=0)))
    found = pd.DataFrame(rows, columns=["onset", "duration", "x", "y"]).iloc[1:].reset_index(drop=True)
    return found.assign(index=np.arange(len(found)))
