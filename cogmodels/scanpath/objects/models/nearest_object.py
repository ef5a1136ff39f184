"""From each object to the nearest that was not looked at yet."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.scanpath.objects.layouts import Layouts
from cogmodels.scanpath.objects.model import StepModel
from cogmodels.scanpath.objects.sequences import Sequences

#: What is tried: share of steps to any object.
SHARES = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9)


class NearestObject(StepModel):
    """The nearest object that was not looked at yet (equal ones share), mixed with any object.

    How often it is any object is chosen by the validation sequences. A search begins at the object nearest to the
    middle of the scene.
    """

    def _learn(self, layouts: Layouts, train: Sequences, validation: Sequences) -> pd.DataFrame:
        rows = []
        for self.share in SHARES:
            rows.append((self.share, self.bits(layouts, validation)))
        table = pd.DataFrame(rows, columns=["any_share", "validation_bits"])
        self.share = float(table.loc[table["validation_bits"].idxmax(), "any_share"])
        return table

    def next_mass(self, layouts: Layouts, scene: int, history: np.ndarray) -> np.ndarray:
        there, centres = layouts.there[scene], layouts.centres(scene)
        start = centres[history[-1]] if len(history) else layouts.size_px[scene] / 2
        apart = np.where(there, np.hypot(*(centres - start).T), np.inf)
        apart[history] = np.inf
        # Cells of a grid are as far as each other but for rounding.
        nearest = apart <= apart.min() + 1e-6
        if not np.isfinite(apart.min()):
            nearest = there
        return (1 - self.share) * nearest / nearest.sum() + self.share * there / there.sum()

    def weights(self) -> dict[str, np.ndarray]:
        return super().weights() | {"any_share": np.array([self.share])}
