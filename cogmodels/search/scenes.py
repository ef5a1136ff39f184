"""What a searcher is given: scenes of one size, what to look for in each, where it is, and how the search goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cogmodels.data.displays import DisplaySet, ImageFiles
from cogmodels.errors import DataError


@dataclass(frozen=True)
class Task:
    """What a model has to know of displays or scenes, whatever else an experiment has.

    ``blur``: sizes and sigmas of the two Gaussians that models subtract. ``most_fixations``: where they give up, the
    start included. ``window_px``, ``found_px``: sides of the window that is not looked at again, and of that which the
    target has to reach into. ``at_start``: whether it can be found where the search starts.
    """

    name: str
    title: str
    most_fixations: int
    blur: tuple[tuple[int, float], tuple[int, float]]
    px_per_degree: float = 30.0
    window_px: int = 64
    found_px: int = 10
    at_start: bool = False


def task_of(about: Mapping[str, Any]) -> Task:
    """The task of a set of displays or scenes."""
    values = {name: about[name] for name in Task.__dataclass_fields__ if name in about}
    return Task(**values | {"blur": tuple((int(size), float(sigma)) for size, sigma in about["blur"])})


@dataclass(frozen=True)
class Scenes:
    """Search trials whose images have one size.

    images : (n, height, width) or (n, height, width, 3) uint8, or ImageFiles
    targets : (k,) images of targets, each (h, w) or (h, w, 3) uint8, all different
    target_of : (n,) int, which of them each trial is about
    boxes : (n, 4) int, top, left, bottom, right (px, the last two excluded) of the target; -1 where it is absent
    cells : (c, 4) int likewise, or None where anything may be fixated
    background : int
        Grey level beyond the scene's edges.
    areas : (n, 4) int likewise, or None where all of each image is scene
        What is beyond them is padding and never fixated.
    """

    images: np.ndarray | ImageFiles
    targets: tuple[np.ndarray, ...]
    target_of: np.ndarray
    boxes: np.ndarray
    cells: np.ndarray | None
    background: int = 0
    areas: np.ndarray | None = None

    def __post_init__(self) -> None:
        n = len(self.images)
        if self.images.ndim not in (3, 4) or (self.images.ndim == 4 and self.images.shape[-1] != 3) or not n:
            raise DataError(
                f"images of shape {self.images.shape}",
                where="scenes",
                remedy="Give (n, h, w) or (n, h, w, 3), n above 0",
            )
        if self.images.dtype != np.uint8:
            raise DataError(f"images of type {self.images.dtype}", where="scenes", remedy="Give grey levels as uint8")
        if self.boxes.shape != (n, 4) or self.target_of.shape != (n,):
            raise DataError(
                f"{n} images, boxes {self.boxes.shape}, targets {self.target_of.shape}",
                where="scenes",
                remedy="Give one box and one target an image",
            )
        for k, target in enumerate(self.targets):
            if target.shape[0] > self.height or target.shape[1] > self.width:
                raise DataError(
                    f"target {k} has {target.shape[0]} x {target.shape[1]} px, the scene {self.height} x {self.width}",
                    where="scenes",
                    remedy="Cut the target out of its image, or shrink it to the size it has in the scene",
                )

    @property
    def height(self) -> int:
        return self.images.shape[1]

    @property
    def width(self) -> int:
        return self.images.shape[2]

    def __len__(self) -> int:
        return len(self.images)


def scenes_of_displays(displays: DisplaySet) -> Scenes:
    """The scenes of a set of displays."""
    names, trials, areas = list(displays.targets), displays.trials, None
    if "factor" in trials:
        corner = trials[["y0", "x0"]].to_numpy()
        size = np.rint(trials[["height", "width"]].to_numpy() * trials[["factor"]].to_numpy()).astype(int)
        areas = np.column_stack([corner, corner + np.maximum(size, 1)])
    return Scenes(
        displays.images,
        tuple(displays.targets[name] for name in names),
        np.array([names.index(name) for name in trials["target"]]),
        trials[["top", "left", "bottom", "right"]].to_numpy(),
        None if displays.about["cells"] is None else np.array(displays.about["cells"]),
        displays.about["background"],
        areas,
    )
