"""A network as a list of steps, run on whole images, or only where they differ from an empty one.

A search display is small beside the image that a model takes around its gaze; the rest is background. What a network
makes of the background alone is worked out once; then each step runs where the display can have changed its input.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.stimuli.eccentricity import EccentricPool, box_means, halve


@dataclass(frozen=True)
class Name:
    """The maps at this place are the layer of that name."""

    name: str


@dataclass(frozen=True)
class Keep:
    """Remember the maps for the next :class:`Add`, after the steps ``around``."""

    around: tuple[Apply, ...] = ()


@dataclass(frozen=True)
class Add:
    """Add the maps that were kept."""

    after: Callable[[Tensor], Tensor] | None = None

    def finish(self, maps: Tensor) -> Tensor:
        return maps if self.after is None else self.after(maps)


@dataclass(frozen=True)
class Apply:
    """Windows that slide over the maps, then what happens to each value by itself.

    ``slide``: an unpadded convolution, or a pool. ``same``: padding as TensorFlow's, which depends on the size, else
    ``padding`` on each side; padding is with 0, or minus infinity for a ``maximum``.
    """

    slide: Callable[[Tensor], Tensor]
    kernel: int
    stride: int = 1
    padding: int = 0
    same: bool = False
    after: Callable[[Tensor], Tensor] | None = None
    maximum: bool = False

    def before(self, n: int) -> int:
        """Padding before the first of ``n`` rows or columns."""
        if not self.same:
            return self.padding
        return max((-(-n // self.stride) - 1) * self.stride + self.kernel - n, 0) // 2

    def size(self, n: int) -> int:
        """Rows or columns that ``n`` become."""
        return -(-n // self.stride) if self.same else (n + 2 * self.padding - self.kernel) // self.stride + 1

    def whole(self, maps: Tensor) -> Tensor:
        """All of the maps (n, c, h, w)."""
        sides = []
        for n in (maps.shape[-1], maps.shape[-2]):
            first = self.before(n)
            sides += [first, max((self.size(n) - 1) * self.stride + self.kernel - n - first, 0)]
        if any(sides):
            maps = F.pad(maps, sides, value=-torch.inf if self.maximum else 0.0)
        return self.finish(self.slide(maps))

    def finish(self, maps: Tensor) -> Tensor:
        return maps if self.after is None else self.after(maps)


@dataclass(frozen=True)
class Pool:
    """An eccentric pool."""

    pool: EccentricPool


Step = Name | Keep | Add | Apply | Pool


def run_steps(steps: Sequence[Step], maps: Tensor, names: set[str]) -> dict[str, Tensor]:
    """Maps of the layers named (n, c, h, w); nothing after the last of them is worked out."""
    found: dict[str, Tensor] = {}
    kept: Tensor | None = None
    for step in steps:
        if isinstance(step, Name):
            if step.name in names:
                found[step.name] = maps
                if len(found) == len(names):
                    break
        elif isinstance(step, Keep):
            kept = maps
            for way in step.around:
                kept = way.whole(kept)
        elif isinstance(step, Add):
            maps = step.finish(maps + kept)
        elif isinstance(step, Pool):
            maps = step.pool(maps)
        else:
            maps = step.whole(maps)
    return found


class PatchedNet:
    """A network run on images that are empty but for a square.

    The maps are those of the whole images, to rounding.

    Parameters
    ----------
    steps : sequence of Step
    blank : (1, c, side, side)
        The empty image, as the network wants it.
    halvings : mapping of str to int
        Layers to read, and how often each is averaged 2 x 2 (:func:`cogmodels.stimuli.eccentricity.halve`).
    """

    def __init__(self, steps: Sequence[Step], blank: Tensor, halvings: Mapping[str, int]) -> None:
        self.halvings = dict(halvings)
        last = max(i for i, step in enumerate(steps) if isinstance(step, Name) and step.name in self.halvings)
        self.steps = list(steps[: last + 1])
        #: What each windowed step gets, and each layer gives, of the empty image.
        self.inputs: dict[int | tuple[int, int], Tensor] = {}
        self.outputs: dict[str, tuple[Tensor, Tensor]] = {}
        self.kept: dict[int, Tensor] = {}
        maps, kept = blank, blank
        for i, step in enumerate(self.steps):
            if isinstance(step, Name):
                if step.name in self.halvings:
                    self.outputs[step.name] = maps, halve(maps, self.halvings[step.name])
            elif isinstance(step, Keep):
                kept = maps
                for k, way in enumerate(step.around):
                    self.inputs[i, k] = kept
                    kept = way.whole(kept)
                self.kept[i] = kept
            elif isinstance(step, Add):
                maps = step.finish(maps + kept)
            elif isinstance(step, Pool):
                self.inputs[i] = maps
                maps = step.pool(maps)
            else:
                self.inputs[i] = maps
                maps = step.whole(maps)

    def read(self, patches: Tensor, tops: Tensor, lefts: Tensor) -> dict[str, Tensor]:
        """Maps of the layers for images that hold ``patches`` (n, c, size, size) at (tops, lefts) (n,) px."""
        region = _Region(patches, tops.tolist(), lefts.tolist())
        found: dict[str, Tensor] = {}
        kept: tuple[_Region, Tensor] | None = None
        for i, step in enumerate(self.steps):
            if isinstance(step, Name):
                if step.name in self.halvings:
                    found[step.name] = region.paste(*self.outputs[step.name], self.halvings[step.name])
            elif isinstance(step, Keep):
                before = region
                for k, way in enumerate(step.around):
                    before = _slid(way, before, self.inputs[i, k])
                kept = before, self.kept[i]
            elif isinstance(step, Add):
                before, blank = kept
                added = region.maps + before.window(blank, region.tops, region.lefts, region.size)
                region = _Region(step.finish(added), region.tops, region.lefts)
            elif isinstance(step, Pool):
                region = _pooled(step.pool, region, self.inputs[i])
            else:
                region = _slid(step, region, self.inputs[i])
        return found


@dataclass
class _Region:
    """Where maps may differ from those of the empty image: (n, c, size, size), at places of their own."""

    maps: Tensor
    tops: list[int]
    lefts: list[int]

    @property
    def size(self) -> int:
        return self.maps.shape[-1]

    def paste(self, blank: Tensor, halved: Tensor, times: int) -> Tensor:
        """The whole maps, averaged 2 x 2 so many times; ``halved``: the empty image's."""
        whole, block = halved.expand(len(self.maps), -1, -1, -1).clone(), 2**times
        height, width = blank.shape[-2:]
        for k, (top, left) in enumerate(zip(self.tops, self.lefts, strict=True)):
            a, b = max(top, 0), min(top + self.size, height)
            c, d = max(left, 0), min(left + self.size, width)
            mine = self.maps[k : k + 1, :, a - top : b - top, c - left : d - left]
            # Whole blocks of what is averaged.
            e, f = a // block * block, min(-(-b // block) * block, height)
            g, h = c // block * block, min(-(-d // block) * block, width)
            if (e, f, g, h) != (a, b, c, d):
                around = blank[:, :, e:f, g:h].clone()
                around[:, :, a - e : b - e, c - g : d - g] = mine
                mine = around
            whole[k, :, e // block : -(-f // block), g // block : -(-h // block)] = halve(mine, times)[0]
        return whole

    def window(self, blank: Tensor, tops: list[int], lefts: list[int], size: int, fill: float = 0.0) -> Tensor:
        """The maps in windows of their own, (n, c, size, size)."""
        height, width = blank.shape[-2:]
        shape = (len(self.maps), blank.shape[1], size, size)
        out = torch.empty(shape, dtype=blank.dtype, device=blank.device, memory_format=torch.channels_last)
        for k, (top, left) in enumerate(zip(tops, lefts, strict=True)):
            a, b = max(top, 0), min(top + size, height)
            c, d = max(left, 0), min(left + size, width)
            if (a, b, c, d) != (top, top + size, left, left + size):
                out[k] = fill
            out[k, :, a - top : b - top, c - left : d - left] = blank[0, :, a:b, c:d]
            # What differs, where the two overlap inside of the image.
            e, f = max(a, self.tops[k]), min(b, self.tops[k] + self.size)
            g, h = max(c, self.lefts[k]), min(d, self.lefts[k] + self.size)
            if e < f and g < h:
                mine = self.maps[k, :, e - self.tops[k] : f - self.tops[k], g - self.lefts[k] : h - self.lefts[k]]
                out[k, :, e - top : f - top, g - left : h - left] = mine
        return out


def _reach(first: int, size: int, kernel: int, stride: int, before: int) -> tuple[int, int]:
    """First and last output that a stretch of inputs reaches."""
    return -((kernel - 1 - before - first) // stride), (first + size - 1 + before) // stride


def _outputs(region: _Region, kernel: int, stride: int, before: int) -> tuple[list[int], list[int], int]:
    """Where the outputs lie that a region reaches, and one size that holds them all."""
    spans = [[_reach(t, region.size, kernel, stride, before) for t in way] for way in (region.tops, region.lefts)]
    size = max(last - first + 1 for way in spans for first, last in way)
    return [first for first, _ in spans[0]], [first for first, _ in spans[1]], size


def _slid(step: Apply, region: _Region, blank: Tensor) -> _Region:
    if step.kernel == step.stride == 1 and not step.padding:
        # Each pixel by itself: what lies beyond the image's edge is never read.
        return _Region(step.finish(step.slide(region.maps)), region.tops, region.lefts)
    before = step.before(blank.shape[-1])
    tops, lefts, size = _outputs(region, step.kernel, step.stride, before)
    starts = [[t * step.stride - before for t in way] for way in (tops, lefts)]
    needed = (size - 1) * step.stride + step.kernel
    given = region.window(blank, *starts, needed, -torch.inf if step.maximum else 0.0)
    return _Region(step.finish(step.slide(given)), tops, lefts)


def _pooled(pool: EccentricPool, region: _Region, blank: Tensor) -> _Region:
    spans = pool.spans(*blank.shape[-2:])
    widest = max(int((spans[1] - spans[0]).max()), int((spans[3] - spans[2]).max()))
    tops, lefts, size = _outputs(region, 2 * widest + 2, 2, widest)
    # The boxes of the outputs in each region, and the least square of inputs that holds them.
    boxes = []
    for top, left in zip(tops, lefts, strict=True):
        rows, columns = (
            np.clip(np.arange(at, at + size), 0, n - 1) for at, n in zip((top, left), spans[0].shape, strict=True)
        )
        boxes.append([span[np.ix_(rows, columns)] for span in spans])
    starts = [[int(box[k].min()) for box in boxes] for k in (0, 2)]
    needed = max(
        int(box[k + 1].max()) - start
        for k, way in zip((0, 2), starts, strict=True)
        for box, start in zip(boxes, way, strict=True)
    )
    given = region.window(blank, *starts, needed)
    local = [
        torch.from_numpy(np.stack([box[k] - start for box, start in zip(boxes, starts[k // 2], strict=True)])).to(
            given.device
        )
        for k in range(4)
    ]
    return _Region(box_means(given, *local), tops, lefts)


def convolution(
    module: nn.Conv2d,
    norm: nn.BatchNorm2d | None = None,
    after: Callable[[Tensor], Tensor] | None = None,
    *,
    same: bool = False,
    stride: int | None = None,
) -> Apply:
    """The step of a convolution with square kernel, stride and padding, with the normalisation after it worked in."""
    weight, bias = folded(module, norm)
    stride = module.stride[0] if stride is None else stride

    def slide(maps: Tensor) -> Tensor:
        return F.conv2d(maps, weight, bias, stride, 0, 1, module.groups)

    return Apply(slide, module.kernel_size[0], stride, int(module.padding[0]), same, after)


def folded(module: nn.Conv2d, norm: nn.BatchNorm2d | None) -> tuple[Tensor, Tensor | None]:
    """Weight and bias of a convolution and the normalisation after it, as one; channels last."""
    weight, bias = module.weight, module.bias
    if norm is not None:
        factor = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weight = weight * factor[:, None, None, None]
        bias = norm.bias + ((0.0 if bias is None else bias) - norm.running_mean) * factor
    return weight.contiguous(memory_format=torch.channels_last), bias


def max_pool(kernel: int, stride: int, padding: int = 0) -> Apply:
    """The step of a pool that takes the maximum."""
    return Apply(lambda maps: F.max_pool2d(maps, kernel, stride), kernel, stride, padding, maximum=True)
