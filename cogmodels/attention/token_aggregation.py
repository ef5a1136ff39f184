"""Token aggregation: tokens sorted by the centre that they are most like attend to their neighbours in that order."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from cogmodels.attention.interface import (
    Attention,
    Capabilities,
    Place,
    masked_sdpa,
    merge_heads,
    no_loss,
    projection,
    split_heads,
)
from cogmodels.errors import ConfigError


class TokenAggregationAttention(Attention):
    """Liu et al. (2025, CATANet): attention in groups of tokens that are alike, and to the centres.

    The order of ties is that of the tokens (the released code leaves it open).

    Parameters
    ----------
    place : Place
    centres : int
    group : int
        Tokens of a group; a token attends to its own group and to the next.
    iterations : int
        Steps of k-means on a training batch.
    decay : float
        Of the running mean of the centres over training batches. In evaluation centres do not change.

    Raises
    ------
    ConfigError
        Numbers that cannot be.
    """

    capabilities = Capabilities(
        causal=False,
        noncausal=True,
        cross=False,
        grid=False,
        cached=False,
        mixes_tokens=True,
        equivariant=False,
        cost="n group d + n centres d",
        source="Liu et al. 2025, CVPR; EquationWalker/CATANet",
        reason="tokens are sorted by what they are, not by when they come",
    )

    def __init__(
        self, place: Place, centres: int = 8, group: int = 128, iterations: int = 3, decay: float = 0.999
    ) -> None:
        if min(centres, group, iterations) < 1 or not 0 <= decay < 1:
            raise ConfigError(
                f"{centres} centres, groups of {group}, {iterations} iterations, decay {decay}",
                where="attention `token_aggregation`",
                remedy="Set whole numbers of 1 or more, and a decay of 0 or more below 1",
            )
        super().__init__(place)
        self.group, self.iterations, self.decay, dim = group, iterations, decay, place.dim
        self.to_query, self.to_key = projection(dim, dim), projection(dim, dim)
        self.to_value, self.to_output = projection(dim, dim), projection(dim, dim)
        self.centre_key, self.centre_value = projection(dim, dim), projection(dim, dim)
        self.register_buffer("centres", F.normalize(torch.randn(centres, dim), dim=-1))
        self.register_buffer("batches", torch.zeros((), dtype=torch.long))

    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        heads = self.place.heads
        centres = self._refined(query, valid) if self.training else self.centres
        order = sorting(query, centres, valid)
        parts = (in_order(layer(query), order) for layer in (self.to_query, self.to_key, self.to_value))
        q, k, v = (split_heads(x, heads) for x in parts)
        known = None if valid is None else valid.gather(1, order)
        read = grouped_attention(q, k, v, self.group, known)
        keys, values = (split_heads(layer(centres), heads) for layer in (self.centre_key, self.centre_value))
        read = read + F.scaled_dot_product_attention(
            q, keys.expand(len(q), -1, -1, -1), values.expand(len(q), -1, -1, -1)
        )
        return self.to_output(in_place(merge_heads(read), order)), no_loss(query)

    @torch.no_grad()
    def _refined(self, x: Tensor, valid: Tensor | None) -> Tensor:
        """Centres of this batch, by k-means from the running ones; these follow."""
        tokens = F.normalize(x.flatten(0, 1) if valid is None else x[valid], dim=-1)
        # The first batch starts them, from its tokens in order.
        centres = self.centres
        if self.batches == 0 and len(tokens) >= len(centres):
            centres = torch.stack([part.mean(0) for part in tokens.tensor_split(len(centres))])
        for _ in range(self.iterations):
            centres = step_centres(tokens, F.normalize(centres, dim=-1))
        self.centres.copy_(centres if self.batches == 0 else torch.lerp(centres, self.centres, self.decay))
        self.batches += 1
        return centres


def step_centres(tokens: Tensor, centres: Tensor) -> Tensor:
    """One step of k-means by cosine: means of unit tokens (n, c) at each of the unit centres (m, c), of length 1."""
    nearest = F.one_hot((tokens @ centres.mT).argmax(-1), len(centres)).to(tokens.dtype)
    sums = F.normalize(nearest.mT @ tokens, dim=-1)
    return torch.where(nearest.sum(0)[:, None] > 0, sums, centres)


def sorting(x: Tensor, centres: Tensor, valid: Tensor | None = None) -> Tensor:
    """Order (batch, n) of tokens (batch, n, c) by their nearest centre (m, c); ties as they come, padding last."""
    nearest = (F.normalize(x.detach(), dim=-1) @ F.normalize(centres, dim=-1).mT).argmax(-1)
    if valid is not None:
        nearest = nearest.masked_fill(~valid, len(centres))
    return nearest.argsort(dim=-1, stable=True)


def in_order(x: Tensor, order: Tensor) -> Tensor:
    """Tokens (batch, n, c) in an order (batch, n)."""
    return x.gather(1, order[..., None].expand_as(x))


def in_place(x: Tensor, order: Tensor) -> Tensor:
    """What :func:`in_order` undoes."""
    return torch.zeros_like(x).scatter(1, order[..., None].expand_as(x), x)


def grouped_attention(queries: Tensor, keys: Tensor, values: Tensor, group: int, valid: Tensor | None) -> Tensor:
    """Heads (batch, heads, n, d) attend in groups of ``group`` neighbours, to their own group and the next."""
    n = queries.shape[2]
    group = min(group, n)
    inside = torch.ones(queries.shape[0], n, dtype=torch.bool, device=queries.device) if valid is None else valid

    def groups(x: Tensor, more: int) -> Tensor:
        """(batch, heads, n, c) -> (batch, heads, groups, (1 + more) * group, c); zeros behind the last."""
        padded = F.pad(x, (0, 0, 0, -n % group + more * group))
        return padded.unfold(2, (1 + more) * group, group).transpose(-1, -2)

    known = groups(inside[:, None, :, None].to(queries.dtype), 1)[..., 0] > 0
    read = masked_sdpa(groups(queries, 0), groups(keys, 1), groups(values, 1), known[..., None, :])
    return read.flatten(2, 3)[:, :, :n]
