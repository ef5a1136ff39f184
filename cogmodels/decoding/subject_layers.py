"""A layer of each person's own before a network that all share."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cogmodels.decoding.epoch_network import EpochNetwork


class SubjectLayers(EpochNetwork):
    """A linear layer over channels for each training person, then the shared network.

    Source: Defossez et al. 2023 (Nat Mach Intell 5, 1097-1107, "subject layer"). There people who are tested were
    trained on; here a person who was not gets the mean of all layers. Layers begin as the identity, so that the mean
    stays near what the shared network reads.

    Parameters
    ----------
    net : EpochNetwork
    people, channels : int
    """

    def __init__(self, net: EpochNetwork, people: int, channels: int) -> None:
        super().__init__()
        self.net, self.temperature = net, net.temperature
        self.mixing = nn.Parameter(torch.eye(channels).repeat(people, 1, 1))

    def forward(self, x: Tensor, person: Tensor | None = None) -> Tensor:
        """``person`` (n,): whose trials (n, channels, times) these are, by number; none: of people who are new."""
        mixing = self.mixing.mean(0).expand(len(x), -1, -1) if person is None else self.mixing[person]
        return self.net(torch.bmm(mixing, x))

    def constrain(self) -> None:
        """As the shared network has it."""
        self.net.constrain()
