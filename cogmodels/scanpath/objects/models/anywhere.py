"""Any object, independently: the floor."""

from __future__ import annotations

import numpy as np
import pandas as pd

from cogmodels.scanpath.objects.layouts import Layouts
from cogmodels.scanpath.objects.model import StepModel
from cogmodels.scanpath.objects.sequences import Sequences


class AnyObject(StepModel):
    """Each object as likely as any other; lengths as those of the training sequences."""

    def _learn(self, layouts: Layouts, train: Sequences, validation: Sequences) -> pd.DataFrame:
        return pd.DataFrame({"choice": ["none"], "value": [np.nan]})

    def next_mass(self, layouts: Layouts, scene: int, history: np.ndarray) -> np.ndarray:
        return layouts.there[scene] / layouts.there[scene].sum()
