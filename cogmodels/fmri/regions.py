"""Which voxels a model sees: those of regions, the most reliable ones, or both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from cogmodels.errors import DataError
from cogmodels.fmri.reliability import noise_ceiling, split_half_reliability

#: Name of the row that counts voxels where no image says what they are.
WHOLE = "mask"


def choose_voxels(
    mask: np.ndarray,
    trials: pd.DataFrame,
    values: np.ndarray,
    *,
    image: np.ndarray | None = None,
    names: Mapping[int, str] | None = None,
    labels: Sequence[int | str] = (),
    reliability: str = "none",
    threshold: float | None = None,
    best: int | None = None,
) -> tuple[np.ndarray, pd.DataFrame]:
    """Voxels of the mask that lie in regions, and of these the reliable ones.

    Parameters
    ----------
    mask : (x, y, z) bool
    trials : DataFrame
        Columns ``stimulus`` and ``split``. Trials whose split is ``test`` take no part in choosing.
    values : (n_trials, n_voxels) float
        Responses of the mask's voxels.
    image : (x, y, z) int, optional
        Label of each voxel, 0 = none.
    names, labels
        Name of each value; the values or names that are taken, by default all values above 0.
    reliability : {"none", "split_half", "ncsnr"}
        Correlation of halves (Spearman-Brown), or signal over noise, of training trials.
    threshold, best
        Least reliability; so many voxels, the most reliable (the first of those that tie).

    Returns
    -------
    chosen : (n_voxels,) bool
    table : DataFrame
        One row a label: ``label``, ``index``, ``n_image`` (its voxels on the grid), ``n_mask`` (in the mask),
        ``n_chosen``.

    Raises
    ------
    DataError
        An unknown label, no voxel that fits, or no repeats to judge reliability by.
    """
    mask, values = np.asarray(mask, dtype=bool), np.asarray(values)
    if values.ndim != 2 or values.shape[1] != mask.sum() or (image is not None and image.shape != mask.shape):
        raise DataError(
            f"responses of shape {values.shape} and an image of {None if image is None else image.shape} for a mask of "
            f"{mask.shape}, {int(mask.sum())} voxels",
            where="choice of voxels",
            remedy="Give responses of the mask's voxels, and an image on its grid",
        )
    wanted = {0: WHOLE} if image is None else _wanted(image, dict(names or {}), labels)
    inside = np.zeros(mask.sum(), dtype=int) if image is None else image[mask]
    chosen = np.isin(inside, list(wanted))
    if not chosen.any():
        raise DataError(
            f"no voxel of the mask lies in {', '.join(wanted.values())}",
            where="choice of voxels",
            remedy="Choose other labels, or check that image and runs are in one space",
        )
    if reliability != "none":
        chosen[chosen] = _reliable(trials, values[:, chosen], reliability, threshold, best)
    rows = [
        {
            "label": name,
            "index": value,
            "n_image": int(mask.sum() if image is None else (image == value).sum()),
            "n_mask": int((inside == value).sum()),
            "n_chosen": int((inside[chosen] == value).sum()),
        }
        for value, name in wanted.items()
    ]
    return chosen, pd.DataFrame(rows)


def _wanted(image: np.ndarray, names: dict[int, str], labels: Sequence[int | str]) -> dict[int, str]:
    """Value -> name of the labels that are taken."""
    there = [int(value) for value in np.unique(image[image > 0])]
    known = {value: names.get(value, str(value)) for value in there}
    if not labels:
        return known
    found = {}
    for label in labels:
        fitting = [value for value, name in known.items() if label in (value, name)]
        if not fitting:
            raise DataError(
                f"the image has no label `{label}`",
                where="choice of voxels",
                remedy=f"It has: {', '.join(dict.fromkeys(known.values()))}",
            )
        found |= {value: known[value] for value in fitting}
    return found


def _reliable(trials, values, reliability, threshold, best) -> np.ndarray:
    """Which voxels (n_voxels,) training trials show to be reliable."""
    training = trials["split"].to_numpy() != "test"
    stimuli, betas = trials["stimulus"].to_numpy()[training], values[training]
    if pd.Series(stimuli).value_counts().max() < 2:
        raise DataError(
            "no stimulus is repeated among the training trials",
            where="choice of voxels",
            remedy="Without repeats there is no reliability: choose voxels by an image, or all of them",
        )
    measure = {
        "split_half": lambda: split_half_reliability(betas, stimuli),
        "ncsnr": lambda: noise_ceiling(betas, stimuli).ncsnr,
    }[reliability]()
    kept = np.ones(len(measure), dtype=bool) if threshold is None else measure >= threshold
    if best is not None:
        kept &= np.argsort(np.argsort(-measure, kind="stable"), kind="stable") < best
    if not kept.any():
        raise DataError(
            f"no voxel has a reliability ({reliability}) of {threshold} or more, the largest is {measure.max():.3f}",
            where="choice of voxels",
            remedy="Lower `threshold`",
        )
    return kept
