"""Scanpaths of the training image that looks most alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.scanpath.model import StaticModel, bits
from cogmodels.scanpath.models.centre_bias import CentreBias, smoothed_mass
from cogmodels.scanpath.viewing import Paths, Pictures

#: What is tried: training images, width of the kernel (px), share of the centre bias.
NEIGHBOURS, BANDWIDTHS, SHARES = (1, 5, 20), (24.0, 48.0), (0.3, 0.6, 0.9)


class NearestImage(StaticModel):
    """People's scanpaths on the training images whose features, averaged over the image, are most alike (cosine).

    Density: of the fixations on the nearest images, mixed with the centre bias; how many, how wide and how much is
    chosen by the validation images. Scanpaths: those of the nearest image, then of the next.
    """

    def _learn(
        self, pictures: Pictures, train: Paths, validation: Paths, seed: int, folder: Path | None
    ) -> pd.DataFrame:
        self.prior = CentreBias(self.cell_px)
        self.prior.fit(pictures, train, validation, seed=seed)
        vectors = np.concatenate([one.mean(axis=(2, 3)) for one in pictures.maps], axis=1).astype(float)
        self.train_images = np.unique(train.image)
        known = vectors[self.train_images]
        vectors = (vectors - known.mean(0)) / np.maximum(known.std(0), 1e-9)
        self.vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
        self.fixations = {image: train.of(np.flatnonzero(train.image == image)) for image in self.train_images}
        rows = []
        for k in NEIGHBOURS:
            for width in BANDWIDTHS:
                for share in SHARES:
                    self.choice = (k, width, share)
                    rows.append((k, width, share, bits(self.log_density(pictures, validation)) - self._uniform))
        table = pd.DataFrame(rows, columns=["neighbours", "bandwidth_px", "centre_share", "validation_bits"])
        best = table.loc[table["validation_bits"].idxmax()]
        self.choice = (int(best["neighbours"]), float(best["bandwidth_px"]), float(best["centre_share"]))
        return table

    @property
    def _uniform(self) -> float:
        return self.grid.log_uniform / np.log(2)

    def nearest(self, image: int) -> np.ndarray:
        """Training images, the most alike first; an image is not its own neighbour."""
        alike = self.vectors[self.train_images] @ self.vectors[image]
        order = self.train_images[np.argsort(-alike, kind="stable")]
        return order[order != image]

    def image_mass(self, pictures: Pictures, image: int) -> np.ndarray:
        k, width, share = self.choice
        xy = np.concatenate([self.fixations[other].flat()[0] for other in self.nearest(image)[:k]])
        return (1 - share) * smoothed_mass(self.grid, xy, width) + share * self.prior.mass

    def sample(self, pictures: Pictures, image: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        found: list[np.ndarray] = []
        for other in self.nearest(image):
            mine = self.fixations[other]
            found += [mine.path(row) for row in generator.permutation(len(mine))]
            if len(found) >= n:
                break
        return found[:n]
