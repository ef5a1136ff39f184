"""Mixture of heads: each token weighs its heads, some always, some where the router wants them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cogmodels.attention.interface import Capabilities, Place, merge_heads, no_loss
from cogmodels.attention.scaled_dot_product import ScaledDotProduct
from cogmodels.errors import ConfigError


class MixtureOfHeadsAttention(ScaledDotProduct):
    """Jin et al. (2024, MoH): the output is a sum over heads, weighed by gates of the querying token.

    Parameters
    ----------
    place : Place
    shared : int
        Heads that are always on, the first ones.
    top : int
        Routed heads that are on for a token.

    Raises
    ------
    ConfigError
        More heads on than there are.
    """

    capabilities = Capabilities(
        causal=True,
        noncausal=True,
        cross=True,
        grid=False,
        cached=True,
        mixes_tokens=True,
        equivariant=True,
        cost="n^2 d",
        source="Jin et al. 2024, arXiv 2410.11842; SkyworkAI/MoH",
    )

    def __init__(self, place: Place, shared: int = 1, top: int = 2) -> None:
        if shared < 0 or top < 1 or shared + top > place.heads:
            raise ConfigError(
                f"{shared} shared and {top} routed heads are not among {place.heads}",
                where="attention `mixture_of_heads`",
            )
        super().__init__(place, place.heads)
        self.shared, self.top = shared, top
        self.router = nn.Linear(place.dim, place.heads - shared, bias=False)
        self.sharer = nn.Linear(place.dim, shared, bias=False) if shared else None
        self.balance = nn.Linear(place.dim, 2, bias=False) if shared else None

    def combine(self, query: Tensor, read: Tensor, valid: Tensor | None = None) -> tuple[Tensor, Tensor]:
        gates, loss = self.gates(query, valid)
        return self.to_output(merge_heads(read * gates.transpose(1, 2)[..., None])), loss

    def gates(self, query: Tensor, valid: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Gates (batch, n, heads), and the loss that keeps the routed heads in balance.

        The loss is mean(share of probability * share of choices) * E^2 over the E routed heads: ``top`` where balanced.
        """
        likely = self.router(query).softmax(-1)
        kept = torch.zeros_like(likely).scatter(-1, likely.topk(self.top, -1).indices, 1.0)
        routed = likely * kept
        routed = routed / routed.sum(-1, keepdim=True) * self.top
        if valid is None:
            loss = (likely.mean((0, 1)) * kept.mean((0, 1))).mean() * likely.shape[-1] ** 2
        elif valid.any():
            loss = (likely[valid].mean(0) * kept[valid].mean(0)).mean() * likely.shape[-1] ** 2
        else:
            loss = no_loss(query)
        if self.sharer is None:
            return routed, loss
        groups = 2 * self.balance(query).softmax(-1)
        always = self.sharer(query).softmax(-1) * self.shared
        return torch.cat([always * groups[..., :1], routed * groups[..., 1:]], -1), loss
