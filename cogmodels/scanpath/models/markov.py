"""Saccades without an image: where people look, how far and in which direction they move, what they have just seen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from cogmodels.scanpath.grid import Grid
from cogmodels.scanpath.model import ScanpathModel, bits
from cogmodels.scanpath.models.centre_bias import CentreBias
from cogmodels.scanpath.viewing import Paths, Pictures

#: Past fixations that count, training fixations that weigh the parts, width of the kernels in cells.
LAGS, FITTED, SMOOTH = 2, 4000, 1.5


class Markov(ScanpathModel):
    """p(next) ~ centre bias^a * R1(next - last)^b * R2(next - last but one)^c, renormalised within the image.

    R is the ratio of the displacements that people make to those that the centre bias alone would make from the same
    places: amplitude and direction of saccades (R1), returns and their absence (R2). The exponents have the greatest
    likelihood of training fixations (a convex problem).
    """

    def _learn(
        self, pictures: Pictures, train: Paths, validation: Paths, seed: int, folder: Path | None
    ) -> pd.DataFrame:
        prior = CentreBias(self.cell_px)
        prior.fit(pictures, train, validation, seed=seed)
        self.prior = np.log(prior.mass)
        self.kernels = [_ratio(self.grid, train, prior.mass, lag) for lag in range(1, LAGS + 1)]
        self.exponents = self._weigh(train, np.random.default_rng([seed, 71]))
        found = bits(self.log_density(pictures, validation)) - self.grid.log_uniform / np.log(2)
        names = ["centre_bias", *(f"lag_{lag}" for lag in range(1, LAGS + 1))]
        return pd.DataFrame({"part": names, "exponent": self.exponents, "validation_bits": found})

    def _parts(self, history: np.ndarray) -> np.ndarray:
        """Logarithms (1 + lags, rows, columns) of the parts of the next fixation after ``history`` (k, 2)."""
        parts = [self.prior]
        for lag, kernel in enumerate(self.kernels, start=1):
            parts.append(_around(kernel, self.grid, history[-lag]) if len(history) >= lag else np.zeros_like(parts[0]))
        return np.stack(parts)

    def _weigh(self, train: Paths, generator: np.random.Generator) -> np.ndarray:
        rows, steps = np.nonzero(train.there)
        chosen = generator.permutation(len(rows))[:FITTED]
        parts = np.stack([self._parts(train.xy[rows[i], : steps[i]]) for i in chosen]).astype(np.float32)
        r, c = self.grid.index(*train.xy[rows[chosen], steps[chosen]].T)
        flat = parts.reshape(len(chosen), len(parts[0]), -1)
        hit = flat[np.arange(len(chosen)), :, r * self.grid.cells[1] + c]

        def loss(theta: np.ndarray) -> tuple[float, np.ndarray]:
            logits = np.einsum("p,npc->nc", theta.astype(np.float32), flat)
            logits -= logits.max(1, keepdims=True)
            mass = np.exp(logits)
            total = mass.sum(1)
            here = logits[np.arange(len(chosen)), r * self.grid.cells[1] + c]
            slope = np.einsum("npc,nc->np", flat, mass / total[:, None]) - hit
            return float((np.log(total) - here).mean()), slope.mean(0).astype(float)

        # Its import takes longer than most models, which have no weights to find.
        from scipy.optimize import minimize

        return minimize(loss, np.ones(1 + LAGS), jac=True, method="L-BFGS-B", options={"maxiter": 30}).x

    def next_mass(self, history: np.ndarray) -> np.ndarray:
        """Mass (rows, columns) of the next fixation after ``history`` (k, 2) px."""
        logits = np.tensordot(self.exponents, self._parts(history), axes=1)
        mass = np.exp(logits - logits.max())
        return mass / mass.sum()

    def step_maps(self, pictures: Pictures, paths: Paths) -> Iterator[np.ndarray]:
        for xy, k in zip(paths.xy, paths.lengths, strict=True):
            yield np.stack([self.next_mass(xy[:step]) for step in range(k)])

    def sample(self, pictures: Pictures, image: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        found = []
        for _ in range(n):
            k, xy = self.marginals.length(generator), np.empty((0, 2))
            for _ in range(k):
                xy = np.concatenate([xy, self.grid.draw(self.next_mass(xy), 1, generator)])
            found.append(np.column_stack([xy, self.marginals.durations(k, generator)]))
        return found

    def weights(self) -> dict[str, np.ndarray]:
        kernels = {f"kernel_{lag}": kernel for lag, kernel in enumerate(self.kernels, start=1)}
        return super().weights() | {"prior": self.prior, "exponents": np.asarray(self.exponents), **kernels}


def _ratio(grid: Grid, train: Paths, prior: np.ndarray, lag: int) -> np.ndarray:
    """Log ratio (2 rows - 1, 2 columns - 1) of displacements made to those expected under the prior alone."""
    pairs = train.there[:, lag:]
    start, end = train.xy[:, : train.xy.shape[1] - lag][pairs], train.xy[:, lag:][pairs]
    (r0, c0), (r1, c1) = grid.index(*start.T), grid.index(*end.T)
    rows, columns = grid.cells
    made, expected = (np.zeros((2 * rows - 1, 2 * columns - 1)) for _ in range(2))
    np.add.at(made, (r1 - r0 + rows - 1, c1 - c0 + columns - 1), 1.0)
    starts = np.zeros(grid.cells)
    np.add.at(starts, (r0, c0), 1.0)
    # Correlation of where saccades start with where fixations are.
    shape = [2 * rows - 1, 2 * columns - 1]
    spectrum = np.fft.rfft2(prior, shape) * np.conj(np.fft.rfft2(starts, shape))
    expected = np.fft.fftshift(np.fft.irfft2(spectrum, shape))
    made, expected = (gaussian_filter(np.maximum(values, 0.0), SMOOTH) for values in (made, expected))
    # As many of each: what is seldom expected tends to a ratio of 1.
    return np.log(made + 0.5) - np.log(expected * made.sum() / expected.sum() + 0.5)


def _around(kernel: np.ndarray, grid: Grid, place: np.ndarray) -> np.ndarray:
    """The kernel (2 rows - 1, 2 columns - 1), centred at a place, on the cells of the image."""
    rows, columns = grid.cells
    side_x, side_y = grid.sides
    # Every cell lies between the same four of the kernel, by the same shares; at its edges it goes on as it ends.
    (i, down), (j, right) = (
        divmod(float(size - 1 - ((x + 0.5) / side - 0.5)), 1)
        for size, x, side in ((rows, place[1], side_y), (columns, place[0], side_x))
    )
    known = kernel[np.clip(np.arange(int(i), int(i) + rows + 1), 0, 2 * rows - 2)]
    known = known[:, np.clip(np.arange(int(j), int(j) + columns + 1), 0, 2 * columns - 2)]
    known = (1 - down) * known[:-1] + down * known[1:]
    return (1 - right) * known[:, :-1] + right * known[:, 1:]
