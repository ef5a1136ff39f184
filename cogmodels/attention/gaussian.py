"""Gaussian adaptive gating: features of a token weighed by how far they lie from their mean."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cogmodels.attention.interface import Attention, Cache, Capabilities, Place, no_loss
from cogmodels.errors import ConfigError

_EPS = 1e-8


class GaussianAttention(Attention):
    """Ioannides et al. (2024, GAAM) over features: it gates a token by itself and mixes no tokens.

    Parameters
    ----------
    place : Place
        Each head gates its own features.
    gaussians : int
        Factors of a gate.

    Raises
    ------
    ConfigError
        No Gaussian.
    """

    capabilities = Capabilities(
        causal=True,
        noncausal=True,
        cross=False,
        grid=False,
        cached=True,
        mixes_tokens=False,
        equivariant=True,
        cost="n gaussians d",
        source="Ioannides et al. 2024, arXiv 2401.11143; gioannides/Gaussian-Adaptive-Attention",
        reason="it gates features and reads no other tokens",
    )

    def __init__(self, place: Place, gaussians: int = 4) -> None:
        if gaussians < 1:
            raise ConfigError(f"{gaussians} Gaussians", where="attention `gaussian`", remedy="Set 1 or more")
        super().__init__(place)
        self.offsets = nn.Parameter(torch.zeros(place.heads, 1, gaussians))
        # Equal spreads would stay equal.
        self.log_spreads = nn.Parameter(torch.randn(place.heads, 1, gaussians))

    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        heads = query.unflatten(-1, (self.place.heads, -1))
        return (heads * gaussian_gates(heads, self.offsets, self.log_spreads.exp())).flatten(-2), no_loss(query)

    def start(self, batch: int, key_value: Tensor | None = None, *, key_padding_mask: Tensor | None = None) -> Cache:
        del batch, key_value, key_padding_mask
        return {}

    def step(self, token: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        return self.attend(token, token, None)[0], cache


def gaussian_gates(x: Tensor, offsets: Tensor, spreads: Tensor) -> Tensor:
    """Weights over the last axis of x (..., heads, d), their sum 1: a product of Gaussians around its mean, normalised.

    ``offsets`` and ``spreads`` (heads, 1, g): where each lies beside the mean, in the units of x, and how wide it is,
    in standard deviations of x.
    """
    centred = x - x.mean(-1, keepdim=True)
    deviation = (x.var(-1, keepdim=True, unbiased=False) + _EPS).sqrt()
    z = (centred[..., None] - offsets) / deviation[..., None]
    # Constants of the densities cancel in the sum of logarithms.
    return (-z.square() / (2 * spreads.square())).sum(-1).softmax(-1)
