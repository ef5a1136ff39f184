"""Ridge regression from the shared response model's space."""

from __future__ import annotations

import numpy as np

from cogmodels.decoding.models.shared_space import SharedSpaceRidge
from cogmodels.fmri.alignment import SharedSpace, fit_srm


class SrmRidge(SharedSpaceRidge):
    """Probabilistic shared response model (Chen et al. 2015), then one ridge regression for everybody.

    A new subject is rotated to the shared responses, which stay as they are.
    """

    method = "the shared response model"

    def fit_space(
        self, responses: list[np.ndarray], samples: list[np.ndarray], dimensions: int, seed: int
    ) -> SharedSpace:
        """See :func:`cogmodels.fmri.alignment.fit_srm`."""
        return fit_srm(responses, samples, features=dimensions, seed=seed)
