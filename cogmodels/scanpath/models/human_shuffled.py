"""Real scanpaths of the wrong image: right in everything but what is seen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.scanpath.model import ScanpathModel
from cogmodels.scanpath.viewing import Paths, Pictures


class HumanShuffled(ScanpathModel):
    """Scanpaths of training images, drawn at random for any image; it has no density."""

    def _learn(
        self, pictures: Pictures, train: Paths, validation: Paths, seed: int, folder: Path | None
    ) -> pd.DataFrame:
        self.paths = [train.path(row) for row in range(len(train))]
        return pd.DataFrame({"choice": ["none"], "value": [np.nan]})

    def sample(self, pictures: Pictures, image: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        # None twice: a small training part has fewer.
        n = min(n, len(self.paths))
        return [self.paths[row] for row in generator.choice(len(self.paths), size=n, replace=False)]
