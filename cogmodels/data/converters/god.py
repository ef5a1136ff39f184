"""Generic Object Decoding (Horikawa & Kamitani 2017): responses a picture of five people, in bdpy's HDF5 format."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from cogmodels.data.betas import write_betas
from cogmodels.data.bids import bids_path, write_description
from cogmodels.errors import DataError

TASK, REGION = "god", "ROI_VC"
SOA_S = 9.0
#: Code of the column DataType -> split; 3 is imagery, which is left out.
SPLITS = {1: "train", 2: "test"}
_NAMES = {"data": ("dataSet", "dataset"), "about": ("metaData", "metadata")}
_ROWS = 200
HOW = "Fetch Subject1.h5 to Subject5.h5 (figshare, article 7387130) into the spec's `path`"
_README = f"""# Generic Object Decoding: responses a picture

Responses of five people to pictures of ImageNet (Horikawa and Kamitani 2017, Nature Communications 8, 15037), as the
authors preprocessed and averaged them, from `Subject<n>.h5`: voxels of the visual cortex (`{REGION}`) in their order.

- **split**: training (1,200 pictures, once each), test perception (50 of other categories, 35 times each).
- Imagery trials are left out.
- `stimulus_id` is the picture's number in ImageNet: `n` and 8 digits of the synset, the picture after `_`;
  `trial_type` the synset. Pictures are not public: get them from ImageNet.
- `run` is the column `Run` of the file; training and test runs are counted apart there: the split leads it.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's responses; the files written are returned.

    Parameters
    ----------
    subject : str
        01 to 05.

    Raises
    ------
    DataError
        No file of this person, or one that is not as released.
    """
    import h5py

    found = sorted(Path(source).rglob(f"Subject{int(subject)}.h5"))
    if not found:
        raise DataError(f"there is no Subject{int(subject)}.h5", where=source, remedy=HOW)
    try:
        file = h5py.File(found[0], "r")
    except OSError as error:
        raise DataError(f"the file cannot be read ({type(error).__name__})", where=found[0], remedy=HOW) from None
    with file:
        data, columns = _read_columns(file, found[0])
        numbers = {name: data[:, columns[name][0]] for name in ("DataType", "Run", "stimulus_id")}
        rows = np.flatnonzero(np.isin(numbers["DataType"], list(SPLITS)))
        split = [SPLITS[int(code)] for code in numbers["DataType"][rows]]
        pictures = [picture_name(number) for number in numbers["stimulus_id"][rows]]
        events = pd.DataFrame(
            {
                "onset": SOA_S * np.arange(len(rows)),
                "duration": SOA_S,
                "trial_type": [name.split("_")[0] for name in pictures],
                "stimulus_id": pictures,
                "trial": rows + 1,
                "run": [f"{one}{int(run):02d}" for one, run in zip(split, numbers["Run"][rows], strict=True)],
                "split": split,
            }
        )
        path = bids_path(root, "func", suffix="betas", extension=".npy", subject=subject, task=TASK)
        sidecar = {"TaskName": TASK, "Units": "as released", "Mask": REGION}
        return write_betas(path, _pieces(data, rows, columns[REGION]), events, sidecar=sidecar)


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    people = sorted(int(path.stem.removeprefix("Subject")) for path in Path(source).rglob("Subject[0-9].h5"))
    write_description(
        root,
        name="Generic Object Decoding, responses a picture",
        readme=_README,
        authors=["Tomoyasu Horikawa", "Yukiyasu Kamitani"],
        license="CC BY 4.0",
        source_urls=["https://github.com/KamitaniLab/GenericObjectDecoding"],
        participants=pd.DataFrame({"participant_id": [f"sub-{number:02d}" for number in people]}),
    )


def picture_name(number: float) -> str:
    """Name of a picture in ImageNet: 1518878.005958 is ``n01518878_5958``."""
    synset, picture = f"{number:.6f}".split(".")
    return f"n{int(synset):08d}_{int(picture)}"


def _read_columns(file: Any, path: Path) -> tuple[Any, dict[str, np.ndarray]]:
    """The array (n_samples, n_columns) and which of its columns each key of the metadata marks."""
    names = {kind: next((name for name in known if name in file), None) for kind, known in _NAMES.items()}
    lacking = [known[0] for kind, known in _NAMES.items() if names[kind] is None]
    if lacking:
        raise DataError(f"there is no `{lacking[0]}`, but {', '.join(file)}", where=path, remedy=HOW)
    data, about = file[names["data"]], file[names["about"]]
    keys = [key.decode() if isinstance(key, bytes) else str(key) for key in about["key"][:].ravel()]
    values = np.asarray(about["value"], dtype=float)
    if values.shape != (len(keys), data.shape[1]):
        raise DataError(
            f"metadata of shape {values.shape} for {len(keys)} keys and {data.shape[1]} columns", where=path, remedy=HOW
        )
    columns = {key: np.flatnonzero(row == 1) for key, row in zip(keys, values, strict=True)}
    for key in ("DataType", "Run", "stimulus_id", REGION):
        if not len(columns.get(key, ())):
            raise DataError(f"no column is `{key}`; keys are {', '.join(keys)}", where=path, remedy=HOW)
    return data, columns


def _pieces(data: Any, rows: np.ndarray, voxels: np.ndarray) -> Iterator[np.ndarray]:
    for first in range(0, len(rows), _ROWS):
        mine = rows[first : first + _ROWS]
        yield np.asarray(data[mine[0] : mine[-1] + 1])[mine - mine[0]][:, voxels]
