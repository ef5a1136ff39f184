"""The object-level attention transformer: trained by the house's loop, decoded greedily or by draws, from caches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from cogmodels.config.attention import AttentionChoice
from cogmodels.config.objects import ObjectRecipe
from cogmodels.errors import DataError
from cogmodels.scanpath.objects.layouts import Layouts
from cogmodels.scanpath.objects.model import ObjectModel
from cogmodels.scanpath.objects.network import ObjectScene, ObjectTransformer, objective, teach
from cogmodels.scanpath.objects.sequences import Sequences


class LayoutSequences:
    """A scene with all its sequences, as an example; with ``flip`` half of them are mirrored, left to right."""

    def __init__(self, layouts: Layouts, paths: Sequences, *, flip: bool = False, seed: int = 0) -> None:
        self.layouts, self.paths, self.flip, self.seed = layouts, paths, flip, seed
        self.scenes = np.unique(paths.scene)
        self.rows = [np.flatnonzero(paths.scene == scene) for scene in self.scenes]
        self.most = max(map(len, self.rows))

    def __len__(self) -> int:
        return len(self.scenes)

    def example(self, index: int, epoch: int) -> tuple[int, dict[str, Any]]:
        scene, rows = int(self.scenes[index]), self.rows[index]
        room = self.most - len(rows)
        found = {"objects": self.paths.objects[rows], "lengths": self.paths.lengths[rows]}
        padded = {name: np.pad(one, [(0, room)] + [(0, 0)] * (one.ndim - 1)) for name, one in found.items()}
        given = scene_arrays(self.layouts, scene)
        if self.flip and np.random.default_rng([self.seed, epoch, scene, 13]).random() < 0.5:
            last = self.layouts.rows_columns[1] - 1
            given["place"] = np.stack([given["place"][:, 0], last - given["place"][:, 1]], -1)
        return scene, given | padded


def scene_arrays(layouts: Layouts, scene: int) -> dict[str, Any]:
    """What the network is given of a scene."""
    patches = layouts.patches[layouts.patch[scene]] if len(layouts.patches) else np.zeros((1, 1, 1, 1, 3), np.uint8)
    return {
        "patches": patches, "place": layouts.place[scene], "there": layouts.there[scene],
        "target": layouts.target[scene],
    }  # fmt: skip


class Oat(ObjectModel):
    """See :class:`cogmodels.scanpath.objects.network.ObjectTransformer`.

    Parameters
    ----------
    options : mapping
        As :class:`cogmodels.config.objects.OatOptions` has them.
    recipe : ObjectRecipe, optional
    """

    def __init__(self, options: Mapping[str, Any], recipe: ObjectRecipe | None = None) -> None:
        self.options, self.recipe = dict(options), recipe or ObjectRecipe()
        self.flip = self.options.pop("flip", False)
        self.options["attention"] = AttentionChoice(**(self.options.get("attention") or {}))

    def _build(self, layouts: Layouts, longest: int, seed: int) -> None:
        if self.options.get("appearance", True) and not len(layouts.patches):
            raise DataError(
                "objects have no pictures", where="oat", remedy="Give `patches`, or set `appearance: false`"
            )
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            size, patch = layouts.rows_columns, layouts.patches.shape[1:3]
            self.net = ObjectTransformer(size, patch, longest=longest, **self.options)

    def fit(
        self, layouts: Layouts, train: Sequences, validation: Sequences, *, seed: int = 0, folder: Path | None = None
    ) -> pd.DataFrame:
        self.longest = int(train.lengths.max())
        # People's sequences on other scenes may be longer than those it learns from.
        self._build(layouts, train.objects.shape[1], seed)
        examples = LayoutSequences(layouts, train, flip=self.flip, seed=seed), LayoutSequences(layouts, validation)
        # Lightning takes seconds to import, and a trained network does without.
        from cogmodels.training.fit import fit

        return fit(self.net, objective, *examples, self.recipe, seed=seed, folder=Path(folder or "."), monitor="bits")

    @torch.inference_mode()
    def log_next(self, layouts: Layouts, paths: Sequences) -> np.ndarray:
        self.net.eval()
        n, steps = paths.objects.shape
        found = np.full((n, steps + 1, layouts.there.shape[1] + 1), -np.inf)
        for scene in np.unique(paths.scene):
            rows = np.flatnonzero(paths.scene == scene)
            kept, lengths = self.scene(layouts, int(scene)), torch.from_numpy(paths.lengths[rows])
            logits, _, known = teach(self.net, kept, torch.from_numpy(paths.objects[rows]), lengths)
            # PAD is never chosen.
            values = logits[..., :-1].double().log_softmax(-1)
            found[rows] = torch.where(known[..., None], values, -torch.inf).numpy()
        return found

    def scene(self, layouts: Layouts, scene: int) -> ObjectScene:
        """What the network keeps of one scene."""
        arrays = (np.asarray(one)[None] for one in scene_arrays(layouts, scene).values())
        return self.net.look(*map(torch.from_numpy, arrays))

    def sample(self, layouts: Layouts, scene: int, n: int, generator: np.random.Generator) -> list[np.ndarray]:
        draws = np.stack([generator.random(n) for _ in range(self.longest)])
        return self.decode(layouts, scene, draws)

    def greedy(self, layouts: Layouts, scene: int) -> np.ndarray:
        return self.decode(layouts, scene, np.full((self.longest, 1), np.nan))[0]

    @torch.inference_mode()
    def decode(self, layouts: Layouts, scene: int, draws: np.ndarray, *, cached: bool = True) -> list[np.ndarray]:
        """Sequences from uniform numbers (steps, n), at most the longest training sequence; NaN: the likeliest step.

        ``cached=False`` works out the scene and all past steps anew at each step: the same sequences, slowly.
        """
        self.net.eval()
        steps, n = draws.shape
        kept = self.scene(layouts, scene)
        caches, token = self.net.caches(kept, n), self.net.start(kept, n)
        objects, ended = torch.zeros(n, 0, dtype=torch.long), torch.full((n,), steps)
        for step, numbers in enumerate(torch.from_numpy(draws)):
            if cached:
                states, caches = self.net.step(token, caches)
            else:
                kept = self.scene(layouts, scene)
                before = [self.net.start(kept, n), self.net.embed(kept, objects)]
                states = self.net.decode(kept, torch.cat(before, 1))[:, -1:]
            chosen = _chosen(self.net.logits(kept, states, step)[:, 0, :-1], numbers)
            over = chosen == layouts.there.shape[1]
            ended = torch.where(over & (ended == steps), step, ended)
            if bool((ended < steps).all()):
                break
            # What has ended goes on with the target, unseen: the others do not depend on it.
            chosen = torch.where(ended < steps, kept.target, chosen)
            objects = torch.cat([objects, chosen[:, None]], 1)
            token = self.net.embed(kept, chosen[:, None], step)
        return [path[: int(k)] for path, k in zip(objects.numpy(), ended, strict=True)]

    def weights(self) -> dict[str, np.ndarray]:
        arrays = {f"net/{name}": value.contiguous().numpy() for name, value in self.net.state_dict().items()}
        return arrays | {"longest": np.array([self.longest])}


def _chosen(logits: Tensor, uniform: Tensor) -> Tensor:
    """A choice (n,) of each row of logits (n, choices), by uniform numbers (n,); the likeliest where they are NaN."""
    total = logits.double().softmax(-1).cumsum(-1)
    drawn = torch.searchsorted(total, (uniform.nan_to_num(0.0) * total[:, -1])[:, None], right=True)[:, 0]
    return torch.where(uniform.isnan(), logits.argmax(-1), drawn.clamp_max(logits.shape[1] - 1))
