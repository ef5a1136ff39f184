"""Fixations tables as scanpaths of images, and what is counted of them; light to import."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from cogmodels.scanpath.viewing import Paths, Pictures, pad_paths, view_name


def quantities(paths: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """Amplitudes (px) and directions (degrees, upwards positive) of saccades, durations (s), numbers of fixations."""
    moves = np.concatenate([np.diff(path[:, :2], axis=0) for path in paths])
    direction = np.degrees(np.arctan2(-moves[:, 1], moves[:, 0]))
    durations = np.concatenate([path[:, 2] for path in paths])
    return {
        "amplitude": np.hypot(*moves.T),
        "direction": direction,
        "duration": durations[np.isfinite(durations)],
        "length": np.array([len(path) for path in paths], float),
    }


def paths_by_image(table: pd.DataFrame) -> dict[str, list[np.ndarray]]:
    """Scanpaths (k, 3) of a Fixations table by stimulus, of searches by stimulus and target (:func:`view_name`)."""
    keys = ["stimulus", "target", "subject", "trial"]
    number = table.groupby(keys, sort=True, dropna=False).ngroup().to_numpy()
    order = np.argsort(number, kind="stable")
    firsts = np.flatnonzero(np.diff(number[order], prepend=-1))
    values = table[["x", "y", "duration"]].to_numpy(float)[order]
    heads = table[["stimulus", "target"]].iloc[order[firsts]]
    found: dict[str, list[np.ndarray]] = {}
    for (stimulus, target), path in zip(heads.itertuples(index=False), np.split(values, firsts[1:]), strict=True):
        found.setdefault(view_name(stimulus, target), []).append(path)
    return found


def images_of_views(table: pd.DataFrame) -> dict[str, str]:
    """The stimulus of each view of a Fixations table."""
    pairs = table[["stimulus", "target"]].drop_duplicates()
    return {view_name(stimulus, target): stimulus for stimulus, target in pairs.itertuples(index=False)}


def paths_of_parts(
    fixations: pd.DataFrame, splits: pd.DataFrame, size_px: tuple[int, int]
) -> tuple[dict[str, Paths], Pictures]:
    """People's scanpaths by part, and their images without maps."""
    splits, fixations = (table.assign(trial=table["trial"].astype(str)) for table in (splits, fixations))
    names = sorted(set(splits["stimulus"]))
    people = sorted(set(fixations["subject"]))
    return pad_paths(fixations, names, people, splits), Pictures(tuple(names), size_px)
