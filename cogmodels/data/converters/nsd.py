"""Natural Scenes Dataset (Allen et al. 2022): betas of sessions in nsdgeneral, the design, the shared images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.betas import write_betas
from cogmodels.data.bids import bids_path, write_description
from cogmodels.data.volumes import hdf5_trials, nifti_trials, read_mask_file
from cogmodels.errors import DataError

TASK, VERSION = "nsd", "betas_fithrf_GLMdenoise_RR"
PLACE = "nsddata_betas/ppdata/subj{subject}/func1pt8mm/" + VERSION
MASK = "nsddata/ppdata/subj{subject}/func1pt8mm/roi/nsdgeneral.nii.gz"
DESIGN = "nsddata/experiments/nsd/nsd_expdesign.mat"
STIMULI = "nsddata/experiments/nsd/nsd_stim_info_merged.csv"
#: Trials of a session, in runs of 63 and 62 in turn.
SESSION, RUNS = 750, (63, 62)
SCALE = 1 / 300  # HDF5 files hold int16, percent signal change times 300
SOA_S, PICTURE_S = 4.0, 3.0
#: Voxels of nsdgeneral at 1.8 mm, as users of NSD report them.
VOXELS = {
    "01": 15724, "02": 14278, "03": 15226, "04": 13153, "05": 13039, "06": 17907, "07": 12682, "08": 14386,
}  # fmt: skip
HOW = (
    "Accept NSD's terms and fetch the files as naturalscenesdataset.org says (bucket natural-scenes-dataset); keep "
    "their folders below the spec's `path`"
)
_README = f"""# Natural Scenes Dataset: responses a trial

Betas of NSD (Allen et al. 2022, Nature Neuroscience 25, 116-126), version {VERSION}, in the voxels of nsdgeneral (C
order of the mask), one array a session, percent signal change.

- `stimulus_id` is `nsd` and the image's number of the 73,000, from 0; `trial` is the number of the trial of 30,000.
- **split**: the 1,000 images that all people were to see are test, all others training.
- Repeats are rows of their own; nothing is averaged.
- Onsets are those of a run without the blank trials, which this table does not know: {SOA_S:g} s a trial.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's sessions; the files written are returned.

    Parameters
    ----------
    subject : str
        01 to 08.

    Raises
    ------
    DataError
        No betas, mask or design of this person; files that do not fit.
    """
    source = Path(source)
    mask = read_mask_file(_needed(source / MASK.format(subject=subject)))
    if mask.size > 100_000 and mask.sum() != VOXELS.get(subject, mask.sum()):
        raise DataError(
            f"{int(mask.sum())} voxels, nsdgeneral of subject {subject} has {VOXELS[subject]}",
            where=source / MASK.format(subject=subject),
            remedy="Check that the mask is this subject's nsdgeneral at 1.8 mm",
        )
    folder, shown = source / PLACE.format(subject=subject), read_design(source, subject)
    sessions = sorted(folder.glob("betas_session[0-9][0-9].*"))
    written: list[Path] = []
    for path in sessions:
        name = path.name.removeprefix("betas_session")[:2]
        mine = shown[shown["session"] == int(name)]
        entities = {"subject": subject, "session": name, "task": TASK}
        written += write_betas(
            bids_path(root, "func", suffix="betas", extension=".npy", **entities),
            session_trials(path, mask),
            mine.drop(columns="session").reset_index(drop=True),
            sidecar={"TaskName": TASK, "Version": VERSION, "Units": "percent signal change", "Mask": "nsdgeneral"},
        )
    if not written:
        raise DataError(f"there are no betas of subject {subject}", where=folder, remedy=HOW)
    return written


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    people = sorted(p.name.removeprefix("subj") for p in (Path(source) / "nsddata_betas" / "ppdata").glob("subj*"))
    write_description(
        root,
        name="Natural Scenes Dataset, responses a trial",
        readme=_README,
        authors=["Emily J. Allen", "Ghislain St-Yves", "Yihan Wu", "Jesse L. Breedlove", "et al."],
        license="NSD terms and conditions",
        source_urls=["https://naturalscenesdataset.org"],
        participants=pd.DataFrame({"participant_id": [f"sub-{name}" for name in people]}),
    )


def session_trials(path: Path, mask: np.ndarray) -> Iterator[np.ndarray]:
    """Trials (n, n_voxels), percent signal change, of a session's HDF5 or NIfTI file."""
    return hdf5_trials(path, mask, scale=SCALE) if path.suffix == ".hdf5" else nifti_trials(path, mask)


def read_design(source: Path, subject: str) -> pd.DataFrame:
    """Events of all of a person's trials: onset, duration, trial_type, stimulus_id, trial, run, split, session.

    From ``nsd_expdesign.mat``, or ``nsd_stim_info_merged.csv`` where that is not there.

    Raises
    ------
    DataError
        Neither file is there, or it is not as published.
    """
    source, person = Path(source), int(subject)
    if (source / DESIGN).is_file():
        images, shared = _by_design(source / DESIGN, person)
    else:
        images, shared = _by_table(_needed(source / STIMULI), person)
    trials = np.arange(len(images))
    within = trials % SESSION
    pair, rest = np.divmod(within, sum(RUNS))
    run = 2 * pair + (rest >= RUNS[0])
    place = np.where(rest >= RUNS[0], rest - RUNS[0], rest)
    return pd.DataFrame(
        {
            "onset": SOA_S * place,
            "duration": PICTURE_S,
            "trial_type": "picture",
            "stimulus_id": [f"nsd{image:05d}" for image in images],
            "trial": trials + 1,
            "run": [f"{one + 1:02d}" for one in run],
            "split": np.where(np.isin(images, shared), "test", "train"),
            "session": trials // SESSION + 1,
        }
    )


def _by_design(path: Path, person: int) -> tuple[np.ndarray, np.ndarray]:
    """Image of each trial, and the shared images, counted from 0."""
    from scipy.io import loadmat

    try:
        design = loadmat(path)
        order, images, shared = (np.asarray(design[k]) for k in ("masterordering", "subjectim", "sharedix"))
        return images[person - 1, order.ravel().astype(int) - 1].astype(int) - 1, shared.ravel().astype(int) - 1
    except Exception as error:  # scipy's readers fail in many ways
        raise DataError(f"the design cannot be read ({type(error).__name__})", where=path, remedy=HOW) from None


def _by_table(path: Path, person: int) -> tuple[np.ndarray, np.ndarray]:
    """The same from the table of images."""
    table = pd.read_csv(path)
    columns = [f"subject{person}_rep{k}" for k in range(3)]
    missing = [name for name in ("nsdId", "shared1000", *columns) if name not in table]
    if missing:
        raise DataError(f"column `{missing[0]}` is missing", where=path, remedy=HOW)
    places = table[columns].to_numpy(dtype=int)
    images = np.full(places.max(), -1)
    for column in places.T:
        images[column[column > 0] - 1] = table["nsdId"].to_numpy()[column > 0]
    if (images < 0).any():
        raise DataError(f"trial {int(np.argmin(images)) + 1} has no image", where=path, remedy=HOW)
    return images, table.loc[table["shared1000"].astype(str).str.lower() == "true", "nsdId"].to_numpy()


def _needed(path: Path) -> Path:
    if not path.is_file():
        raise DataError("the file does not exist", where=path, remedy=HOW)
    return path
