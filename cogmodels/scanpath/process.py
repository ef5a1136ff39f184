"""The process behind simulated scanpaths as a model among models, and how near the others come to its entropy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from cogmodels.metrics.uncertainty import bootstrap_interval, sign_flip_p
from cogmodels.scanpath.model import ScanpathModel
from cogmodels.scanpath.models.centre_bias import CentreBias
from cogmodels.scanpath.run import draw_views
from cogmodels.scanpath.score import score_steps
from cogmodels.scanpath.tables import paths_of_parts
from cogmodels.scanpath.viewing import Paths, Pictures
from cogmodels.simulate.scanpaths import GuidedWalk

#: Its name among the experiments.
TRUE_PROCESS = "true-process"


class KnownProcess(ScanpathModel):
    """The process that drew the scanpaths: it knows each image's target and learns nothing.

    Parameters
    ----------
    walk : GuidedWalk
    targets : mapping of stimulus -> (x, y) px
    longest : int
        Most fixations of a scanpath.
    cell_px : float
        Side of the cells of its maps.
    """

    def __init__(
        self, walk: GuidedWalk, targets: Mapping[str, np.ndarray], longest: int, cell_px: float = 10.0
    ) -> None:
        super().__init__(cell_px)
        self.walk, self.targets, self.longest = walk, targets, longest

    def _learn(
        self, pictures: Pictures, train: Paths, validation: Paths, seed: int, folder: Path | None
    ) -> pd.DataFrame:
        return pd.DataFrame()

    def _paths(self, pictures: Pictures, paths: Paths) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
        """Row, places (k, 2) and target of each path."""
        for row in range(len(paths)):
            yield row, paths.path(row)[:, :2].astype(float), self.targets[pictures.names[paths.image[row]]]

    def log_density(self, pictures: Pictures, paths: Paths) -> np.ndarray:
        found = np.full(paths.xy.shape[:2], np.nan)
        for row, xy, target in self._paths(pictures, paths):
            found[row, : len(xy)] = self.walk.log_density(xy, target)
        return found

    def step_maps(self, pictures: Pictures, paths: Paths) -> Iterator[np.ndarray]:
        x, y = np.meshgrid(*self.grid.centres())
        places = np.column_stack([x.ravel(), y.ravel()])
        for _, xy, target in self._paths(pictures, paths):
            lasts = np.concatenate([[np.array(self.walk.size_px) / 2], xy[:-1]])
            mass = np.exp([self.walk.log_density_after(places, last, target) for last in lasts])
            yield (mass / mass.sum(axis=1, keepdims=True)).reshape(len(lasts), *self.grid.cells)

    def log_duration(self, pictures: Pictures, paths: Paths) -> np.ndarray:
        return np.where(paths.there, self.walk.log_duration(np.where(paths.there, paths.duration, 1.0)), np.nan)

    def sample(self, pictures: Pictures, image: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        return [self.walk.path(self.targets[pictures.names[image]], generator, self.longest) for _ in range(n)]


def run_process(
    model: KnownProcess,
    fixations: pd.DataFrame,
    splits: pd.DataFrame,
    *,
    typical_of: int,
    samples: int = 15,
    seed: int = 0,
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """What a model run leaves, of the process: ``samples`` scanpaths of each test image, the typical one of
    ``typical_of``, and judged fixations.

    Raises
    ------
    KeyError
        An image without a target.
    """
    parts, pictures = paths_of_parts(fixations, splits, model.walk.size_px)
    model.fit(pictures, parts["train"], parts["validation"], seed=seed)
    baseline = CentreBias(model.cell_px)
    baseline.fit(pictures, parts["train"], parts["validation"], seed=seed)
    steps = score_steps(model, baseline, pictures, parts["test"])
    predictions = draw_views(model, pictures, parts["test"], samples, seed)
    return predictions, draw_views(model, pictures, parts["test"], typical_of, seed, typical=True), steps


def entropy_table(
    images: Mapping[str, pd.DataFrame], size_px: tuple[float, float], *, bootstrap: int = 2000, seed: int = 0
) -> pd.DataFrame:
    """Bits that each model needs for a fixation, beside the process, which needs the fewest that there are.

    Parameters
    ----------
    images : mapping of experiment -> DataFrame
        ``stimulus, metric, value`` of all models, the process (:data:`TRUE_PROCESS`) among them; models without a
        density are left out. Seeds are averaged.
    size_px : (width, height)
    bootstrap, seed : int
        Bootstrap samples of images, and their seed.

    Returns
    -------
    DataFrame
        ``experiment, bits, ci_low, ci_high`` a fixation, px^2 (mean over images of their mean, interval over images);
        ``above, above_ci_low, above_ci_high, above_percent``: what the process does not need, image by image; ``p``:
        one-sided sign flips of it; ``gap_closed``: share of the way from the uniform density; ``n`` images. The first
        row is the uniform density; of the others, fewest bits last.
    """
    uniform = float(np.log2(np.prod(size_px)))
    needed = {
        name: uniform - table[table["metric"] == "log_likelihood_bits"].groupby("stimulus")["value"].mean()
        for name, table in images.items()
    }
    truth = needed[TRUE_PROCESS]
    needed = {"uniform density": truth * 0 + uniform, **{name: bits for name, bits in needed.items() if len(bits)}}
    rows = []
    for name, bits in needed.items():
        bits = bits.reindex(truth.index)
        above = (bits - truth).to_numpy()
        low, high = bootstrap_interval([bits.to_numpy()], samples=bootstrap, seed=seed)
        gap = bootstrap_interval([above], samples=bootstrap, seed=seed)
        p = np.nan if name == TRUE_PROCESS else sign_flip_p(above)
        closed = 1 - above.mean() / (uniform - truth.mean())
        percent = 100 * above.mean() / truth.mean()
        rows.append((name, bits.mean(), low, high, above.mean(), *gap, percent, p, closed, len(bits)))
    columns = ["experiment", "bits", "ci_low", "ci_high", "above", "above_ci_low", "above_ci_high", "above_percent"]
    table = pd.DataFrame(rows, columns=[*columns, "p", "gap_closed", "n"])
    return pd.concat([table[:1], table[1:].sort_values("bits", ascending=False)], ignore_index=True)
