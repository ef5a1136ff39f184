"""How a search goes over objects: its end, its length, what is looked at for the first time, again, and anew."""

from __future__ import annotations

import numpy as np

from cogmodels.errors import DataError

#: Of one scanpath; the last three sum to 1.
BEHAVIOUR = ("target_last", "length", "search", "refixation", "revisit")


def behaviour(objects: np.ndarray, target: int) -> np.ndarray:
    """What one scanpath over objects does.

    Parameters
    ----------
    objects : (n,) int
        Objects that were looked at, in order.
    target : int
        The one that was looked for.

    Returns
    -------
    (5,) float, in order of :data:`BEHAVIOUR`: whether the last fixation is on the target; number of fixations; shares
    of them that look at an object for the first time, again while the gaze stays on it, or anew after it had left.

    Raises
    ------
    DataError
        No fixation.

    Notes
    -----
    Fang et al. (2024), ECCV (OAT). Of a run of fixations on one object the first is a search where the object is new,
    else a revisit; the others are refixations.
    """
    objects = np.asarray(objects)
    if objects.ndim != 1 or not len(objects):
        raise DataError(f"objects of shape {objects.shape}", where="behaviour", remedy="Give one fixation or more")
    new = np.zeros(len(objects), bool)
    new[np.unique(objects, return_index=True)[1]] = True
    stays = np.concatenate([[False], objects[1:] == objects[:-1]])
    shares = new.mean(), stays.mean(), (~new & ~stays).mean()
    return np.array([objects[-1] == target, len(objects), *shares], float)


def behavioural_delta(model: np.ndarray, human: np.ndarray) -> float:
    """Mean over behaviours of |model - human| / human.

    Parameters
    ----------
    model, human : (5,) float
        Means over scanpaths of :func:`behaviour`. Behaviours that people never show (0) are left out, as the quotient
        has no value; NaN where nothing is left.
    """
    model, human = np.asarray(model, float), np.asarray(human, float)
    shown = human > 0
    if not shown.any():
        return float("nan")
    return float(np.mean(np.abs(model - human)[shown] / human[shown]))
