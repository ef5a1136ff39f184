"""Where a target's features are in a scene: top-down modulation of a network's maps (IVSN, eccNET)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

#: Taps that OpenCV has for Gaussians of these sizes where sigma is 0.
_FIXED = {3: (0.25, 0.5, 0.25), 5: (0.0625, 0.25, 0.375, 0.25, 0.0625)}


def gaussian_taps(size: int, sigma: float) -> np.ndarray:
    """Taps (size,) of a Gaussian, sum 1; sigma 0 is a fixed binomial kernel of size 3 or 5, as in OpenCV."""
    if sigma == 0 and size in _FIXED:
        return np.array(_FIXED[size])
    at = np.arange(size) - (size - 1) / 2
    taps = np.exp(-(at**2) / (2 * sigma**2))
    return taps / taps.sum()


def blur(maps: Tensor, size: int, sigma: float) -> Tensor:
    """Maps (n, h, w) under a Gaussian; the edge pixel is the axis of reflection."""
    taps = torch.as_tensor(gaussian_taps(size, sigma), dtype=maps.dtype, device=maps.device)
    half = size // 2
    maps = maps.unsqueeze(1)
    for axis, shape in ((2, (1, 1, size, 1)), (3, (1, 1, 1, size))):
        # Reflection needs more pixels than it adds; a map that has fewer repeats its edge.
        mode = "reflect" if maps.shape[axis] > half else "replicate"
        sides = (0, 0, half, half) if axis == 2 else (half, half, 0, 0)
        maps = F.conv2d(F.pad(maps, sides, mode=mode), taps.view(shape))
    return maps.squeeze(1)


def sharpen(maps: Tensor, narrow: tuple[int, float], wide: tuple[int, float], passes: int = 3) -> Tensor:
    """Add the difference of two Gaussians (size, sigma) of the maps (n, h, w) to them, ``passes`` times."""
    for _ in range(passes):
        maps = maps + (blur(maps, *narrow) - blur(maps, *wide))
    return maps


def modulate(search: Tensor, targets: Sequence[Tensor], which: Tensor) -> Tensor:
    """How strongly a target's features are present at each place.

    Parameters
    ----------
    search : (n, c, h, w)
        Maps of the scenes.
    targets : (k, c, i, j), or k of (c, i, j)
        Features of the targets: the kernels.
    which : (n,) int
        Target of each scene.

    Returns
    -------
    (n, h, w), without bias, kernels not flipped; an even kernel reaches one further down and right.
    """
    height, width = search.shape[-2:]
    out = search.new_zeros(len(search), height, width)
    for k in torch.unique(which).tolist():
        mine = torch.nonzero(which == k).flatten()
        rows, columns = targets[k].shape[-2:]
        up, left = (rows - 1) // 2, (columns - 1) // 2
        # One matrix product gives what each pixel adds at each offset of the kernel; then these are shifted and summed.
        kernel = targets[k].permute(1, 2, 0).reshape(rows * columns, -1)
        parts = search[mine].permute(0, 2, 3, 1) @ kernel.T
        padded = F.pad(parts.permute(0, 3, 1, 2), (left, columns - 1 - left, up, rows - 1 - up))
        total = search.new_zeros(len(mine), height, width)
        for i in range(rows):
            for j in range(columns):
                total += padded[:, i * columns + j, i : i + height, j : j + width]
        out[mine] = total
    return out


def combine(maps: Sequence[Tensor], switches: Sequence[float], *, weighted: bool = True) -> Tensor:
    """One map (n, h, w) of those of the layer pairs, each scaled to 0 ... 1.

    ``weighted``: by their maxima before scaling (negative ones count 0), else equally; ``switches`` multiply the
    weights. A map without any contrast adds nothing; where none has any, the result is 0.
    """
    total, sum_of_weights = 0.0, 0.0
    for found, switch in zip(maps, switches, strict=True):
        low, high = found.amin((1, 2)), found.amax((1, 2))
        spread = high - low
        weight = (high.clamp(min=0) if weighted else torch.ones_like(high)) * switch * (spread > 0)
        scaled = (found - low[:, None, None]) / spread.clamp(min=torch.finfo(found.dtype).tiny)[:, None, None]
        total = total + weight[:, None, None] * scaled
        sum_of_weights = sum_of_weights + weight
    return total / torch.where(sum_of_weights > 0, sum_of_weights, torch.ones_like(sum_of_weights))[:, None, None]


def area_matrix(size: int, out: int) -> np.ndarray:
    """Weights (out, size) by which a row of ``size`` pixels becomes one of ``out``, as OpenCV's INTER_AREA enlarges.

    Each pixel is repeated; one that lies across an edge is a mixture.
    """
    weights = np.zeros((out, size))
    scale = size / out
    for i in range(out):
        first = int(np.floor(i * scale))
        share = (i + 1) - (first + 1) / scale
        share = 0.0 if share <= 0 else share - np.floor(share)
        weights[i, first] += 1 - share
        weights[i, min(first + 1, size - 1)] += share
    return weights
