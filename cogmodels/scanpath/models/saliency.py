"""A saliency map learnt from features, and a winner-take-all that walks over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from cogmodels.scanpath.grid import Grid
from cogmodels.scanpath.model import StaticModel
from cogmodels.scanpath.models.centre_bias import CentreBias
from cogmodels.scanpath.viewing import Paths, Pictures

#: Weight decays that are tried; steps of the optimiser and images of each; width of the inhibition of return, px.
DECAYS, STEPS, BATCH, INHIBITION_PX = (1e-4, 1e-3, 1e-2), 100, 16, 50.0


class Saliency(StaticModel):
    """log p(cell) = w . features(cell) + a log centre bias, softmax over the cells of the finest map.

    A linear readout of a backbone (Kummerer et al. 2014, arXiv:1411.1045, DeepGaze I). Scanpaths: winner-take-all with
    inhibition of return (Itti, Koch and Niebur 1998), which is the same path each time: the n scanpaths of an image
    differ in length and durations alone.
    """

    def _learn(
        self, pictures: Pictures, train: Paths, validation: Paths, seed: int, folder: Path | None
    ) -> pd.DataFrame:
        prior = CentreBias(self.cell_px)
        prior.fit(pictures, train, validation, seed=seed)
        self.coarse = Grid(pictures.size_px, pictures.maps[0].shape[2:])
        self.prior = torch.log(_resized(torch.as_tensor(prior.mass, dtype=torch.float32), self.coarse.cells))
        features = _stacked(pictures)
        used = np.unique(train.image)
        # The mean would shift all cells alike, which the softmax does not see.
        self.scale = features[used].std((0, 2, 3)).clamp_min(1e-6)
        counts = {part: _counts(self.coarse, paths, len(pictures.names)) for part, paths in
                  (("train", train), ("validation", validation))}  # fmt: skip
        rows, best = [], None
        for decay in DECAYS:
            self.w, self.a = self._fit(features, counts["train"], decay)
            held = float(self._loss(features, counts["validation"], self.w, self.a))
            value = np.log2(self.coarse.n) - held / np.log(2)
            rows.append((decay, value))
            if best is None or value > best[0]:
                best = (value, self.w, self.a)
        _, self.w, self.a = best
        return pd.DataFrame(rows, columns=["weight_decay", "validation_bits"])

    def _fit(self, features: Tensor, counts: Tensor, decay: float) -> tuple[Tensor, Tensor]:
        w = torch.zeros(features.shape[1], requires_grad=True)
        a = torch.ones((), requires_grad=True)
        optimiser = torch.optim.Adam([w, a], lr=0.02)
        seen = torch.nonzero(counts.sum((1, 2)))[:, 0]
        order = torch.Generator().manual_seed(0)
        for _ in range(STEPS):
            some = seen[torch.randperm(len(seen), generator=order)[:BATCH]]
            optimiser.zero_grad()
            loss = self._loss(features[some], counts[some], w, a) + decay * w.square().sum()
            loss.backward()
            optimiser.step()
        return w.detach(), a.detach()

    def _loss(self, features: Tensor, counts: Tensor, w: Tensor, a: Tensor) -> Tensor:
        some = counts.sum((1, 2)) > 0
        logits = self._logits(features[some], w, a).flatten(1)
        return -(counts[some].flatten(1) * logits.log_softmax(1)).sum() / counts[some].sum()

    def _logits(self, features: Tensor, w: Tensor, a: Tensor) -> Tensor:
        return ((w / self.scale) @ features.flatten(2)).unflatten(1, self.coarse.cells) + a * self.prior

    @torch.no_grad()
    def image_mass(self, pictures: Pictures, image: int) -> np.ndarray:
        logits = self._logits(_stacked(pictures, [image]), self.w, self.a)[0]
        mass = _resized(torch.softmax(logits.flatten(), 0).view(logits.shape), self.grid.cells).double().numpy()
        return mass / mass.sum()

    def sample(self, pictures: Pictures, image: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        lengths = [self.marginals.length(generator) for _ in range(n)]
        walk = winners(self.image_mass(pictures, image), self.grid, max(lengths))
        return [np.column_stack([walk[:k], self.marginals.durations(k, generator)]) for k in lengths]

    def weights(self) -> dict[str, np.ndarray]:
        arrays = {"w": self.w, "a": self.a[None], "scale": self.scale}
        return super().weights() | {name: value.numpy() for name, value in arrays.items()}


def winners(mass: np.ndarray, grid: Grid, n: int, inhibition_px: float = INHIBITION_PX) -> np.ndarray:
    """Places (n, 2) of the greatest values, each time what lies around the last is inhibited and recovers slowly."""
    x, y = grid.centres()
    free, found = np.ones_like(mass), []
    for _ in range(n):
        row, column = np.unravel_index(np.argmax(mass * free), mass.shape)
        found.append((x[column], y[row]))
        distance = (x[None] - x[column]) ** 2 + (y[:, None] - y[row]) ** 2
        # A tenth of the inhibition fades with each fixation.
        free = 1 - (1 - free) * 0.9
        free = np.minimum(free, 1 - np.exp(-0.5 * distance / inhibition_px**2))
    return np.array(found)


def _stacked(pictures: Pictures, images: list[int] | slice = slice(None)) -> Tensor:
    """All maps (n, channels, rows, columns) on the cells of the finest."""
    maps = [torch.as_tensor(np.asarray(one[images])) for one in pictures.maps]
    cells = maps[0].shape[2:]
    return torch.cat([one if one.shape[2:] == cells else F.interpolate(one.float(), cells) for one in maps], 1)


def _resized(values: Tensor, cells: tuple[int, int]) -> Tensor:
    return F.interpolate(values[None, None], cells, mode="bilinear", align_corners=False)[0, 0]


def _counts(grid: Grid, paths: Paths, images: int) -> Tensor:
    found = np.zeros((images, *grid.cells), np.float32)
    of_fixation = np.repeat(paths.image, paths.lengths)
    np.add.at(found, (of_fixation, *grid.index(*paths.flat()[0].T)), 1.0)
    return torch.from_numpy(found)
