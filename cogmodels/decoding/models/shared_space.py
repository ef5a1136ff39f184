"""What the linear models share that first bring subjects into one space, then decode from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np

from cogmodels.decoding.linear import fit_nested, weights_of
from cogmodels.decoding.subjects import Part, Scaler, Targets, averaged, check_shared, fit_scaler
from cogmodels.fmri.alignment import SharedSpace


class SharedSpaceRidge(ABC):
    """One ridge regression from a space that subjects share; a kind of space is a subclass.

    The space is fitted on each subject's mean response to each training stimulus (voxels standardised), the regression
    on all subjects' single training trials in it.

    Parameters
    ----------
    parts : sequence of Part
        Training trials of each subject, with stimuli in common.
    targets : Targets
    grid : list of float
        Strengths tried.
    dimensions : int
        Of the space.
    seed : int

    Raises
    ------
    DataError
        A subject that shares too few stimuli with the others; more dimensions than voxels or stimuli.
    """

    method = "a shared space"

    def __init__(
        self, parts: Sequence[Part], targets: Targets, *, grid: list[float], dimensions: int, seed: int = 0
    ) -> None:
        for part in parts:
            check_shared(part, parts, self.method)
        self.parts = list(parts)
        self.scalers: dict[str, Scaler] = {part.subject: fit_scaler(part) for part in parts}
        codes, means = zip(*(averaged(part, self.scalers[part.subject]) for part in parts), strict=True)
        self.space = self.fit_space(list(means), list(codes), dimensions, seed)
        self.order = [part.subject for part in parts]
        values = np.concatenate([self._shared(part.subject, part.responses()) for part in parts])
        stimuli = np.concatenate([part.codes for part in parts])
        self._fitted, strength, inner = fit_nested("ridge", grid, values, targets.image[stimuli], stimuli)
        self.choices: list[dict[str, object]] = [{"subject": "all", "strength": strength, "inner_score": inner}]

    @abstractmethod
    def fit_space(
        self, responses: list[np.ndarray], samples: list[np.ndarray], dimensions: int, seed: int
    ) -> SharedSpace:
        """The space of mean responses (n_stimuli_i, n_voxels_i) to the stimuli ``samples`` (n_stimuli_i,)."""

    def add(self, part: Part) -> None:
        """Bring one more subject into the space by its trials; space and regression stay as they are."""
        check_shared(part, self.parts, self.method)
        # A stimulus that nobody in the space has seen says nothing about where the subject belongs in it.
        part = part.of(self.space.samples)
        self.scalers[part.subject] = fit_scaler(part)
        codes, means = averaged(part, self.scalers[part.subject])
        self.space = self.space.add(means, codes)
        self.order.append(part.subject)

    def predict(self, subject: str, values: np.ndarray) -> np.ndarray:
        """Features (n, d) decoded from responses (n, n_features) of a subject."""
        return self._fitted.predict(self._shared(subject, values))

    def weights(self) -> dict[str, np.ndarray]:
        """Scaler and map of each subject, and the regression."""
        found = {f"decoder/{name}": array for name, array in weights_of(self._fitted).items()}
        for position, subject in enumerate(self.order):
            scaler = self.scalers[subject]
            found |= {f"sub-{subject}/mean": scaler.mean, f"sub-{subject}/scale": scaler.scale}
            found[f"sub-{subject}/map"] = np.ascontiguousarray(self.space.maps[position], dtype=np.float32)
            found[f"sub-{subject}/offset"] = self.space.means[position].astype(np.float32)
        return found

    def _shared(self, subject: str, values: np.ndarray) -> np.ndarray:
        return self.space.transform(self.scalers[subject](values), self.order.index(subject))
