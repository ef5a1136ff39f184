"""Maps brought to other sizes by matrix products, whose gradients repeat to the bit on a GPU; torch's own do not."""

from __future__ import annotations

import torch
from torch import Tensor


def pooled_map(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """As :func:`torch.nn.functional.adaptive_avg_pool2d`: maps (b, c, rows, columns) -> (b, c, *size)."""
    return _both(maps, [_windows(*sides, maps) for sides in zip(maps.shape[2:], size, strict=True)])


def resized_map(maps: Tensor, size: tuple[int, int]) -> Tensor:
    """As bilinear :func:`torch.nn.functional.interpolate` without aligned corners, to (b, c, *size)."""
    return _both(maps, [_between(*sides, maps) for sides in zip(maps.shape[2:], size, strict=True)])


def sampled_map(maps: Tensor, where: Tensor) -> Tensor:
    """Bilinear values (b, k, c) of maps (b, c, rows, columns) at places (b, k, 2).

    Places are columns and rows, 0 at the centre of the first cell; beyond the outermost centres it is the values there.
    """
    columns, rows = (
        _hats(where[..., axis], side) for axis, side in ((0, maps.shape[3]), (1, maps.shape[2]))
    )  # (b, k, side)
    weights = (rows[..., :, None] * columns[..., None, :]).flatten(-2)
    return weights @ maps.flatten(2).transpose(1, 2)


def _both(maps: Tensor, matrices: list[Tensor]) -> Tensor:
    rows, columns = matrices
    return rows @ maps @ columns.T


def _hats(at: Tensor, n: int) -> Tensor:
    """Weights (..., n) of the two grid points on either side of each place."""
    points = torch.arange(n, dtype=at.dtype, device=at.device)
    return (1 - (at.clamp(0, n - 1)[..., None] - points).abs()).clamp_min(0)


def _between(n: int, size: int, like: Tensor) -> Tensor:
    centres = (torch.arange(size, dtype=torch.float32, device=like.device) + 0.5) * (n / size) - 0.5
    return _hats(centres, n).to(like.dtype)


def _windows(n: int, size: int, like: Tensor) -> Tensor:
    j = torch.arange(size, device=like.device)
    first, last = j * n // size, -(-(j + 1) * n // size)
    place = torch.arange(n, device=like.device)
    inside = (place >= first[:, None]) & (place < last[:, None])
    return (inside / (last - first)[:, None]).to(like.dtype)
