"""The loop that all search models share: look where priority is highest, remember where one was, stop at the target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cogmodels.errors import DataError
from cogmodels.search.scenes import Scenes

#: RT_ms = slope * fixations + intercept (Gupta et al. 2021).
RT_MS_PER_FIXATION, RT_MS_BASE = 252.359, 376.271


@dataclass(frozen=True)
class Rules:
    """How a search goes on and when it ends.

    Parameters
    ----------
    most_fixations : int
        The search ends with this many, the one it starts with included.
    inhibition : {"cell", "window"}
        What a fixation takes out of the race: its cell (which is also painted with background), or a square around it.
    window_px : int
        Side of that square.
    memory : int, optional
        How many fixations back one remembers; all by default.
    recognition : {"oracle", "similarity"}
        ``oracle``: the target is found where its box reaches into a square of ``found_px`` around the fixation.
        ``similarity``: where what lies at the fixation is at least ``threshold`` like the target (cosine of features);
        then a distractor can be taken for it, and the search ends there too.
    found_px, threshold : float
    at_start : bool
        Whether the target can be found on the fixation that the search starts with.
    temperature : float
        0: the highest priority wins. Above: places are drawn with probabilities ``exp(priority / temperature)``,
        priority scaled to 0 ... 1.
    """

    most_fixations: int = 17
    inhibition: Literal["cell", "window"] = "cell"
    window_px: int = 64
    memory: int | None = None
    recognition: Literal["oracle", "similarity"] = "oracle"
    found_px: int = 10
    threshold: float = 0.9
    at_start: bool = False
    temperature: float = 0.0

    def __post_init__(self) -> None:
        wrong = [
            self.most_fixations < 2 and "most_fixations below 2",
            self.inhibition not in ("cell", "window") and f"inhibition `{self.inhibition}`",
            self.recognition not in ("oracle", "similarity") and f"recognition `{self.recognition}`",
            self.memory is not None and self.memory < 1 and "memory below 1",
            not self.temperature >= 0 and "temperature below 0",
            (self.window_px < 1 or self.found_px < 1) and "window_px or found_px below 1",
        ]
        if any(wrong):
            raise DataError(", ".join(filter(None, wrong)), where="search rules", remedy="See docs/search.md")


@dataclass
class View:
    """What a model sees before it chooses.

    trials : (b,) int, indices into the scenes
    images : (b, height, width) or (b, height, width, 3) uint8, with what is inhibited painted over
    gaze : (b, 2) int, row and column
    allowed : (b, height, width) bool, where it may look next
    """

    trials: np.ndarray
    images: np.ndarray
    gaze: np.ndarray
    allowed: Tensor


class SearchModel(Protocol):
    """What gives each place of a scene its priority."""

    def start(self, scenes: Scenes, seed: int) -> None:
        """Prepare for a set of scenes."""

    def priority(self, view: View) -> Tensor:
        """Priority (b, height, width) of each pixel."""

    def likeness(self, view: View) -> np.ndarray:
        """How like the target that is which lies at the gaze (b,), -1 to 1; only for recognition by similarity."""


def search(
    model: SearchModel,
    scenes: Scenes,
    rules: Rules | None = None,
    *,
    seed: int = 0,
    batch_size: int = 8,
    progress: Callable[[int], Any] | None = None,
) -> pd.DataFrame:
    """Search all scenes, many at a time.

    Parameters
    ----------
    model : SearchModel
    scenes : Scenes
    rules : Rules, optional
    seed : int
        Of all that is random; a trial's choices do not depend on the batch it is in.
    batch_size : int
        Trials at a time: it bounds memory and changes nothing else.
    progress : callable, optional
        Called with the number of trials that have ended since the last call.

    Returns
    -------
    fixations : DataFrame
        A row a fixation: trial, index (0 is the centre of the scene, where the search starts), x, y (px), target
        (whether it is on the target), found (whether the search ended here because it took this for the target).

    Raises
    ------
    DataError
        Inhibition of cells without cells.
    """
    rules = rules or Rules()
    if rules.inhibition == "cell" and scenes.cells is None:
        raise DataError(
            "inhibition of cells, but the scenes have none",
            where="search",
            remedy="Use inhibition `window` where items do not lie on a grid",
        )
    model.start(scenes, seed)
    parts = {}
    waiting, active = list(range(len(scenes))), []
    # Trials that end make room for others, so that batches stay full.
    while waiting or active:
        while waiting and len(active) < batch_size:
            active.append(_Trial(waiting.pop(0), scenes, rules, seed))
        _advance(model, scenes, rules, active)
        ended = [trial for trial in active if trial.over]
        over, active = len(ended), [trial for trial in active if not trial.over]
        # Of what has ended, the path is kept, not the picture.
        parts |= {trial.number: trial.table() for trial in ended}
        del ended
        if progress and over:
            progress(over)
    return pd.concat([parts[number] for number in sorted(parts)], ignore_index=True)


class _Trial:
    """One search as it goes on."""

    def __init__(self, number: int, scenes: Scenes, rules: Rules, seed: int) -> None:
        self.number, self.scenes, self.rules = number, scenes, rules
        self.rng = np.random.default_rng([seed, number])
        self.original = scenes.images[number]
        self.image = self.original.copy()
        self.places: list[tuple[int, int]] = [(scenes.height // 2, scenes.width // 2)]
        self.found, self.over = False, False
        self.allowed = np.zeros((scenes.height, scenes.width), bool)
        if scenes.cells is None:
            top, left, bottom, right = (0, 0, *self.allowed.shape) if scenes.areas is None else scenes.areas[number]
            self.allowed[top:bottom, left:right] = True
        else:
            for top, left, bottom, right in scenes.cells:
                self.allowed[top:bottom, left:right] = True
        self._free = self.allowed.copy()
        self._fresh = True
        if rules.inhibition == "window":
            self._inhibit()

    def on_target(self, place: tuple[int, int]) -> bool:
        """Whether the target's box reaches into the square around a place."""
        top, left, bottom, right = self.scenes.boxes[self.number]
        first = [at - self.rules.found_px // 2 for at in place]
        last = [at + self.rules.found_px for at in first]
        return bool(top >= 0 and first[0] < bottom and last[0] > top and first[1] < right and last[1] > left)

    def move(self, place: tuple[int, int]) -> None:
        """Look at a place."""
        self.places.append(place)
        self._inhibit()

    def _inhibit(self) -> None:
        """Take out what was looked at, as far as it is remembered."""
        remembered = self.places[-self.rules.memory :] if self.rules.memory else self.places
        if self.rules.memory:
            self.allowed = self._free.copy()
            if self.rules.inhibition == "cell":
                self.image = self.original.copy()
        else:
            remembered = self.places[-1:]
        for row, column in remembered:
            if self.rules.inhibition == "window":
                half = self.rules.window_px // 2
                self.allowed[max(row - half, 0) : row + half, max(column - half, 0) : column + half] = False
                continue
            # The start is no choice: it inhibits nothing.
            if (row, column) == self.places[0] and len(self.places) == 1:
                continue
            for top, left, bottom, right in self.scenes.cells:
                if top <= row < bottom and left <= column < right:
                    self.allowed[top:bottom, left:right] = False
                    self.image[top:bottom, left:right] = self.scenes.background

    def table(self) -> pd.DataFrame:
        n = len(self.places)
        rows, columns = np.array(self.places).T
        found = np.zeros(n, bool)
        found[-1] = self.found
        on = [self.on_target(place) for place in self.places]
        return pd.DataFrame(
            {"trial": self.number, "index": np.arange(n), "x": columns, "y": rows, "target": on, "found": found}
        )


def _view(active: list[_Trial]) -> View:
    return View(
        np.array([trial.number for trial in active]),
        np.stack([trial.image for trial in active]),
        np.array([trial.places[-1] for trial in active]),
        torch.from_numpy(np.stack([trial.allowed for trial in active])),
    )


def _advance(model: SearchModel, scenes: Scenes, rules: Rules, active: list[_Trial]) -> None:
    """One more fixation of each trial."""
    starting = [trial for trial in active if len(trial.places) == 1 and trial._fresh]
    for trial in starting:
        trial._fresh = False
    if rules.at_start and starting:
        _recognise(model, rules, starting)
    going = [trial for trial in active if not trial.over and trial.allowed.any()]
    for trial in active:
        trial.over = trial.over or not trial.allowed.any()
    if not going:
        return
    view = _view(going)
    priority = model.priority(view)
    for trial, place in zip(going, _choose(priority, view.allowed, rules.temperature, going), strict=True):
        trial.move(place)
    _recognise(model, rules, going)
    for trial in going:
        trial.over = trial.over or len(trial.places) >= rules.most_fixations


def _recognise(model: SearchModel, rules: Rules, trials: list[_Trial]) -> None:
    """End the trials whose last fixation is taken for the target."""
    if rules.recognition == "oracle":
        hits = [trial.on_target(trial.places[-1]) for trial in trials]
    else:
        view = View(
            np.array([trial.number for trial in trials]),
            np.stack([trial.original for trial in trials]),
            np.array([trial.places[-1] for trial in trials]),
            torch.empty(0),
        )
        hits = (model.likeness(view) >= rules.threshold).tolist()
    for trial, hit in zip(trials, hits, strict=True):
        trial.found = trial.over = bool(hit)


def _choose(priority: Tensor, allowed: Tensor, temperature: float, trials: list[_Trial]) -> list[tuple[int, int]]:
    """Row and column of the next fixation of each trial; of equal ones the first in reading order."""
    height, width = priority.shape[1:]
    if not torch.isfinite(priority).all():
        raise DataError(
            "priorities that are not finite", where="search", remedy="Look at the model's weights and input"
        )
    if temperature > 0:
        low, high = priority.amin((1, 2), keepdim=True), priority.amax((1, 2), keepdim=True)
        scaled = (priority - low) / (high - low).clamp(min=torch.finfo(priority.dtype).tiny)
        # The largest of values with Gumbel noise is a draw from their softmax.
        noise = np.stack([trial.rng.gumbel(size=(height, width)) for trial in trials])
        priority = scaled.double() / temperature + torch.from_numpy(noise).to(priority.device)
    flat = priority.masked_fill(~allowed.to(priority.device), -torch.inf).flatten(1)
    return [divmod(at, width) for at in flat.argmax(1).tolist()]


def count_fixations(fixations: pd.DataFrame, set_sizes: np.ndarray) -> pd.DataFrame:
    """Number of fixations that each search took, and its reaction time.

    Parameters
    ----------
    fixations : DataFrame
        As :func:`search` returns it.
    set_sizes : (n,) int
        Items of each trial: what counts where the target was never found.

    Returns
    -------
    DataFrame
        trial, found, n_fixations (the start does not count), rt_ms.
    """
    last = fixations.groupby("trial").last()
    found = last["found"].to_numpy()
    n = np.where(found, last["index"].to_numpy(), np.asarray(set_sizes)[last.index.to_numpy()])
    return pd.DataFrame(
        {"trial": last.index, "found": found, "n_fixations": n, "rt_ms": RT_MS_PER_FIXATION * n + RT_MS_BASE}
    )
