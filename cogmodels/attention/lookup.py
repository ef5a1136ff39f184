"""Lookup tokens: a few compressed tokens gather from all, talk, and scatter back."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cogmodels.attention.interface import (
    Attention,
    Capabilities,
    Place,
    masked_sdpa,
    masked_softmax,
    merge_heads,
    no_loss,
    projection,
    split_heads,
)
from cogmodels.errors import ConfigError


class LookupAttention(Attention):
    """Koner et al. (2024, LookupViT), without released code: compressed tokens are learned, anew in each layer.

    Parameters
    ----------
    place : Place
    compressed : int
        Compressed tokens.

    Raises
    ------
    ConfigError
        No compressed token.
    """

    capabilities = Capabilities(
        causal=False,
        noncausal=True,
        cross=False,
        grid=False,
        cached=False,
        mixes_tokens=True,
        equivariant=True,
        cost="n compressed d + compressed^2 d",
        source="Koner et al. 2024, arXiv 2407.12753",
        reason="compressed tokens read all tokens, and give back to those that they read",
    )

    def __init__(self, place: Place, compressed: int = 16) -> None:
        if compressed < 1:
            raise ConfigError(f"{compressed} compressed tokens", where="attention `lookup`", remedy="Set 1 or more")
        super().__init__(place)
        dim = place.dim
        self.compressed = nn.Parameter(nn.init.trunc_normal_(torch.empty(compressed, dim), std=0.02))
        self.gather = nn.ModuleList(projection(dim, dim) for _ in range(4))
        self.inner = nn.ModuleList(projection(dim, dim) for _ in range(4))
        self.to_value, self.to_output = projection(dim, dim), projection(dim, dim)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(3))
        self.feed_forward = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        tokens, scores = self.compress(query, valid)
        # What was gathered by a score is given back by it.
        weights = scores.transpose(-1, -2).softmax(-1)
        values = split_heads(self.to_value(self.norms[2](tokens)), self.place.heads)
        return self.to_output(merge_heads(weights @ values)), no_loss(query)

    def compress(self, x: Tensor, valid: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Compressed tokens (batch, m, dim) of tokens (batch, n, dim), and the scores (batch, heads, m, n)."""
        heads = self.place.heads
        tokens = self.compressed.expand(len(x), -1, -1)
        queries = split_heads(self.gather[0](tokens), heads)
        keys, values = (split_heads(layer(x), heads) for layer in self.gather[1:3])
        scores = queries @ keys.transpose(-1, -2) * self.place.width**-0.5
        read = masked_softmax(scores, None if valid is None else valid[:, None, None]) @ values
        tokens = tokens + self.gather[3](merge_heads(read))
        q, k, v = (split_heads(layer(self.norms[0](tokens)), heads) for layer in self.inner[:3])
        tokens = tokens + self.inner[3](merge_heads(masked_sdpa(q, k, v, None)))
        return tokens + self.feed_forward(self.norms[1](tokens)), scores
