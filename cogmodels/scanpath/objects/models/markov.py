"""How far, in rows and columns, people go from one object to the next; and, with guidance, how near to the target."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from cogmodels.scanpath.objects.layouts import Layouts
from cogmodels.scanpath.objects.model import StepModel
from cogmodels.scanpath.objects.sequences import Sequences

#: What is tried: displacements added to each, as if they had been seen and expected; weight of the target's part.
PSEUDO, GUIDANCE = (0.1, 0.3, 1.0, 3.0), (0.25, 0.5, 0.75, 1.0)


class MarkovObject(StepModel):
    """p(next) ~ R(place of next - place of last): displacements made over those that layouts offered.

    Places are rows and columns. The first object is drawn by how often each place was the first. What smooths is
    chosen by the validation sequences.
    """

    def _learn(self, layouts: Layouts, train: Sequences, validation: Sequences) -> pd.DataFrame:
        self.size = layouts.rows_columns
        trials, rows = self._counted(layouts, train), []
        for pseudo, weight in product(PSEUDO, GUIDANCE if self.guided else (0.0,)):
            self._set(trials, pseudo, weight)
            rows.append((pseudo, weight, self.bits(layouts, validation)))
        table = pd.DataFrame(rows, columns=["pseudo_count", "target_weight", "validation_bits"])
        best = table.loc[table["validation_bits"].idxmax()]
        self._set(trials, best["pseudo_count"], best["target_weight"])
        return table

    def _counted(self, layouts: Layouts, train: Sequences) -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """Displacements made and offered: from the middle place at the start, from the last, from the target."""
        shape = 2 * self.size[0] - 1, 2 * self.size[1] - 1
        found = {name: (np.zeros(shape), np.zeros(shape)) for name in ("first", "last", "target")}
        for row in range(len(train)):
            scene, path = int(train.scene[row]), train.path(row)
            here, there = layouts.place[scene], layouts.there[scene]
            for step, chosen in enumerate(path):
                origins = {"target": here[layouts.target[scene]]}
                origins |= {"last": here[path[step - 1]]} if step else {"first": np.array(self.size) // 2}
                for name, origin in origins.items():
                    at = here - origin + np.array(self.size) - 1
                    found[name][0][tuple(at[chosen])] += 1
                    np.add.at(found[name][1], tuple(at[there].T), 1.0)
        return found

    def _set(self, counted: dict[str, tuple[np.ndarray, np.ndarray]], pseudo: float, weight: float) -> None:
        self.weight, self.ratio = weight, {}
        for name, (made, offered) in counted.items():
            expected = offered * made.sum() / offered.sum()
            self.ratio[name] = np.log(made + pseudo) - np.log(expected + pseudo)

    def next_mass(self, layouts: Layouts, scene: int, history: np.ndarray) -> np.ndarray:
        here = layouts.place[scene]
        name, origin = ("last", here[history[-1]]) if len(history) else ("first", np.array(self.size) // 2)
        score = self.ratio[name][self._at(here - origin)]
        if self.weight:
            score = score + self.weight * self.ratio["target"][self._at(here - here[layouts.target[scene]])]
        mass = np.exp(score - score.max()) * layouts.there[scene]
        return mass / mass.sum()

    def _at(self, apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where displacements (N, 2) stand in a table of them; larger ones at its edge."""
        size = np.array(self.size)
        row, column = np.clip(apart + size - 1, 0, 2 * size - 2).T
        return row, column

    def weights(self) -> dict[str, np.ndarray]:
        return super().weights() | {f"ratio_{name}": one for name, one in self.ratio.items()}


class GuidedMarkov(MarkovObject):
    """The same, times R(place of next - place of the target)^weight; the end depends on being on the target."""

    guided = True
