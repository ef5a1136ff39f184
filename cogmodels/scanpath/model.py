"""What every scanpath model can do, whatever it is made of."""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cogmodels.scanpath.grid import Grid
from cogmodels.scanpath.viewing import Paths, Pictures

if TYPE_CHECKING:
    from sklearn.mixture import GaussianMixture


class Marginals:
    """Lengths and durations of the training scanpaths, regardless of image and history.

    Durations: a mixture of log-normal distributions (n_components = 5), fitted to their logarithms; unknown ones
    (NaN) stay unknown.
    """

    def __init__(self, train: Paths, seed: int = 0) -> None:
        self.lengths, self._seed = train.lengths, seed
        durations = train.flat()[1].astype(float)
        self._durations = durations[np.isfinite(durations)]

    @functools.cached_property
    def mixture(self) -> GaussianMixture | None:
        """Of log durations; None where hardly any is known."""
        if len(self._durations) <= 50:
            return None
        # Scores of places ask for no duration, and need not wait for this import.
        from sklearn.mixture import GaussianMixture

        return GaussianMixture(5, random_state=self._seed, reg_covar=1e-4).fit(np.log(self._durations)[:, None])

    def log_duration(self, paths: Paths) -> np.ndarray | None:
        """Natural log density, per s, of each duration (n, steps); NaN beyond the paths."""
        if self.mixture is None:
            return None
        found = np.full(paths.duration.shape, np.nan)
        logs = np.log(paths.flat()[1].astype(float))
        found[paths.there] = self.mixture.score_samples(logs[:, None]) - logs
        return found

    def durations(self, n: int, generator: np.random.Generator) -> np.ndarray:
        """``n`` durations, s."""
        if self.mixture is None:
            return np.full(n, np.nan)
        which = generator.choice(len(self.mixture.weights_), size=n, p=self.mixture.weights_)
        spread = np.sqrt(self.mixture.covariances_[which, 0, 0])
        return np.exp(self.mixture.means_[which, 0] + spread * generator.standard_normal(n))

    def length(self, generator: np.random.Generator) -> int:
        """A number of fixations."""
        return int(generator.choice(self.lengths))


class ScanpathModel(ABC):
    """A distribution of scanpaths given an image.

    A model without densities returns None where they are asked for. What it says of a fixation depends on the image
    and the fixations before it alone.
    """

    def __init__(self, cell_px: float = 10.0) -> None:
        self.cell_px = cell_px

    def fit(self, pictures: Pictures, train: Paths, validation: Paths, *, seed: int = 0, folder: Path | None = None):
        """Learn from the training scanpaths; what is chosen is chosen by the validation scanpaths.

        Returns
        -------
        choices : DataFrame
            What was chosen, or a row an epoch.
        """
        self.grid = Grid.of_side(pictures.size_px, self.cell_px)
        self.marginals = Marginals(train, seed)
        return self._learn(pictures, train, validation, seed, folder)

    @abstractmethod
    def _learn(
        self, pictures: Pictures, train: Paths, validation: Paths, seed: int, folder: Path | None
    ) -> pd.DataFrame:
        """What :meth:`fit` does beside the marginals."""

    @abstractmethod
    def sample(self, pictures: Pictures, image: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        """``n`` scanpaths (k, 3) of an image: x, y (px), duration (s)."""

    def step_maps(self, pictures: Pictures, paths: Paths) -> Iterator[np.ndarray] | None:
        """Of each path the mass (k, rows, columns) on ``grid`` of each next fixation given those before."""
        return None

    def log_density(self, pictures: Pictures, paths: Paths) -> np.ndarray | None:
        """Natural log density, per px^2, of each fixation given those before (n, steps); NaN beyond the paths."""
        maps = self.step_maps(pictures, paths)
        if maps is None:
            return None
        found = np.full(paths.xy.shape[:2], np.nan)
        for row, mass in enumerate(maps):
            k = paths.lengths[row]
            at = self.grid.index(*paths.xy[row, :k].T)
            with np.errstate(divide="ignore"):
                found[row, :k] = np.log(mass[np.arange(k), *at]) - np.log(self.grid.cell_area)
        return found

    def log_duration(self, pictures: Pictures, paths: Paths) -> np.ndarray | None:
        """Natural log density, per s, of each duration (n, steps); NaN beyond the paths, None where unknown."""
        return self.marginals.log_duration(paths)

    def weights(self) -> dict[str, np.ndarray]:
        """What was learnt, by name."""
        return {"lengths": self.marginals.lengths.astype(np.int64)}


class StaticModel(ScanpathModel):
    """A density that does not depend on the history: :meth:`image_mass` of each image."""

    @abstractmethod
    def image_mass(self, pictures: Pictures, image: int) -> np.ndarray:
        """Mass (rows, columns) on ``grid``, sum 1."""

    def step_maps(self, pictures: Pictures, paths: Paths) -> Iterator[np.ndarray]:
        # People look at the same images: each is worked out once.
        known: dict[int, np.ndarray] = {}
        for image, k in zip(paths.image.tolist(), paths.lengths, strict=True):
            if image not in known:
                known[image] = self.image_mass(pictures, image)
            yield np.broadcast_to(known[image], (k, *known[image].shape))

    def sample(self, pictures: Pictures, image: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        mass, found = self.image_mass(pictures, image), []
        for _ in range(n):
            k = self.marginals.length(generator)
            places = self.grid.draw(mass, k, generator)
            found.append(np.column_stack([places, self.marginals.durations(k, generator)]))
        return found


def bits(log_density: np.ndarray) -> float:
    """Mean of natural logarithms (NaN left out), in bits."""
    return float(np.nanmean(log_density) / np.log(2))
