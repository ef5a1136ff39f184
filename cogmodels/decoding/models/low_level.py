"""A small convolutional decoder from a latent vector to a low-resolution image, guided by another vector."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.data.reconstructions import LEAST_SIDE, image_side

#: Groups of the norms.
_GROUPS = 8


class _Stage(nn.Module):
    """Twice the resolution; each channel scaled and shifted as the guide says (FiLM, Perez et al. 2018)."""

    def __init__(self, channels: int, factor: int, guided: bool) -> None:
        super().__init__()
        # Channels become px: unlike interpolation, its gradient is the same each time on a GPU.
        self.grow = nn.Sequential(nn.Conv2d(channels, factor**2 * channels, 3, padding=1), nn.PixelShuffle(factor))
        self.norm = nn.GroupNorm(_GROUPS, channels)
        self.guide = nn.Linear(channels, 2 * channels) if guided else None

    def forward(self, maps: Tensor, guide: Tensor | None) -> Tensor:
        maps = self.norm(self.grow(maps))
        if self.guide is not None:
            scale, shift = self.guide(guide)[..., None, None].chunk(2, dim=1)
            maps = maps * (1 + scale) + shift
        return F.gelu(maps)


class LowLevel(nn.Module):
    """Pixels decoded from what a subject's adapter gives, guided by the vector that the high level decodes.

    It begins as the mean image: its last layer is 0.

    Parameters
    ----------
    hidden, guide : int
        Widths of the latent vector and of the guide.
    pixels : int
        3 side^2: channels, rows and columns of a square image.
    guidance : {"stopped", "joint", "none"}
        Whether the guide gets a gradient from the image, or is not looked at.
    channels : int
    dropout : float
        Before the first layer.
    weight : float
        Of the squared error of pixels; kept for the loss.

    Raises
    ------
    DataError
        The number of pixels is not that of a square image of 4 px or more.
    """

    def __init__(
        self,
        hidden: int,
        guide: int,
        pixels: int,
        *,
        guidance: str = "stopped",
        channels: int = 64,
        dropout: float = 0.3,
        weight: float = 1.0,
    ) -> None:
        super().__init__()
        if guidance not in ("stopped", "joint", "none"):
            raise ValueError(f"unknown guidance {guidance!r}, one of stopped, joint, none")
        side = image_side(pixels)
        doublings = 0
        while side % 2 ** (doublings + 1) == 0 and side // 2 ** (doublings + 1) >= LEAST_SIDE:
            doublings += 1
        self.first, self.channels, self.guidance, self.weight = side // 2**doublings, channels, guidance, weight
        guided = guidance != "none"
        self.seed = nn.Sequential(nn.Dropout(dropout), nn.Linear(hidden, channels * self.first**2))
        self.guide = nn.Sequential(nn.Linear(guide, channels), nn.GELU()) if guided else None
        factors = [1] if doublings == 0 else [2] * doublings
        self.stages = nn.ModuleList(_Stage(channels, factor, guided) for factor in factors)
        self.last = nn.Conv2d(channels, 3, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, latent: Tensor, guide: Tensor) -> Tensor:
        """Pixels (n, 3 side^2), as deviations from the mean image, of latent vectors (n, hidden) and guides (n, d)."""
        told = None
        if self.guide is not None:
            guide = guide.detach() if self.guidance == "stopped" else guide
            told = self.guide(F.normalize(guide, dim=-1) * math.sqrt(guide.shape[-1]))
        maps = self.seed(latent).unflatten(1, (self.channels, self.first, self.first))
        for stage in self.stages:
            maps = stage(maps, told)
        return self.last(maps).flatten(1)

    def loss(self, found: Tensor, wished: Tensor) -> Tensor:
        """Weighted mean squared error, float32 or better."""
        with torch.autocast(found.device.type, enabled=False):
            return self.weight * F.mse_loss(found.to(torch.promote_types(found.dtype, torch.float32)), wished)
