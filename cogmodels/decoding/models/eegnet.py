"""EEGNet: a compact convolutional network of single trials."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.decoding.epoch_network import EpochNetwork


class EegNet(EpochNetwork):
    """Lawhern et al. (2018, J Neural Eng 15, 056013), EEGNet-8,2 by default.

    Temporal filters as long as half a second, spatial filters of each, a separable convolution, one dense layer.
    Spatial filters have a norm of 1 at most, the rows of the dense layer of 0.25, after every step.

    Parameters
    ----------
    channels, times, outputs : int
    rate : float
        Samples a second.
    filters, depth : int
        Temporal filters, spatial filters of each (F1 and D; F2 is their product).
    dropout : float
        0.5 within people, 0.25 across.
    """

    def __init__(
        self,
        channels: int,
        times: int,
        outputs: int,
        rate: float,
        *,
        filters: int = 8,
        depth: int = 2,
        dropout: float = 0.25,
    ) -> None:
        super().__init__()
        self.check_length(times, 32, "EEGNet pools 32 samples into one")
        wide = filters * depth
        kernel = max(1, round(rate / 2))
        # `padding="same"` of an even kernel, without the copy that torch makes.
        self.temporal = nn.Sequential(
            nn.ZeroPad2d(((kernel - 1) // 2, kernel // 2, 0, 0)), nn.Conv2d(1, filters, (1, kernel), bias=False)
        )
        self.temporal_norm = _norm(filters)
        self.spatial = nn.Conv2d(filters, wide, (channels, 1), groups=filters, bias=False)
        self.spatial_norm = _norm(wide)
        self.separable = nn.Sequential(
            nn.ZeroPad2d((7, 8, 0, 0)),
            nn.Conv2d(wide, wide, (1, 16), groups=wide, bias=False),
            nn.Conv2d(wide, wide, 1, bias=False),
            _norm(wide),
        )
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(wide * (times // 4 // 8), outputs)

    def forward(self, x: Tensor) -> Tensor:
        x = self.temporal_norm(self.temporal(x[:, None]))
        x = self.dropout(F.avg_pool2d(F.elu(self.spatial_norm(self.spatial(x))), (1, 4)))
        x = self.dropout(F.avg_pool2d(F.elu(self.separable(x)), (1, 8)))
        return self.dense(x.flatten(1))

    def constrain(self) -> None:
        """Shorten what has become too long."""
        with torch.no_grad():
            for weight, longest in ((self.spatial.weight, 1.0), (self.dense.weight, 0.25)):
                weight.copy_(torch.renorm(weight, 2, 0, longest))


def _norm(channels: int) -> nn.BatchNorm2d:
    # The published layer's momentum (0.01 in torch's terms) would need more steps than 20 people's trials give.
    return nn.BatchNorm2d(channels, momentum=0.1, eps=1e-3)
