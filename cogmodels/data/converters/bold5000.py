"""BOLD5000 release 2.0 (Chang et al. 2019): GLMsingle betas of four people, one volume a trial."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.betas import write_betas
from cogmodels.data.bids import bids_path, write_description
from cogmodels.data.volumes import nifti_length, nifti_trials, read_mask_file
from cogmodels.errors import DataError

TASK, VERSION = "bold5000", "TYPED-FITHRF-GLMDENOISE-RR"
#: Pictures of a run; one each 10 s, shown for 1 s.
RUN, SOA_S, PICTURE_S = 37, 10.0, 1.0
REPEATED = "rep_"
HOW = "Fetch release 2.0 (figshare, article 14456124) into the spec's `path`"
_README = f"""# BOLD5000, release 2.0: responses a trial

GLMsingle betas ({VERSION}) of four people who saw photographs of SUN, COCO and ImageNet (Chang et al. 2019, Scientific
Data 6, 49), percent signal change, one array a session.

- Voxels: those of any region of the masks `sub-CSI<n>_mask-*.nii.gz` (OpenNeuro ds001499, derivatives/spm) where these
  are in the source, else the brain mask; in C order.
- `stimulus_id` is the picture's file without `{REPEATED}`, from `CSI<n>_imgnames.txt`.
- **split**: pictures that any of the people saw twice or more (113 of all) are test, all others training.
- Runs have {RUN} pictures; they are counted here, the source does not name them.
"""


def convert(source: Path, root: Path, subject: str) -> list[Path]:
    """Write one person's sessions; the files written are returned.

    Parameters
    ----------
    subject : str
        CSI1 to CSI4.

    Raises
    ------
    DataError
        No betas, mask or names of this person; another number of names than of volumes.
    """
    source = Path(source)
    paths = sorted(source.rglob(f"{subject}_GLMbetas-{VERSION}_ses-*.nii.gz"))
    if not paths:
        raise DataError(f"there are no betas {VERSION} of {subject}", where=source, remedy=HOW)
    mask, kind = _mask(source, subject)
    names, test = read_names(source)
    lengths = [nifti_length(path) for path in paths]
    if sum(lengths) != len(names.get(subject, [])):
        raise DataError(
            f"{len(names.get(subject, []))} names of pictures for {sum(lengths)} trials in {len(paths)} sessions",
            where=source / f"{subject}_imgnames.txt",
            remedy="Names go through all sessions in order: fetch all of them, and the names of this release",
        )
    written, done = [], 0
    for path, length in zip(paths, lengths, strict=True):
        session = path.name.split("_ses-")[1].removesuffix(".nii.gz")
        shown = names[subject][done : done + length]
        within = np.arange(length)
        events = pd.DataFrame(
            {
                "onset": SOA_S * (within % RUN),
                "duration": PICTURE_S,
                "trial_type": "picture",
                "stimulus_id": shown,
                "trial": done + within + 1,
                "run": [f"{one + 1:02d}" for one in within // RUN],
                "split": ["test" if name in test else "train" for name in shown],
            }
        )
        entities = {"subject": subject, "session": session, "task": TASK}
        target = bids_path(root, "func", suffix="betas", extension=".npy", **entities)
        sidecar = {"TaskName": TASK, "Version": VERSION, "Units": "percent signal change", "Mask": kind}
        written += write_betas(target, _filled(path, mask), events, sidecar=sidecar)
        done += length
    return written


def describe(source: Path, root: Path) -> None:
    """Write the files that belong to no subject."""
    people = sorted(path.name.removesuffix("_imgnames.txt") for path in Path(source).rglob("*_imgnames.txt"))
    write_description(
        root,
        name="BOLD5000, release 2.0, responses a trial",
        readme=_README,
        authors=["Nadine Chang", "John A. Pyles", "Austin Marcus", "Abhinav Gupta", "Michael J. Tarr", "E. M. Aminoff"],
        license="CC0",
        source_urls=["https://bold5000-dataset.github.io/website/"],
        participants=pd.DataFrame({"participant_id": [f"sub-{name}" for name in people]}),
    )


def read_names(source: Path) -> tuple[dict[str, list[str]], set[str]]:
    """Pictures of each person's trials, and those that anyone saw more than once."""
    names, repeated = {}, set()
    for path in sorted(Path(source).rglob("*_imgnames.txt")):
        lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        mine = [Path(line).name.removeprefix(REPEATED) for line in lines]
        names[path.name.removesuffix("_imgnames.txt")] = mine
        repeated |= {name for name, count in Counter(mine).items() if count > 1}
        repeated |= {name for name, line in zip(mine, lines, strict=True) if Path(line).name.startswith(REPEATED)}
    return names, repeated


def _mask(source: Path, subject: str) -> tuple[np.ndarray, str]:
    """Voxels that are taken, and what they are."""
    regions = sorted(source.rglob(f"sub-{subject}_mask-*.nii.gz"))
    if regions:
        masks = [read_mask_file(path) for path in regions]
        if len({mask.shape for mask in masks}) > 1:
            raise DataError("masks of regions have several shapes", where=regions[0].parent, remedy=HOW)
        return np.any(masks, axis=0), f"any of {len(regions)} regions"
    brain = next(iter(source.rglob(f"{subject}_brainmask.nii.gz")), None)
    if brain is None:
        raise DataError(f"there is no mask of {subject}", where=source, remedy=HOW)
    return read_mask_file(brain), "brain"


def _filled(path: Path, mask: np.ndarray) -> Iterator[np.ndarray]:
    """Trials of a session; voxels outside of the measured volume, which are NaN there, as 0."""
    for values in nifti_trials(path, mask):
        empty = np.isnan(values).all(axis=0)
        values[:, empty] = 0.0
        yield values
