"""Anywhere, independently: the floor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.scanpath.model import StaticModel
from cogmodels.scanpath.viewing import Paths, Pictures


class Uniform(StaticModel):
    """Each fixation anywhere in the image; lengths and durations of the training scanpaths."""

    def _learn(
        self, pictures: Pictures, train: Paths, validation: Paths, seed: int, folder: Path | None
    ) -> pd.DataFrame:
        return pd.DataFrame({"choice": ["none"], "value": [np.nan]})

    def image_mass(self, pictures: Pictures, image: int) -> np.ndarray:
        return np.full(self.grid.cells, 1.0 / self.grid.n)
