"""Simulated scanpaths as a BIDS folder: rendered images, each viewer's fixations, and the process in the truth.

``sourcedata/truth/targets.tsv`` has the place of each image's target, ``sourcedata/truth/scanpaths.json`` the options
of the process and the digests of all files; it is written last.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.bids import bids_path, read_json, read_tsv, write_description, write_json, write_scans, write_tsv
from cogmodels.data.images import write_image
from cogmodels.files import digest
from cogmodels.simulate.scanpaths import GuidedWalk

TASK = "freeview"
#: Radius of a disc, px; how many others there are.
RADIUS, OTHERS = 11.0, 6
TARGET_RGB, OTHER_RGB = (205, 40, 40), ((40, 110, 190), (60, 150, 70), (190, 160, 50))
TRUTH = Path("sourcedata") / "truth"


def write_simulated_scanpaths(
    root: Path, *, title: str, subjects: Sequence[str], size_px: tuple[int, int], seed: int, images: int, longest: int,
    **walk: float,
) -> None:  # fmt: skip
    """Simulate viewers of rendered images, and write images, scanpaths and truth.

    Parameters
    ----------
    root : path
        BIDS folder.
    title : str
    subjects : sequence of str
        Labels of the viewers.
    size_px : (width, height)
        Of all images.
    seed, images, longest : int
        Seed, number of images, most fixations of a scanpath.
    walk
        Options of :class:`~cogmodels.simulate.scanpaths.GuidedWalk`.
    """
    process = GuidedWalk(size_px=tuple(map(float, size_px)), **walk)
    # As they are written, so that the truth that is read is the truth that was drawn from.
    targets = process.targets(images, seed).round(3)
    names = [f"image-{number:03d}.png" for number in range(images)]
    for number, (name, target) in enumerate(zip(names, targets, strict=True)):
        write_image(root / "stimuli" / name, render_image(size_px, target, np.random.default_rng([seed, 101, number])))
    table = process.scanpaths(targets, len(subjects), longest, seed)
    files = [root / "stimuli" / name for name in names]
    for number, subject in enumerate(subjects):
        mine = table[table["subject"] == f"p{number:02d}"]
        path = bids_path(root, "beh", subject=subject, task=TASK, suffix="beh", extension=".tsv")
        columns = ["trial", "stimulus", "index", "onset", "duration", "x", "y"]
        write_tsv(path, mine.assign(trial=mine["trial"] + 1, stimulus=mine["stimulus"] + ".png")[columns].round(5))
        write_json(path.with_suffix(".json"), _SIDECAR | {"StimulusPresentation": {"ImageResolution": [*size_px]}})
        files += [path, write_scans(root, subject, [path, path.with_suffix(".json")])]
    participants = pd.DataFrame({"participant_id": [f"sub-{subject}" for subject in subjects]})
    write_description(root, name=title, readme=_README.format(title=title, seed=seed), license="CC0-1.0",
                      participants=participants)  # fmt: skip
    write_tsv(root / TRUTH / "targets.tsv", pd.DataFrame({"stimulus": names, "x": targets[:, 0], "y": targets[:, 1]}))
    digests = {file.relative_to(root).as_posix(): digest(file) for file in [*files, root / TRUTH / "targets.tsv"]}
    content = {"simulated": True, "process": asdict(process), "longest": longest, "seed": seed, "sha256": digests}
    write_json(root / TRUTH / "scanpaths.json", content)


def read_process(record: Path) -> tuple[GuidedWalk, dict[str, np.ndarray], int]:
    """The process behind simulated scanpaths, the target (x, y) px of each image, and the most fixations of a path.

    ``record``: ``scanpaths.json`` of the truth.
    """
    content, table = read_json(Path(record)), read_tsv(Path(record).with_name("targets.tsv"))
    process = GuidedWalk(**content["process"] | {"size_px": tuple(content["process"]["size_px"])})
    places = table[["x", "y"]].to_numpy(float)
    return process, dict(zip(table["stimulus"].astype(str), places, strict=True)), int(content["longest"])


def render_image(size_px: tuple[int, int], target: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """An image (h, w, 3) uint8: the target a red disc, others of other colours, on grey noise.

    No other disc covers the target.
    """
    width, height = size_px
    coarse = generator.normal(size=(height // 8 + 1, width // 8 + 1)).repeat(8, axis=0).repeat(8, axis=1)
    image = (128 + 14 * coarse[:height, :width] + 6 * generator.normal(size=(height, width)))[..., None].repeat(3, 2)
    y, x = np.mgrid[:height, :width]
    for colour in generator.integers(len(OTHER_RGB), size=OTHERS):
        place = target
        while np.hypot(*(place - target)) < 4 * RADIUS:
            place = generator.uniform(0.08, 0.92, 2) * size_px
        image[np.hypot(x - place[0], y - place[1]) <= RADIUS] = OTHER_RGB[colour]
    image[np.hypot(x - target[0], y - target[1]) <= RADIUS] = TARGET_RGB
    return np.clip(image, 0, 255).astype(np.uint8)


_SIDECAR = {
    "TaskName": TASK,
    "TaskDescription": "SIMULATED viewing of rendered images; no person was measured",
    "trial": {"Description": "Place of the image, from 1"},
    "stimulus": {"Description": "Image, in the folder stimuli"},
    "index": {"Description": "Place of the fixation in its scanpath, from 0"},
    "onset": {"Description": "Not simulated: n/a", "Units": "s"},
    "duration": {"Description": "Length of the fixation", "Units": "s"},
    "x": {"Description": "To the right from the centre of the image's leftmost pixel", "Units": "px"},
    "y": {"Description": "Downwards from the centre of the image's topmost pixel", "Units": "px"},
}
_README = """# {title}

**SIMULATED data: no person was measured, and the images are rendered** by `cogmodels.simulate` with seed {seed}. The
next fixation is a look at the image's target, a red disc, or a saccade from the last fixation; `sourcedata/truth` has
the places of the targets and the options of the process, so that the probability of every fixation is known. Scores on
these data show how near a model comes to what there is to know; they say nothing about people.
"""
