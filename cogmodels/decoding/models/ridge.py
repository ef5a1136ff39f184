"""Ridge regression, each subject by itself: what every model across subjects has to beat."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cogmodels.decoding.linear import fit_nested, weights_of
from cogmodels.decoding.subjects import Part, Targets


class SubjectRidge:
    """One ridge regression a subject (Hoerl & Kennard 1970), its strength chosen on its own training stimuli.

    Parameters
    ----------
    parts : sequence of Part
        Training trials of each subject.
    targets : Targets
    grid : list of float
        Strengths tried.
    dimensions, seed : int
        Not used.
    """

    def __init__(
        self, parts: Sequence[Part], targets: Targets, *, grid: list[float], dimensions: int = 0, seed: int = 0
    ) -> None:
        self.targets, self.grid = targets, grid
        self.choices: list[dict[str, object]] = []
        self._fitted: dict[str, object] = {}
        for part in parts:
            self.add(part)

    def add(self, part: Part) -> None:
        """Fit one more subject; nothing is carried over from the others."""
        wished = self.targets.image[part.codes]
        fitted, strength, inner = fit_nested("ridge", self.grid, part.responses(), wished, part.codes)
        self._fitted[part.subject] = fitted
        self.choices.append({"subject": part.subject, "strength": strength, "inner_score": inner})

    def predict(self, subject: str, values: np.ndarray) -> np.ndarray:
        """Features (n, d) decoded from responses (n, n_features) of a subject."""
        return self._fitted[subject].predict(np.asarray(values, dtype=np.float32))

    def weights(self) -> dict[str, np.ndarray]:
        """Scaler and coefficients of each subject."""
        return {
            f"sub-{subject}/{name}": array
            for subject, fitted in self._fitted.items()
            for name, array in weights_of(fitted).items()
        }
