"""Ridge regression from the mean brain: no alignment but the order of the voxels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cogmodels.decoding.linear import fit_nested, weights_of
from cogmodels.decoding.subjects import Part, Scaler, Targets, averaged, fit_scaler


class TemplateAverage:
    """Ridge regression on the mean of subjects, whose voxels are averaged in order to as many places as the smallest
    subject has.

    What a template by position alone can do where voxels do not correspond: a floor, which needs nothing of a new
    subject but the scale of its voxels.

    Parameters
    ----------
    parts, targets, grid
        As :class:`cogmodels.decoding.models.ridge.SubjectRidge` takes them.
    dimensions, seed : int
        Not used.
    """

    def __init__(
        self, parts: Sequence[Part], targets: Targets, *, grid: list[float], dimensions: int = 0, seed: int = 0
    ) -> None:
        self.size = min(part.width for part in parts)
        self.scalers: dict[str, Scaler] = {part.subject: fit_scaler(part) for part in parts}
        pairs = [averaged(part, self.scalers[part.subject]) for part in parts]
        stimuli = np.unique(np.concatenate([codes for codes, _ in pairs]))
        total, count = np.zeros((len(stimuli), self.size)), np.zeros(len(stimuli))
        for codes, values in pairs:
            place = np.searchsorted(stimuli, codes)
            total[place] += average_pool(values, self.size)
            count[place] += 1
        wished = targets.image[stimuli]
        self._fitted, strength, inner = fit_nested("ridge", grid, total / count[:, None], wished, stimuli)
        self.choices: list[dict[str, object]] = [{"subject": "all", "strength": strength, "inner_score": inner}]

    def add(self, part: Part) -> None:
        """Only the scale of a new subject's voxels is learnt."""
        self.scalers[part.subject] = fit_scaler(part)

    def predict(self, subject: str, values: np.ndarray) -> np.ndarray:
        """Features (n, d) decoded from responses (n, n_features) of a subject."""
        return self._fitted.predict(average_pool(self.scalers[subject](values), self.size))

    def weights(self) -> dict[str, np.ndarray]:
        """Scaler of each subject, and the regression."""
        found = {f"decoder/{name}": array for name, array in weights_of(self._fitted).items()}
        for subject, scaler in self.scalers.items():
            found |= {f"sub-{subject}/mean": scaler.mean, f"sub-{subject}/scale": scaler.scale}
        return found


def average_pool(values: np.ndarray, size: int) -> np.ndarray:
    """Means (n, size) of the windows floor(j v / size) .. ceil((j + 1) v / size) - 1 of the columns of (n, v)."""
    width = values.shape[1]
    first = np.arange(size) * width // size
    last = -(-(np.arange(1, size + 1) * width) // size)
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1, dtype=np.float64)], axis=1)
    return (sums[:, last] - sums[:, first]) / (last - first)
