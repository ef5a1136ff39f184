"""What search models are held against: chance, the centre, pixels of the target, contrast without a target."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from cogmodels.search import attention
from cogmodels.search.scenes import Scenes
from cogmodels.search.searcher import View
from cogmodels.stimuli.backbones import Backbone, resize

#: How far beside the gaze a control looks for the target's picture, px.
REACH_PX = 4


class Control(ABC):
    """What the controls share: none can tell by itself whether something is the target."""

    def start(self, scenes: Scenes, seed: int) -> None:
        self._scenes, self._seed = scenes, seed

    @abstractmethod
    def priority(self, view: View) -> Tensor:
        """Where to look next, as in :class:`cogmodels.search.searcher.SearchModel`."""

    def likeness(self, view: View) -> np.ndarray:
        """Correlation (b,) of the target's pixels with those around the gaze, the best within ``REACH_PX``."""
        found = []
        for image, gaze, trial in zip(view.images, view.gaze, view.trials, strict=True):
            target = grey(self._scenes.targets[self._scenes.target_of[trial]])
            sides = tuple(side + 2 * REACH_PX for side in target.shape)
            piece = grey(cut_piece(image, gaze, sides, self._scenes.background))
            windows = np.lib.stride_tricks.sliding_window_view(piece, target.shape)
            windows = windows - windows.mean(axis=(2, 3), keepdims=True)
            target = target - target.mean()
            product = (windows * target).sum(axis=(2, 3))
            norm = np.sqrt((windows**2).sum(axis=(2, 3)) * (target**2).sum())
            found.append(np.divide(product, norm, out=np.zeros_like(product), where=norm > 0).max())
        return np.array(found)


class Chance(Control):
    """Looks anywhere: in the middle of any cell, or at any pixel where there are no cells.

    With ``c`` cells, none looked at twice, it takes ``(c + 1) / 2`` fixations on average.
    """

    def priority(self, view: View) -> Tensor:
        """Random numbers, the same whatever the batch."""
        height, width = self._scenes.height, self._scenes.width
        maps = np.full((len(view.trials), height, width), -1.0)
        for k, (trial, gaze) in enumerate(zip(view.trials, view.gaze, strict=True)):
            left = int(view.allowed[k].sum())
            rng = np.random.default_rng([self._seed, int(trial), left, *map(int, gaze)])
            if self._scenes.cells is None:
                maps[k] = rng.random((height, width))
            else:
                top, first, bottom, last = self._scenes.cells.T
                maps[k, (top + bottom) // 2, (first + last) // 2] = rng.random(len(self._scenes.cells))
        return torch.from_numpy(maps)


class CentreBias(Control):
    """Looks as near to the middle of the scene as it has not looked yet."""

    def priority(self, view: View) -> Tensor:
        """Minus the distance from the middle, in shares of the scene's sides."""
        rows, columns = (
            (torch.arange(n, dtype=torch.float64) - (n - 1) / 2) / n for n in (self._scenes.height, self._scenes.width)
        )
        distance = torch.hypot(rows[:, None], columns[None, :])
        return -distance.expand(len(view.trials), -1, -1)


class PixelMatch(Control):
    """Looks where the picture correlates with the target's, blurred (7 px, sigma 3)."""

    def start(self, scenes: Scenes, seed: int) -> None:
        """Targets as filters: grey levels less their mean over all pictures of ImageNet."""
        super().start(scenes, seed)
        self._targets = [torch.from_numpy(grey(target) - _MEAN_GREY) for target in scenes.targets]

    def priority(self, view: View) -> Tensor:
        """Correlation of the whole scene with the target, its middle at each pixel."""
        images = torch.from_numpy(grey(view.images) - _MEAN_GREY)
        out = torch.empty_like(images)
        for k, (image, trial) in enumerate(zip(images, view.trials, strict=True)):
            target = self._targets[self._scenes.target_of[trial]]
            (h, w), (a, b) = image.shape, target.shape
            size = h + a - 1, w + b - 1
            # Beyond the scene lies background.
            edge = float(self._scenes.background) - _MEAN_GREY
            product = torch.fft.irfft2(
                torch.fft.rfft2(image - edge, s=size) * torch.fft.rfft2(target.flip(0, 1), s=size), s=size
            )
            # The place of the target's pixel (a - 1) // 2, (b - 1) // 2, as a "same" correlation has it.
            top, left = a // 2, b // 2
            out[k] = product[top : top + h, left : left + w] + edge * target.sum()
        return attention.blur(out, 7, 3.0)


class Saliency(Control):
    """Looks where the scene differs from what surrounds it, whatever the target.

    How far a network's features are from their mean within ``surround`` cells of the map, each layer scaled to 0 ... 1,
    summed over the layers.
    """

    def __init__(self, backbone: Backbone, layers: tuple[str, ...], surround: int = 7, scale: float = 1.0) -> None:
        self.backbone, self.layers, self.surround, self.scale = backbone, layers, surround, scale

    @torch.inference_mode()
    def priority(self, view: View) -> Tensor:
        """Contrast of features at each pixel."""
        shape = (self._scenes.height, self._scenes.width)
        maps = self.backbone.read(resize(self.backbone.prepare(view.images), self.scale), set(self.layers))
        total = 0.0
        for name in self.layers:
            features, half = maps[name], self.surround // 2
            mean = F.avg_pool2d(features, self.surround, 1, half, count_include_pad=False)
            contrast = (features - mean).square().sum(1).sqrt()
            contrast = F.interpolate(contrast.unsqueeze(1), size=shape, mode="bilinear", align_corners=False).squeeze(1)
            total = total + attention.combine([contrast], [1.0], weighted=False)
        return total


def grey(image: np.ndarray) -> np.ndarray:
    """Luma of RGB (..., 3), as float64; grey images (h, w) or (n, h, w) as they are."""
    image = np.asarray(image, dtype=float)
    return image @ np.array([0.299, 0.587, 0.114]) if image.shape[-1] == 3 else image


def cut_piece(image: np.ndarray, gaze: np.ndarray, shape: tuple[int, ...], background: int) -> np.ndarray:
    """Part (h, w) or (h, w, 3) of an image around a place, with background beyond its edges."""
    piece = np.full((*shape, *image.shape[2:]), background, np.uint8)
    top, left = (int(at) - side // 2 for at, side in zip(gaze, shape, strict=True))
    a, b = max(top, 0), min(top + shape[0], image.shape[0])
    c, d = max(left, 0), min(left + shape[1], image.shape[1])
    piece[a - top : b - top, c - left : d - left] = image[a:b, c:d]
    return piece


_MEAN_GREY = 0.299 * 123.68 + 0.587 * 116.779 + 0.114 * 103.939
