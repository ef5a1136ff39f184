"""From each object to one that is near."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from cogmodels.scanpath.objects.layouts import Layouts
from cogmodels.scanpath.objects.model import StepModel
from cogmodels.scanpath.objects.sequences import Sequences

#: What is tried: reach in steps between neighbours, factor of objects that were looked at already.
REACHES, RETURNS = (0.25, 0.5, 1.0, 2.0, 4.0), (1.0, 0.5, 0.2, 0.05)


class NearestObject(StepModel):
    """p(next) ~ exp(-distance / reach), less for objects that were looked at already, the present one among them.

    Distances are of the boxes' middles, in units of the median distance to the nearest neighbour; the first object is
    near the middle of the scene. Reach and the factor of returns are chosen by the validation sequences. (Always the
    nearest that is new, which people do not do, is worse than any object in likelihood.)
    """

    def _learn(self, layouts: Layouts, train: Sequences, validation: Sequences) -> pd.DataFrame:
        rows = []
        for self.reach, self.returns in product(REACHES, RETURNS):
            rows.append((self.reach, self.returns, self.bits(layouts, validation)))
        table = pd.DataFrame(rows, columns=["reach", "returns", "validation_bits"])
        best = table.loc[table["validation_bits"].idxmax()]
        self.reach, self.returns = float(best["reach"]), float(best["returns"])
        return table

    def next_mass(self, layouts: Layouts, scene: int, history: np.ndarray) -> np.ndarray:
        there, centres = layouts.there[scene], layouts.centres(scene)
        start = centres[history[-1]] if len(history) else layouts.size_px[scene] / 2
        score = -np.hypot(*(centres - start).T) / layouts.spacing(scene) / self.reach
        score[history] += np.log(self.returns)
        mass = np.exp(score - score[there].max()) * there
        return mass / mass.sum()

    def weights(self) -> dict[str, np.ndarray]:
        return super().weights() | {"reach": np.array([self.reach]), "returns": np.array([self.returns])}
