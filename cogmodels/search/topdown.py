"""eccNET, IVSN and their kin: a network's maps of the scene, weighted by its features of the target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cogmodels.errors import DataError
from cogmodels.search import attention
from cogmodels.search.controls import cut_piece
from cogmodels.search.scenes import Scenes
from cogmodels.search.searcher import View
from cogmodels.stimuli.backbones import Backbone, resize
from cogmodels.stimuli.eccentricity import halve

#: Background beyond the scene, px, that a model always sees around it.
MARGIN_PX = 64
#: Targets that are read together: it bounds memory and changes nothing else.
TARGETS_AT_ONCE = 16


@dataclass(frozen=True)
class LayerPair:
    """Where the target's features are read, and where the scene's; ``switch`` multiplies the pair's weight."""

    target: str
    search: str
    switch: float = 1.0


class TopDown:
    """Search by the likeness of features (Zhang et al. 2018, Nature Communications 9, 3730; Gupta et al. 2021).

    Parameters
    ----------
    scene_backbone : Backbone
        Reads the scene around the gaze; with eccentric sampling or without.
    target_backbone : Backbone
        Reads the target; the same network, sampled as in the fovea.
    pairs : sequence of LayerPair
        Maps of the earlier layers are averaged down to the coarsest of the scene's layers, and of the target's.
    blur : two of (size, sigma)
        Gaussians whose difference sharpens the map, three times.
    weighted : bool
        Pairs count by the strength of their maps; else equally.
    scale : float
        By which scene and target are enlarged or shrunk first.
    target_halvings : int
        Times that the target's features are averaged 2 x 2 beyond the coarsest of its layers. eccNET reads them a pool
        later than the scene's: 1, where both are read at the same layer.
    centred : bool
        Look at the middle of what is like the target. Else, as published, at the first px of the best cell of the map,
        cells sharing the image evenly: up to a cell and a half above and left of it.
    patched : bool
        Work out only what the scene changes of an empty image; the maps are the same, to rounding.
    """

    def __init__(
        self,
        scene_backbone: Backbone,
        target_backbone: Backbone,
        pairs: tuple[LayerPair, ...],
        *,
        blur: tuple[tuple[int, float], tuple[int, float]] = ((3, 1.0), (5, 3.0)),
        weighted: bool = True,
        scale: float = 1.0,
        target_halvings: int = 0,
        centred: bool = False,
        patched: bool = True,
    ) -> None:
        if not pairs or not any(pair.switch > 0 for pair in pairs):
            raise DataError("no layer pair is switched on", where="search model", remedy="Give one or more pairs")
        if not scale > 0:
            raise DataError(f"a scale of {scale}", where="search model", remedy="Give a scale above 0")
        if target_halvings < 0:
            raise DataError(f"{target_halvings} halvings", where="search model", remedy="Give target_halvings from 0")
        self.backbone, self.target_backbone, self.pairs = scene_backbone, target_backbone, pairs
        self.target_halvings, self.centred = target_halvings, centred
        self.blur, self.weighted, self.scale, self.patched = blur, weighted, scale, patched
        # A pair that is switched off counts for the resolution, as in the published ablations, and costs nothing.
        self._on = [pair for pair in pairs if pair.switch > 0]

    @property
    def device(self) -> torch.device:
        return self.backbone._mean.device

    @torch.inference_mode()
    def start(self, scenes: Scenes, seed: int) -> None:
        """Read the targets, and the empty image."""
        self._scenes = scenes
        self._halvings = self._to_coarsest(self.backbone, "search")
        of_target = self._to_coarsest(self.target_backbone, "target")
        self._target_halvings = {name: times + self.target_halvings for name, times in of_target.items()}
        self._which = torch.from_numpy(scenes.target_of)
        self._kernels = self._read_targets(scenes)
        longest = max(scenes.height, scenes.width)
        # A square holds the scene; what is beyond its shorter sides is background.
        self._height, self._width = (max(1, round(side * self.scale)) for side in (scenes.height, scenes.width))
        self._patch = max(self._height, self._width)
        self._half = max(1, round((longest + MARGIN_PX) * self.scale))
        side = 2 * self._half
        blank = self.backbone.prepare(np.full((1, side, side), scenes.background, np.uint8))
        self._blank, self._net = blank, None
        if self.patched:
            self._net = self.backbone.patched(blank, self._halvings)
        self._matrices: dict[int, Tensor] = {}
        if self.centred:
            first = self._on[0].search
            self._cell = _grid(self.backbone, first, side, self._halvings[first])[1]
            self._middles = [self._middle(target) for target in range(len(scenes.targets))]

    def priority(self, view: View) -> Tensor:
        """How like the target each place of the scene is (b, height, width)."""
        with torch.inference_mode():
            maps, gaze = self._maps(view)
            found = [
                attention.modulate(maps[pair.search], kernels, self._which[view.trials])
                for pair, kernels in zip(self._on, self._kernels, strict=True)
            ]
            whole = attention.combine(found, [pair.switch for pair in self._on], weighted=self.weighted)
            whole = attention.sharpen(whole, *self.blur)
            return self._scene_part(whole, gaze, self._scenes.target_of[view.trials])

    def likeness(self, view: View) -> np.ndarray:
        """Cosine (b,) of the target's features with those of a piece of its size at the gaze, mean over the pairs."""
        pieces: dict[tuple[int, ...], list[int]] = {}
        for k, trial in enumerate(view.trials):
            pieces.setdefault(self._scenes.targets[self._scenes.target_of[trial]].shape[:2], []).append(k)
        found = np.empty(len(view.trials))
        for shape, members in pieces.items():
            cut = np.stack([cut_piece(view.images[k], view.gaze[k], shape, self._scenes.background) for k in members])
            features = self._features(cut)
            for k, row in zip(members, range(len(members)), strict=True):
                which = int(self._scenes.target_of[view.trials[k]])
                cosines = [
                    float(F.cosine_similarity(kernels[which].flatten(), mine[row].flatten(), dim=0))
                    for kernels, mine in zip(self._kernels, features, strict=True)
                ]
                found[k] = np.mean(cosines)
        return found

    def _maps(self, view: View) -> tuple[dict[str, Tensor], np.ndarray]:
        """Maps of the images around the gaze at the coarsest of their scales, and the gaze at the model's."""
        gaze = np.clip(np.rint(view.gaze * self.scale).astype(int), 0, [self._height - 1, self._width - 1])
        patches = resize(self.backbone.prepare(view.images), self.scale)
        missing = (0, self._patch - patches.shape[3], 0, self._patch - patches.shape[2])
        if any(missing):
            empty = self._blank[:, :, :1, :1].expand(len(patches), -1, self._patch, self._patch).clone()
            empty[:, :, : patches.shape[2], : patches.shape[3]] = patches
            patches = empty
        tops, lefts = (torch.from_numpy(self._half - gaze[:, axis]) for axis in (0, 1))
        if self._net is not None:
            return self._net.read(patches, tops, lefts), gaze
        images = self._blank.expand(len(patches), -1, -1, -1).clone()
        for image, patch, top, left in zip(images, patches, tops.tolist(), lefts.tolist(), strict=True):
            image[:, top : top + self._patch, left : left + self._patch] = patch[
                :, : image.shape[1] - top, : image.shape[2] - left
            ]
        maps = self.backbone.read(images, self._halvings)
        return {name: halve(maps[name], times) for name, times in self._halvings.items()}, gaze

    def _middle(self, target: int) -> tuple[int, int]:
        """Row and column of the middle of what is like a target where the first cell of the map matches best, px."""
        found = []
        for axis, size in enumerate(self._scenes.targets[target].shape[:2]):
            size = max(1, round(size * self.scale))
            middles = []
            for pair, kernels in zip(self._on, self._kernels, strict=True):
                cells = kernels[target].shape[1 + axis]
                here, cell = _grid(self.backbone, pair.search, 2 * self._half, self._halvings[pair.search])
                there, step = _grid(self.target_backbone, pair.target, size, self._target_halvings[pair.target])
                # The target lies this far beside the middle of its kernel.
                beside = (size - 1) / 2 - (there + step * (cells - 1) / 2)
                middles.append(here + cell * ((cells - 1) / 2 - (cells - 1) // 2) + beside)
            found.append(round(float(np.mean(middles))))
        return found[0], found[1]

    def _scene_part(self, whole: Tensor, gaze: np.ndarray, targets: np.ndarray) -> Tensor:
        """The map at the size of the image, and of that the scene, at the size of the scene."""
        size, parts = whole.shape[-1], []
        for found, (row, column), target in zip(whole, gaze.tolist(), targets.tolist(), strict=True):
            top, left = self._half - row, self._half - column
            if self.centred:
                # Each cell from the middle of its match on, at the distance that cells have.
                (down, right), cell = self._middles[target], self._cell
                rows = (np.arange(top, top + self._height) - down) // cell
                columns = (np.arange(left, left + self._width) - right) // cell
                parts.append(found[np.clip(rows, 0, size - 1)][:, np.clip(columns, 0, size - 1)])
                continue
            matrix = self._matrix(size)
            parts.append(matrix[top : top + self._height] @ found @ matrix[left : left + self._width].T)
        part = torch.stack(parts)
        if part.shape[1:] == (self._scenes.height, self._scenes.width):
            return part
        size = (self._scenes.height, self._scenes.width)
        return F.interpolate(part.unsqueeze(1), size=size, mode="nearest").squeeze(1)

    def _matrix(self, size: int) -> Tensor:
        """By which a map of that size is enlarged to the image, as published: its cells share the image evenly."""
        if size not in self._matrices:
            self._matrices[size] = torch.from_numpy(attention.area_matrix(size, 2 * self._half)).to(self._blank)
        return self._matrices[size]

    def _read_targets(self, scenes: Scenes) -> list[list[Tensor]]:
        """Kernels (c, i, j) of each target, of each pair; targets of one size are read together, some at a time."""
        shapes: dict[tuple[int, ...], list[int]] = {}
        for k, target in enumerate(scenes.targets):
            shapes.setdefault(target.shape, []).append(k)
        kernels: list[list[Tensor]] = [[torch.empty(0)] * len(scenes.targets) for _ in self._on]
        for members in shapes.values():
            for first in range(0, len(members), TARGETS_AT_ONCE):
                some = members[first : first + TARGETS_AT_ONCE]
                for mine, features in zip(
                    kernels, self._features(np.stack([scenes.targets[k] for k in some])), strict=True
                ):
                    for k, feature in zip(some, features, strict=True):
                        mine[k] = feature
        return kernels

    @torch.inference_mode()
    def _features(self, images: np.ndarray) -> list[Tensor]:
        """Features of small images, at the coarsest of the target's layers."""
        prepared = resize(self.target_backbone.prepare(images), self.scale)
        maps = self.target_backbone.read(prepared, self._target_halvings)
        return [halve(maps[pair.target], self._target_halvings[pair.target]) for pair in self._on]

    def _to_coarsest(self, backbone: Backbone, side: str) -> dict[str, int]:
        """How often each layer that counts is averaged to have the resolution of the coarsest."""
        strides = {getattr(pair, side): backbone.layer(getattr(pair, side)).stride for pair in self.pairs}
        longest = max(strides.values())
        wanted = {getattr(pair, side) for pair in self._on}
        return {name: int(np.log2(longest / stride)) for name, stride in strides.items() if name in wanted}


def _grid(backbone: Backbone, name: str, side: int, halvings: int) -> tuple[float, int]:
    """Middle of the first cell of a layer that is averaged so often, and the distance of the next, px."""
    stride = backbone.layer(name).stride
    return backbone.origin(name, side) + stride * (2**halvings - 1) / 2, stride * 2**halvings
