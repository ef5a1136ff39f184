"""What softmax attention and its relatives share: projections, masks, cached keys and values."""

from __future__ import annotations

import torch
from torch import Tensor

from cogmodels.attention.interface import (
    Attention,
    Cache,
    Place,
    masked_sdpa,
    merge_heads,
    no_loss,
    projection,
    split_heads,
)
from cogmodels.errors import ConfigError, DataError


class ScaledDotProduct(Attention):
    """Queries of ``heads`` heads against keys and values of ``kv_heads``; subclasses say which head reads which."""

    def __init__(self, place: Place, kv_heads: int) -> None:
        super().__init__(place)
        self.kv_heads = kv_heads
        self.to_query = projection(place.dim, place.dim)
        self.to_key = projection(place.dim, kv_heads * place.width)
        self.to_value = projection(place.dim, kv_heads * place.width)
        self.to_output = projection(place.dim, place.dim)

    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        keys, values = self.share(*self._keys(key_value), valid)
        read = self._read(query, keys, values, valid, self.place.causal)
        return self.combine(query, read, None if self.place.cross else valid)

    def start(self, batch: int, key_value: Tensor | None = None, *, key_padding_mask: Tensor | None = None) -> Cache:
        if self.place.cross:
            if key_value is None:
                raise ConfigError("cross-attention starts from `key_value`", where="attention")
            if batch % len(key_value):
                raise DataError(f"{batch} sequences do not share {len(key_value)} memories evenly", where="attention")
            valid = None if key_padding_mask is None else ~key_padding_mask
            keys, values = self.share(*self._keys(key_value), valid)
            return {"keys": keys, "values": values, **({} if valid is None else {"valid": valid})}
        if not self.place.causal:
            raise ConfigError("only causal self-attention goes token by token", where="attention")
        empty = self.to_key.weight.new_zeros(batch, self.kv_heads, 0, self.place.width)
        return {"keys": empty, "values": empty}

    def step(self, token: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        if self.place.cross:
            # Sequences that read one memory are queries side by side: nothing is copied.
            query = token.reshape(len(cache["keys"]), -1, self.place.dim)
            read = self._read(query, cache["keys"], cache["values"], cache.get("valid"), False)
            return self.combine(query, read)[0].reshape(token.shape), cache
        new = self._keys(token)
        cache = {name: torch.cat([cache[name], x], -2) for name, x in zip(("keys", "values"), new, strict=True)}
        keys, values = self.share(cache["keys"], cache["values"], None)
        return self.combine(token, self._read(token, keys, values, None, False))[0], cache

    def share(self, keys: Tensor, values: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        """Keys and values (batch, kv_heads, m, d) as each query head reads them, (batch, heads, m, d)."""
        del valid
        return keys, values

    def combine(self, query: Tensor, read: Tensor, valid: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Output and auxiliary loss from what the heads read (batch, heads, n, d); ``valid`` queries count in it."""
        del valid
        return self.to_output(merge_heads(read)), no_loss(query)

    def _keys(self, key_value: Tensor) -> tuple[Tensor, Tensor]:
        return (
            split_heads(self.to_key(key_value), self.kv_heads),
            split_heads(self.to_value(key_value), self.kv_heads),
        )

    def _read(self, query: Tensor, keys: Tensor, values: Tensor, valid: Tensor | None, causal: bool) -> Tensor:
        queries = split_heads(self.to_query(query), self.place.heads)
        return masked_sdpa(queries, keys, values, None if valid is None else valid[:, None, None], causal=causal)
