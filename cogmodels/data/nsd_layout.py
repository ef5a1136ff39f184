"""Responses written in the layout of the Natural Scenes Dataset, so that what reads NSD is tried without it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.data.converters.nsd import DESIGN, MASK, PLACE, SCALE, SESSION, STIMULI
from cogmodels.files import whole

IMAGES, REPEATS = 73_000, 3


def write_nsd_layout(
    root: Path,
    betas: Mapping[str, np.ndarray],
    images: Mapping[str, np.ndarray],
    shared: np.ndarray,
    mask: np.ndarray,
    *,
    nifti: bool = False,
) -> None:
    """Write sessions, masks and design as NSD has them.

    As in NSD, all subjects follow one order (``masterordering``), in which place k of one is shown where place k of
    another is; which image that is depends on the subject (``subjectim``).

    Parameters
    ----------
    root : path
    betas : mapping of subject -> (n_trials, n_voxels)
        Percent signal change; rounded to a 300th. A whole number of sessions of 750 trials.
    images : mapping of subject -> (n_trials,) int
        Image of each trial, of 73,000, from 0.
    shared : (n_shared,) int
        Images that all subjects see.
    mask : (x, y, z) bool
        One for all subjects, with as many voxels as betas have.
    nifti : bool
        Sessions as NIfTI files of float32, not HDF5 files of int16.
    """
    import nibabel as nib
    from scipy.io import savemat

    root, people = Path(root), list(betas)
    order = _order(images[people[0]])
    places = [images[name][np.unique(order, return_index=True)[1]] for name in people]
    for subject in people:
        path = root / MASK.format(subject=subject)
        path.parent.mkdir(parents=True, exist_ok=True)
        nib.save(nib.Nifti1Image(np.where(mask, 1, -1).astype(np.int16), np.diag([1.8, 1.8, 1.8, 1])), path)
        for session, first in enumerate(range(0, len(betas[subject]), SESSION), start=1):
            volumes = np.zeros((*mask.shape, SESSION), dtype=np.float32)
            volumes[mask] = betas[subject][first : first + SESSION].T
            _write_session(root / PLACE.format(subject=subject), session, volumes, nifti)
    design = {"masterordering": order[None] + 1, "subjectim": np.zeros((8, len(places[0])), dtype=int)}
    for subject, place in zip(people, places, strict=True):
        design["subjectim"][int(subject) - 1] = place + 1
    (root / DESIGN).parent.mkdir(parents=True, exist_ok=True)
    savemat(root / DESIGN, {**design, "sharedix": np.sort(shared)[None] + 1})
    _write_table(root / STIMULI, images, shared)


def write_nsd_samples(
    root: Path, subject: str, part: str, betas: np.ndarray, images: np.ndarray, first: int = 0
) -> None:
    """Write ``<part>/subj<subject>/sampleNNN.nsdgeneral.npy`` and ``.coco73k.npy`` as MindEye and MindBridge ship them.

    ``betas`` (n_images, 3, n_voxels), ``images`` (n_images,) of 73,000 from 0, ``first`` number of the first sample.
    """
    for number, (values, image) in enumerate(zip(betas, images, strict=True), start=first):
        name = Path(root) / part / f"subj{subject}" / f"sample{number:09d}"
        for suffix, array in (("nsdgeneral", values.astype(np.float32)), ("coco73k", np.array([image]))):
            with whole(name.with_name(f"{name.name}.{suffix}.npy")) as temporary:
                np.save(temporary, array)


def _order(images: np.ndarray) -> np.ndarray:
    """Place of each trial's image by first appearance: `masterordering` less 1."""
    _, first, index = np.unique(images, return_index=True, return_inverse=True)
    return np.argsort(np.argsort(first))[index]


def _write_session(folder: Path, session: int, volumes: np.ndarray, nifti: bool) -> None:
    import h5py
    import nibabel as nib

    folder.mkdir(parents=True, exist_ok=True)
    if nifti:
        image = nib.Nifti1Image(volumes, np.diag([1.8, 1.8, 1.8, 1]))
        nib.save(image, folder / f"betas_session{session:02d}.nii.gz")
        return
    with h5py.File(folder / f"betas_session{session:02d}.hdf5", "w") as file:
        file.create_dataset("betas", data=np.round(volumes.transpose(3, 2, 1, 0) / SCALE).astype(np.int16))


def _write_table(path: Path, images: Mapping[str, np.ndarray], shared: np.ndarray) -> None:
    seen = np.unique(np.concatenate([*images.values(), shared]))
    table = pd.DataFrame({"nsdId": seen, "shared1000": np.isin(seen, shared)})
    for subject, shown in images.items():
        trials = pd.DataFrame({"image": shown, "trial": np.arange(len(shown)) + 1})
        trials["repeat"] = trials.groupby("image").cumcount()
        wide = trials.pivot(index="image", columns="repeat", values="trial").reindex(seen).fillna(0).astype(int)
        for repeat in range(REPEATS):
            table[f"subject{int(subject)}_rep{repeat}"] = wide.get(repeat, pd.Series(0, index=seen)).to_numpy()
    table.to_csv(path)
