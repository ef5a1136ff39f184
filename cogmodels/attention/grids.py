"""Tokens of a grid in windows, padded where the windows do not fit, and convolved."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def to_windows(x: Tensor, grid: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """Tokens (batch, rows * columns, c) as windows (batch, windows, height * width, c), zeros outside of the grid."""
    (rows, columns), (height, width) = grid, size
    x = F.pad(x.unflatten(1, (rows, columns)), (0, 0, 0, -columns % width, 0, -rows % height))
    return x.unflatten(2, (-1, width)).unflatten(1, (-1, height)).transpose(2, 3).flatten(3, 4).flatten(1, 2)


def from_windows(x: Tensor, grid: tuple[int, int], size: tuple[int, int]) -> Tensor:
    """What :func:`to_windows` undoes: (batch, windows, height * width, c) -> (batch, rows * columns, c)."""
    (rows, columns), (height, width) = grid, size
    x = x.unflatten(2, (height, width)).unflatten(1, (-(-rows // height), -1)).transpose(2, 3)
    return x.flatten(1, 2).flatten(2, 3)[:, :rows, :columns].flatten(1, 2)


def valid_in_windows(valid: Tensor | None, like: Tensor, grid: tuple[int, int], size: tuple[int, int]) -> Tensor | None:
    """Which tokens of the windows are tokens (batch, windows, height * width); None where all are."""
    if valid is None and grid[0] % size[0] == 0 and grid[1] % size[1] == 0:
        return None
    if valid is None:
        valid = torch.ones(like.shape[:2], dtype=torch.bool, device=like.device)
    return to_windows(valid[..., None].to(like.dtype), grid, size)[..., 0] > 0


def window_means(x: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor | None]:
    """Means over the tokens of windows (batch, windows, t, c) -> (batch, windows, c), and which windows have any."""
    if valid is None:
        return x.mean(2), None
    weights = valid[..., None].to(x.dtype)
    return (x * weights).sum(2) / weights.sum(2).clamp(min=1), valid.any(2)


def zeroed(x: Tensor, valid: Tensor | None) -> Tensor:
    """Tokens (batch, n, c), zeros where they are padding."""
    return x if valid is None else x.masked_fill(~valid[..., None], 0.0)


class GridConvolution(nn.Conv2d):
    """A convolution of each channel over the grid of tokens (batch, n, c); zeros outside."""

    def __init__(self, channels: int, size: int, grid: tuple[int, int]) -> None:
        super().__init__(channels, channels, size, padding=size // 2, groups=channels)
        self.grid = grid

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(1, 2).unflatten(2, self.grid)).flatten(2).transpose(1, 2)
