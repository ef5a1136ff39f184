"""Ideal-observer-like search: belief over places, seen the less clearly the farther from the gaze."""

from __future__ import annotations

from typing import Literal

import numpy as np
import torch
from torch import Tensor

from cogmodels.errors import DataError
from cogmodels.search.controls import Control, PixelMatch
from cogmodels.search.scenes import Scenes
from cogmodels.search.searcher import SearchModel, View


class BayesianSearcher(Control):
    """Adds up noisy responses to the target over fixations and looks where it expects to learn most.

    Parameters
    ----------
    template : SearchModel, optional
        Its priority at the start says how like the target each place is; by default the correlation of pixels.
    d_prime : float
        Discriminability of the target at the gaze.
    halves_at_deg : float
        Eccentricity at which it has fallen to a half.
    px_per_degree : float
    choice : {"map", "entropy"}
        Look where the target most probably is, or where the expected entropy of the belief falls most (Najemnik and
        Geisler 2009, Vision Research 49, 1286-1294: the belief, filtered by squared visibility).
    prior : {"uniform", "centre"}
        Belief before the first look; ``centre``: Gaussian, a quarter of the scene's sides wide.

    Notes
    -----
    Najemnik and Geisler (2005), Nature 434, 387-391: belief at place i after T fixations is proportional to ``prior_i
    exp(sum_t d'_it^2 W_it)``, W normal with mean +-0.5 (here the template's response scaled to -0.5 ... 0.5, as in the
    correlation-based searchers of Bujia et al. 2022, Frontiers in Systems Neuroscience 16, 882315) and variance
    ``1 / d'_it^2``. Places are the scene's cells, or a grid of 32 by 32 where there are none.
    """

    def __init__(
        self,
        template: SearchModel | None = None,
        *,
        d_prime: float = 4.0,
        halves_at_deg: float = 3.0,
        px_per_degree: float = 30.0,
        choice: Literal["map", "entropy"] = "entropy",
        prior: Literal["uniform", "centre"] = "uniform",
    ) -> None:
        if choice not in ("map", "entropy") or prior not in ("uniform", "centre"):
            raise DataError(
                f"choice `{choice}`, prior `{prior}`",
                where="Bayesian searcher",
                remedy="choice: map or entropy; prior: uniform or centre",
            )
        if not (d_prime > 0 and halves_at_deg > 0 and px_per_degree > 0):
            raise DataError(
                "d_prime, halves_at_deg and px_per_degree have to be above 0",
                where="Bayesian searcher",
                remedy="Give positive numbers",
            )
        self.template = template or PixelMatch()
        self.d_prime, self.halves_at_deg, self.px_per_degree = d_prime, halves_at_deg, px_per_degree
        self.choice, self.prior = choice, prior

    def start(self, scenes: Scenes, seed: int) -> None:
        """Places, prior belief, and how well each is seen from each other."""
        super().start(scenes, seed)
        self.template.start(scenes, seed)
        if scenes.cells is None:
            edges = [np.linspace(0, n, 33).astype(int) for n in (scenes.height, scenes.width)]
            tops, lefts = (np.repeat(edges[0][:-1], 32), np.tile(edges[1][:-1], 32))
            bottoms, rights = (np.repeat(edges[0][1:], 32), np.tile(edges[1][1:], 32))
            self._boxes = np.column_stack([tops, lefts, bottoms, rights])
        else:
            self._boxes = np.asarray(scenes.cells)
        self._middles = np.column_stack(
            [(self._boxes[:, 0] + self._boxes[:, 2]) // 2, (self._boxes[:, 1] + self._boxes[:, 3]) // 2]
        )
        share = (self._middles - np.array([scenes.height, scenes.width]) / 2) / [scenes.height, scenes.width]
        self._prior = -0.5 * ((share / 0.25) ** 2).sum(1) if self.prior == "centre" else np.zeros(len(share))
        self._beliefs: dict[int, np.ndarray] = {}
        self._responses: dict[int, np.ndarray] = {}
        self._visible = self._visibility(self._middles) ** 2

    def priority(self, view: View) -> Tensor:
        """Belief, or what is to be gained, at the middle of each place."""
        new = [k for k, trial in enumerate(view.trials) if int(trial) not in self._responses]
        if new:
            chosen = View(view.trials[new], view.images[new], view.gaze[new], view.allowed[new])
            for trial, found in zip(chosen.trials, self.template.priority(chosen), strict=True):
                means = np.array([float(found[a:c, b:d].amax()) for a, b, c, d in self._boxes])
                spread = np.ptp(means)
                scaled = (means - means.min()) / spread - 0.5 if spread > 0 else np.zeros(len(means))
                self._responses[int(trial)], self._beliefs[int(trial)] = scaled, self._prior.copy()
        maps = np.full((len(view.trials), self._scenes.height, self._scenes.width), -np.inf)
        for k, (trial, gaze) in enumerate(zip(view.trials.tolist(), view.gaze, strict=True)):
            squared = self._visibility(gaze[None])[0] ** 2
            rng = np.random.default_rng([self._seed, trial, *map(int, gaze)])
            seen = self._responses[trial] + rng.normal(size=len(squared)) / np.sqrt(squared)
            self._beliefs[trial] += squared * seen
            belief = np.exp(self._beliefs[trial] - self._beliefs[trial].max())
            belief /= belief.sum()
            value = belief if self.choice == "map" else self._visible @ belief
            maps[k, self._middles[:, 0], self._middles[:, 1]] = value
        maps[~np.isfinite(maps)] = maps[np.isfinite(maps)].min() - 1
        return torch.from_numpy(maps)

    def _visibility(self, places: np.ndarray) -> np.ndarray:
        """d' (n_places, n_cells) of each cell from each place."""
        apart = np.hypot(*(places[:, None, :] - self._middles[None]).transpose(2, 0, 1)) / self.px_per_degree
        return self.d_prime / (1 + apart / self.halves_at_deg)
