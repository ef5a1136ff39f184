"""Layers over patches and over fixations; keys and values of what is past are kept."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass
class LayerCache:
    """Keys and values of the fixations so far and of the image's tokens; empty at first."""

    own: list[Tensor] = field(default_factory=list)
    image: list[Tensor] = field(default_factory=list)

    def keep(self, rows: Tensor) -> None:
        """Only some of the scanpaths, (n,) bool or int, go on."""
        self.own = [value[rows] for value in self.own]


class _Attention(nn.Module):
    """Softmax attention of several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.kv, self.out = nn.Linear(width, width), nn.Linear(width, 2 * width), nn.Linear(width, width)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def keys_values(self, x: Tensor) -> list[Tensor]:
        """Keys and values (b, heads, k, width / heads) of tokens (b, k, width)."""
        return [self.split(half) for half in self.kv(x).chunk(2, -1)]

    def forward(self, x: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None) -> Tensor:
        found = F.scaled_dot_product_attention(self.split(self.q(x)), keys, values, attn_mask=mask)
        return self.out(found.transpose(1, 2).flatten(2))


def _feed_forward(width: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, 3 * width), nn.GELU(), nn.Dropout(dropout), nn.Linear(3 * width, width))


class EncoderLayer(nn.Module):
    """Attention among patches (b, k, width) and a feed-forward block, each after a norm."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(2))
        self.attention = _Attention(width, heads)
        self.feed, self.drop = _feed_forward(width, dropout), nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        y = self.norms[0](x)
        x = x + self.drop(self.attention(y, *self.attention.keys_values(y)))
        return x + self.drop(self.feed(self.norms[1](x)))


class DecoderLayer(nn.Module):
    """Attention to earlier fixations, to the image, and a feed-forward block, each after a norm."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(3))
        self.past, self.image = _Attention(width, heads), _Attention(width, heads)
        self.feed, self.drop = _feed_forward(width, dropout), nn.Dropout(dropout)

    def forward(self, x: Tensor, image: Tensor, cache: LayerCache | None = None, paths: int = 1) -> Tensor:
        """New tokens (b * paths, k, width) of ``paths`` scanpaths a picture, whose tokens are ``image`` (b, m, width).

        With a cache the tokens follow those that it holds, which must be one at a time after the first call.
        """
        y = self.norms[0](x)
        keys, values = self.past.keys_values(y)
        before = cache.own[0].shape[2] if cache is not None and cache.own else 0
        if before:
            keys, values = torch.cat([cache.own[0], keys], 2), torch.cat([cache.own[1], values], 2)
        if cache is not None:
            cache.own = [keys, values]
        k = x.shape[1]
        mask = torch.ones(k, before + k, dtype=torch.bool, device=x.device).tril(before)
        x = x + self.drop(self.past(y, keys, values, mask))
        shown = cache.image if cache is not None and cache.image else self.image.keys_values(image)
        if cache is not None:
            cache.image = shown
        # All fixations of a picture ask its tokens at once.
        y = self.norms[1](x).reshape(len(image), -1, x.shape[-1])
        x = x + self.drop(self.image(y, *shown).reshape(x.shape))
        return x + self.drop(self.feed(self.norms[2](x)))
