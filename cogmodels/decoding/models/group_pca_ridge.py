"""Ridge regression from the principal components of all subjects' voxels together."""

from __future__ import annotations

from functools import reduce

import numpy as np

from cogmodels.decoding.models.shared_space import SharedSpaceRidge
from cogmodels.decoding.subjects import MINIMUM_SHARED
from cogmodels.errors import DataError
from cogmodels.fmri.alignment import SharedSpace


class GroupComponents(SharedSpace):
    """A shared space whose new subjects are regressed on, not rotated to, the components' scores."""

    def add(self, responses: np.ndarray, samples: np.ndarray | None = None) -> GroupComponents:
        """The space with one more subject, itself unchanged; arguments as :meth:`SharedSpace.add`."""
        place = np.searchsorted(self.samples, self.samples if samples is None else samples)
        scores = self.shared[place]
        mean, centre = responses.mean(axis=0), scores.mean(axis=0)
        loadings = np.linalg.lstsq(scores - centre, responses - mean, rcond=None)[0]
        # What the stimuli that the subject has average to in the space is not 0 where it lacks some.
        return GroupComponents(
            [*self.maps, np.linalg.pinv(loadings)],
            [*self.means, mean - centre @ loadings],
            self.shared,
            self.samples,
            np.append(self.noise, np.nan),
            self.history,
        )


class GroupPcaRidge(SharedSpaceRidge):
    """Principal components of the voxels of all subjects side by side, then one ridge regression for everybody.

    The components' scores over stimuli are common to all; a subject's trials are brought to them by least squares on
    its own block of the loadings, as in the back-projection of group PCA (Calhoun et al. 2001, Hum Brain Mapp 14,
    140-151). Needs stimuli that all have seen.
    """

    method = "group PCA"

    def fit_space(
        self, responses: list[np.ndarray], samples: list[np.ndarray], dimensions: int, seed: int
    ) -> SharedSpace:
        """Scores are scaled to unit variance; ``dimensions`` may not exceed the stimuli less one, or the voxels."""
        common = reduce(np.intersect1d, samples)
        most = min(len(common) - 1, *(values.shape[1] for values in responses))
        if len(common) < MINIMUM_SHARED or dimensions > most:
            raise DataError(
                f"{dimensions} components of {len(common)} training stimuli that all subjects have seen",
                where=f"training trials, {self.method}",
                remedy=f"Lower `dimensions` to {max(most, 1)} or less, or use `srm_ridge`, which lets subjects lack "
                "stimuli",
            )
        kept = [values[np.isin(codes, common)] for values, codes in zip(responses, samples, strict=True)]
        means = [values.mean(axis=0) for values in kept]
        centred = np.concatenate([values - mean for values, mean in zip(kept, means, strict=True)], axis=1)
        left, values, right = np.linalg.svd(centred, full_matrices=False)
        scores = left[:, :dimensions] * np.sqrt(len(common))
        loadings = values[:dimensions, None] / np.sqrt(len(common)) * right[:dimensions]
        edges = np.cumsum([part.shape[1] for part in kept])[:-1]
        maps = [np.linalg.pinv(block) for block in np.split(loadings, edges, axis=1)]
        return GroupComponents(maps, means, scores, common, np.full(len(kept), np.nan), np.array([]))
