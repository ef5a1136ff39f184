"""Scanpaths of a known process: saccades around the last fixation, and looks at a target that the image shows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri


@dataclass(frozen=True)
class GuidedWalk:
    """A next fixation is drawn around the target (``guidance``), else around the last one (the first: the middle).

    Each place is a Gaussian cut at the image's edges; the path ends after each fixation with probability ``end``;
    durations are log-normal.

    Parameters
    ----------
    size_px : (width, height)
    guidance : float
        Probability of a look at the target.
    target_px, saccade_px : float
        Standard deviations around the target, and of saccades on each axis.
    end : float
    median_s, spread : float
        Median duration, and standard deviation of its logarithm.
    """

    size_px: tuple[float, float] = (320.0, 240.0)
    guidance: float = 0.4
    target_px: float = 18.0
    saccade_px: float = 45.0
    end: float = 0.12
    median_s: float = 0.2
    spread: float = 0.4

    def targets(self, n: int, seed: int = 0) -> np.ndarray:
        """Places (n, 2) px of the targets of n images."""
        return np.random.default_rng([seed, 83]).uniform(0.1, 0.9, (n, 2)) * self.size_px

    def maps(self, targets: np.ndarray, cells: tuple[int, int], channels: int = 4, seed: int = 0) -> np.ndarray:
        """Features (n, channels, rows, columns): a bump at the target, the rest noise."""
        rows, columns = cells
        x = (np.arange(columns) + 0.5) * self.size_px[0] / columns - targets[:, None, 0]
        y = (np.arange(rows) + 0.5) * self.size_px[1] / rows - targets[:, None, 1]
        found = np.random.default_rng([seed, 89]).normal(size=(len(targets), channels, rows, columns))
        found[:, 0] = 3 * np.exp(-0.5 * ((x / 25)[:, None] ** 2 + (y / 25)[:, :, None] ** 2))
        return found.astype(np.float32)

    def scanpaths(self, targets: np.ndarray, people: int, longest: int = 20, seed: int = 0) -> pd.DataFrame:
        """A Fixations table of so many people on all images."""
        generator, rows = np.random.default_rng([seed, 97]), []
        for image, target in enumerate(targets):
            for person in range(people):
                for index, (x, y, lasting) in enumerate(self.path(target, generator, longest)):
                    rows.append((f"p{person:02d}", image, f"image-{image:03d}", index, np.nan, lasting, x, y))
        names = ["subject", "trial", "stimulus", "index", "onset", "duration", "x", "y"]
        return pd.DataFrame(rows, columns=names).assign(target=None, found=None)

    def path(self, target: np.ndarray, generator: np.random.Generator, longest: int = 20) -> np.ndarray:
        """One scanpath (k, 3): x, y (px), duration (s)."""
        last, found = np.array(self.size_px) / 2, []
        while not found or (len(found) < longest and generator.random() > self.end):
            guided = generator.random() < self.guidance
            centre, spread = (target, self.target_px) if guided else (last, self.saccade_px)
            last = self._cut_normal(centre, spread, generator)
            found.append((*last, self.median_s * np.exp(self.spread * generator.standard_normal())))
        return np.array(found)

    def log_density(self, xy: np.ndarray, target: np.ndarray) -> np.ndarray:
        """Natural log density (k,), per px^2, of each fixation of a path (k, 2) given those before it."""
        return self.log_density_after(xy, np.concatenate([[np.array(self.size_px) / 2], xy[:-1]]), target)

    def log_density_after(self, xy: np.ndarray, last: np.ndarray, target: np.ndarray) -> np.ndarray:
        """The same of places (k, 2), each with the fixation before it, (k, 2) or (2,)."""
        target, last = (np.broadcast_to(place, xy.shape) for place in (target, last))
        parts = self._density(xy, target, self.target_px), self._density(xy, last, self.saccade_px)
        return np.log(self.guidance * parts[0] + (1 - self.guidance) * parts[1])

    def log_duration(self, seconds: np.ndarray) -> np.ndarray:
        """Natural log density, per s, of durations."""
        z = np.log(np.asarray(seconds) / self.median_s) / self.spread
        return -0.5 * z**2 - np.log(seconds) - np.log(self.spread * np.sqrt(2 * np.pi))

    def _cut_normal(self, centre: np.ndarray, spread: float, generator: np.random.Generator) -> np.ndarray:
        low, high = ((edge - centre) / spread for edge in (-0.5, np.array(self.size_px) - 0.5))
        share = generator.uniform(ndtr(low), ndtr(high))
        return centre + spread * ndtri(share)

    def _density(self, xy: np.ndarray, centre: np.ndarray, spread: float) -> np.ndarray:
        low, high = ((edge - centre) / spread for edge in (-0.5, np.array(self.size_px) - 0.5))
        mass = (ndtr(high) - ndtr(low)) * spread
        z = (xy - centre) / spread
        return np.prod(np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi) / mass, axis=1)
