"""What every model of sequences of objects can do: a distribution over the next object, or the end."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.scanpath.objects.layouts import Layouts
from cogmodels.scanpath.objects.sequences import Sequences


class ObjectModel(ABC):
    """A distribution of sequences of objects given a layout.

    What it says of a step depends on the layout and the steps before it alone. The end is one more choice, after the
    objects; it has no chance at the first step.
    """

    @abstractmethod
    def fit(
        self, layouts: Layouts, train: Sequences, validation: Sequences, *, seed: int = 0, folder: Path | None = None
    ) -> pd.DataFrame:
        """Learn from the training sequences; what is chosen is chosen by the validation sequences.

        Returns
        -------
        choices : DataFrame
            What was chosen, or a row an epoch.
        """

    @abstractmethod
    def log_next(self, layouts: Layouts, paths: Sequences) -> np.ndarray:
        """Natural log probability (n, steps + 1, N + 1) of each object, and of the end, given the steps before.

        Rows after a path's end, and objects that the scene has not, are -inf.
        """

    @abstractmethod
    def sample(self, layouts: Layouts, scene: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        """``n`` sequences (k,) of a scene, drawn."""

    def greedy(self, layouts: Layouts, scene: int) -> np.ndarray | None:
        """The sequence of likeliest steps; None where a model has no use for one."""
        return None

    @abstractmethod
    def weights(self) -> dict[str, np.ndarray]:
        """What was learnt, by name."""


class Endings:
    """How likely a sequence ends at each step: the share of training sequences that do, of those that come so far.

    Half an end in a hundred is added, so that no step is impossible or certain; after the longest training sequence
    the last share holds. ``on_target``: apart for sequences whose last object is the target.
    """

    def __init__(self, train: Sequences, target: np.ndarray | None = None) -> None:
        steps = np.arange(int(train.lengths.max()))
        there = steps < train.lengths[:, None]
        last = steps == train.lengths[:, None] - 1
        on = np.zeros_like(there) if target is None else train.objects[:, : len(steps)] == target[train.scene][:, None]
        self.hazard = np.stack([self._shares(last & side, there & side) for side in (~on, on)])
        if target is None:
            self.hazard[1] = self.hazard[0]

    @staticmethod
    def _shares(ends: np.ndarray, there: np.ndarray) -> np.ndarray:
        overall = (ends.sum() + 0.5) / (there.sum() + 1)
        # Steps that few come to lean on the overall share.
        return (ends.sum(0) + 5 * overall) / (there.sum(0) + 5)

    def after(self, step: int, on_target: bool) -> float:
        """Probability of the end after ``step`` (1 or more) objects."""
        return 0.0 if step == 0 else float(self.hazard[int(on_target), min(step, self.hazard.shape[1]) - 1])


class StepModel(ObjectModel):
    """A model that says of each history which object is next: :meth:`next_mass`."""

    #: Whether the end depends on being on the target.
    guided = False

    def fit(
        self, layouts: Layouts, train: Sequences, validation: Sequences, *, seed: int = 0, folder: Path | None = None
    ) -> pd.DataFrame:
        self.endings = Endings(train, layouts.target if self.guided else None)
        self.longest = int(train.lengths.max())
        return self._learn(layouts, train, validation)

    @abstractmethod
    def _learn(self, layouts: Layouts, train: Sequences, validation: Sequences) -> pd.DataFrame:
        """What :meth:`fit` does beside the endings."""

    @abstractmethod
    def next_mass(self, layouts: Layouts, scene: int, history: np.ndarray) -> np.ndarray:
        """Mass (N,) of the next object after ``history`` (k,), given that there is one."""

    def _mass(self, layouts: Layouts, scene: int, history: np.ndarray) -> np.ndarray:
        """With the end in the last place."""
        end = self.endings.after(len(history), bool(len(history)) and history[-1] == layouts.target[scene])
        return np.append((1 - end) * self.next_mass(layouts, scene, history), end)

    def log_next(self, layouts: Layouts, paths: Sequences) -> np.ndarray:
        n, steps = paths.objects.shape
        found = np.full((n, steps + 1, layouts.there.shape[1] + 1), -np.inf)
        with np.errstate(divide="ignore"):
            for row in range(n):
                path = paths.path(row)
                for step in range(len(path) + 1):
                    found[row, step] = np.log(self._mass(layouts, int(paths.scene[row]), path[:step]))
        return found

    def bits(self, layouts: Layouts, paths: Sequences) -> float:
        """Mean log2 probability of the next object, given that there is one."""
        total = [
            np.log2(self.next_mass(layouts, int(paths.scene[row]), path[:step])[path[step]])
            for row in range(len(paths))
            for path in [paths.path(row)]
            for step in range(len(path))
        ]
        return float(np.mean(total))

    def sample(self, layouts: Layouts, scene: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        found = []
        for _ in range(n):
            path = np.zeros(0, np.int64)
            while len(path) < self.longest:
                mass = self._mass(layouts, scene, path)
                chosen = int(generator.choice(len(mass), p=mass / mass.sum()))
                if chosen == len(mass) - 1:
                    break
                path = np.append(path, chosen)
            found.append(path)
        return found

    def weights(self) -> dict[str, np.ndarray]:
        return {"hazard": self.endings.hazard, "longest": np.array([self.longest])}
