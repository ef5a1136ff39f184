"""Ridge regression from hyperalignment's space."""

from __future__ import annotations

from functools import reduce

import numpy as np

from cogmodels.decoding.models.shared_space import SharedSpaceRidge
from cogmodels.decoding.subjects import MINIMUM_SHARED
from cogmodels.errors import DataError
from cogmodels.fmri.alignment import SharedSpace, fit_hyperalignment


class HyperalignmentRidge(SharedSpaceRidge):
    """Hyperalignment (Haxby et al. 2011) on the stimuli that all have seen, then one ridge regression for everybody."""

    method = "hyperalignment"

    def fit_space(
        self, responses: list[np.ndarray], samples: list[np.ndarray], dimensions: int, seed: int
    ) -> SharedSpace:
        """See :func:`cogmodels.fmri.alignment.fit_hyperalignment`."""
        common = reduce(np.intersect1d, samples)
        if len(common) < MINIMUM_SHARED:
            raise DataError(
                f"{len(common)} training stimuli were seen by all subjects, {self.method} needs {MINIMUM_SHARED} or "
                "more",
                where="training trials",
                remedy="Use `srm_ridge`, which lets subjects lack stimuli, or leave subjects out",
            )
        kept = [values[np.isin(codes, common)] for values, codes in zip(responses, samples, strict=True)]
        return fit_hyperalignment(kept, [common] * len(kept), features=dimensions)
