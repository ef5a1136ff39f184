"""NSD as the MindEye and MindBridge decoders ship it: a file of three repeats for each image."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.betas import write_betas
from cogmodels.data.bids import bids_path, write_description
from cogmodels.errors import DataError

TASK, PARTS = "nsd", {"train": "train", "val": "train", "test": "test"}
_README = """# Natural Scenes Dataset, responses an image as MindEye and MindBridge ship them

`sampleNNN.nsdgeneral.npy` holds the three repeats of an image in the voxels of nsdgeneral, z-scored by those authors,
and `sampleNNN.coco73k.npy` its number of the 73,000, from 0: `stimulus_id` is `nsd` and that number.

- **split**: the folder `test` (images that all people saw) is test; `train` and `val` are training, `part` says which.
- `run` is the repeat; in which session it was is not known.
- Repeats that are copies of one another (an image shown less than three times) are left out.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's trials; the files written are returned.

    Raises
    ------
    DataError
        No samples of this person, or files that do not fit.
    """
    table = list_samples(Path(source), subject)
    events = pd.DataFrame(
        {
            "onset": 4.0 * np.arange(len(table)),
            "duration": 3.0,
            "trial_type": "picture",
            "stimulus_id": [f"nsd{image:05d}" for image in table["image"]],
            "trial": table["sample"],
            "run": [f"{repeat + 1}" for repeat in table["repeat"]],
            "split": table["part"].map(PARTS),
            "part": table["part"],
        }
    )
    path = bids_path(root, "func", suffix="betas", extension=".npy", subject=subject, task=TASK)
    sidecar = {"TaskName": TASK, "Units": "z-scores, as shipped", "Mask": "nsdgeneral"}
    return write_betas(path, _rows(table), events, sidecar=sidecar)


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    people = sorted({path.name.removeprefix("subj") for path in Path(source).rglob("subj*") if path.is_dir()})
    write_description(
        root,
        name="Natural Scenes Dataset, responses an image",
        readme=_README,
        license="NSD terms and conditions",
        source_urls=["https://naturalscenesdataset.org"],
        participants=pd.DataFrame({"participant_id": [f"sub-{name}" for name in people]}),
    )


def list_samples(source: Path, subject: str) -> pd.DataFrame:
    """A row a trial: part, sample, image, repeat, file; repeats that are copies are left out.

    Raises
    ------
    DataError
        No samples; a file that is missing, damaged or of another shape.
    """
    rows, width = [], None
    for part in PARTS:
        for file in sorted(source.rglob(f"{part}/subj{subject}/sample*.nsdgeneral.npy")):
            name = file.name.split(".")[0]
            image, values = _array(file.with_name(f"{name}.coco73k.npy")), _array(file)
            width = width or values.shape[-1]
            if values.ndim != 2 or values.shape[1] != width or image.size != 1:
                raise DataError(
                    f"responses of shape {values.shape} to {image.size} image, the first file has {width} voxels",
                    where=file,
                    remedy="Fetch the file again",
                )
            new = [k for k in range(len(values)) if not any((values[k] == values[j]).all() for j in range(k))]
            number = int(name.removeprefix("sample"))
            rows += [(part, number, int(image.ravel()[0]), repeat, file) for repeat in new]
    if not rows:
        raise DataError(
            f"there are no samples of subject {subject}",
            where=source,
            remedy=f"Unpack them as train/subj{subject}/sampleNNN.nsdgeneral.npy and .coco73k.npy, val and test too",
        )
    table = pd.DataFrame(rows, columns=["part", "sample", "image", "repeat", "file"])
    return table.sort_values(["repeat", "part", "sample"], kind="stable").reset_index(drop=True)


def _rows(table: pd.DataFrame) -> Iterator[np.ndarray]:
    for file, repeat in zip(table["file"], table["repeat"], strict=True):
        yield np.load(file, mmap_mode="r", allow_pickle=False)[repeat : repeat + 1]


def _array(path: Path) -> np.ndarray:
    try:
        return np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"the array cannot be read ({type(error).__name__})", where=path, remedy="Fetch the file again"
        ) from None
