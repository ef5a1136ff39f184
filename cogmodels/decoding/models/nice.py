"""NICE: an encoder of single trials trained by contrast, with the features of what was seen or with classes."""

from __future__ import annotations

import math

from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.decoding.epoch_network import EpochNetwork, samples


class _Residual(nn.Module):
    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(x)


class Nice(EpochNetwork):
    """Song et al. (2024, ICLR): encoder and projector of the released code; lengths in ms, its own at 250 Hz.

    With Features as target, the projection is compared with them by symmetric InfoNCE. With classes, it is compared
    with a learnt prototype of each: logits are cosines over the temperature.

    Parameters
    ----------
    channels, times, outputs : int
        ``outputs``: classes, or dimensions of the features.
    rate : float
        Samples a second.
    embeds : bool
        The target is Features.
    filters : int
    width : int
        Of the projection where the target are classes.
    kernel_ms, pool_ms, stride_ms : float
        Temporal filters; pooling of their output, and how far pools lie apart.
    dropout, temperature : float
        The temperature is a constant, as it is in the released training.
    """

    def __init__(
        self,
        channels: int,
        times: int,
        outputs: int,
        rate: float,
        *,
        embeds: bool = False,
        filters: int = 40,
        width: int = 768,
        kernel_ms: float = 100.0,
        pool_ms: float = 204.0,
        stride_ms: float = 20.0,
        dropout: float = 0.5,
        temperature: float = 0.07,
    ) -> None:
        super().__init__()
        kernel, pool, stride = (samples(length, rate) for length in (kernel_ms, pool_ms, stride_ms))
        self.check_length(times, kernel + pool - 1, "a temporal filter and a pool")
        self.temperature = temperature
        steps = (times - kernel + 1 - pool) // stride + 1
        self.encoder = nn.Sequential(
            nn.Conv2d(1, filters, (1, kernel)),
            nn.AvgPool2d((1, pool), (1, stride)),
            nn.BatchNorm2d(filters),
            nn.ELU(),
            nn.Conv2d(filters, filters, (channels, 1)),
            nn.BatchNorm2d(filters),
            nn.ELU(),
            nn.Dropout(dropout),
            nn.Conv2d(filters, filters, 1),
            nn.Flatten(),
        )
        width = outputs if embeds else width
        self.projector = nn.Sequential(
            nn.Linear(steps * filters, width),
            _Residual(nn.Sequential(nn.GELU(), nn.Linear(width, width), nn.Dropout(dropout))),
            nn.LayerNorm(width),
        )
        self.prototypes = None if embeds else nn.Linear(width, outputs, bias=False)
        if self.prototypes is not None:
            nn.init.normal_(self.prototypes.weight, std=1 / math.sqrt(width))

    def forward(self, x: Tensor) -> Tensor:
        projection = self.projector(self.encoder(x[:, None]))
        if self.prototypes is None:
            return projection
        cosines = F.normalize(projection, dim=1) @ F.normalize(self.prototypes.weight, dim=1).T
        return cosines / self.temperature
