"""Lightning attention: causal, linear in length, without softmax; a state that forgets."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional as F

from cogmodels.attention.interface import (
    Attention,
    Cache,
    Capabilities,
    Place,
    merge_heads,
    no_loss,
    projection,
    split_heads,
)
from cogmodels.errors import ConfigError

_EPS = 1e-6


class LightningAttention(Attention):
    """Qin et al. (2024): o_t = q_t sum_{j <= t} decay^(t-j) k_j' v_j, in blocks; a head's output has mean square 1.

    Parameters
    ----------
    place : Place
    block : int
        Tokens of a block.
    """

    capabilities = Capabilities(
        causal=True,
        noncausal=False,
        cross=False,
        grid=False,
        cached=True,
        mixes_tokens=True,
        equivariant=False,
        cost="n d^2 + n block d",
        source="Qin et al. 2024, arXiv 2401.04658; block form in torch",
        reason="its state runs from the first token to the last",
    )

    def __init__(self, place: Place, block: int = 64) -> None:
        if block < 1:
            raise ConfigError(f"blocks of {block} tokens", where="attention `lightning`")
        super().__init__(place)
        self.block = block
        self.to_query, self.to_key = projection(place.dim, place.dim), projection(place.dim, place.dim)
        self.to_value, self.to_output = projection(place.dim, place.dim), projection(place.dim, place.dim)
        self.register_buffer("slopes", slopes(place.heads), persistent=False)

    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        queries, keys, values = self._project(query)
        if valid is not None:
            keys = keys.masked_fill(~valid[:, None, :, None], 0.0)
            values = values.masked_fill(~valid[:, None, :, None], 0.0)
        return self._output(lightning(queries, keys, values, self.slopes, self.block)), no_loss(query)

    def start(self, batch: int, key_value: Tensor | None = None, *, key_padding_mask: Tensor | None = None) -> Cache:
        del key_value, key_padding_mask
        width = self.place.width
        return {"state": self.to_key.weight.new_zeros(batch, self.place.heads, width, width)}

    def step(self, token: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        queries, keys, values = self._project(token)
        state = torch.exp(-self.slopes)[:, None, None] * cache["state"] + keys.transpose(-1, -2) @ values
        return self._output(queries @ state), {"state": state}

    def _project(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        heads = self.place.heads
        return (
            split_heads(self.to_query(x), heads),
            split_heads(self.to_key(x), heads),
            split_heads(self.to_value(x), heads),
        )

    def _output(self, read: Tensor) -> Tensor:
        # Sums over the past grow with its length: the norm of TransNormer stands for softmax's.
        return self.to_output(merge_heads(F.rms_norm(read, read.shape[-1:], eps=_EPS)))


def slopes(heads: int) -> Tensor:
    """Rate of forgetting of each head, per token: ALiBi's 2^(-8 i / h), i = 1 to h (Press et al. 2022).

    Where h is no power of 2, those of the power below, then every other one of the power above.
    """
    power = 2 ** math.floor(math.log2(heads))
    found = [2 ** (-8 * i / power) for i in range(1, power + 1)]
    found += [2 ** (-8 * i / (2 * power)) for i in range(1, 2 * power + 1, 2)]
    return torch.tensor(found[:heads])


def lightning(queries: Tensor, keys: Tensor, values: Tensor, slopes: Tensor, block: int) -> Tensor:
    """Linear attention with decay of heads (batch, heads, n, d), in blocks: what the quadratic form gives.

    Parameters
    ----------
    queries, keys, values : Tensor, (batch, heads, n, d)
    slopes : Tensor, (heads,)
        A head's decay a token is exp(-slope).
    block : int

    Returns
    -------
    Tensor, (batch, heads, n, d)
    """
    state = queries.new_zeros(*queries.shape[:2], queries.shape[-1], values.shape[-1])
    rates, parts = slopes[:, None], []
    for q, k, v in zip(queries.split(block, 2), keys.split(block, 2), values.split(block, 2), strict=True):
        n = q.shape[2]
        at = torch.arange(n, device=q.device)
        decay = torch.exp(-rates[..., None] * (at[:, None] - at).clamp(min=0)).tril()
        before = torch.exp(-rates * (at + 1))[..., None]
        after = torch.exp(-rates * (n - 1 - at))[..., None]
        parts.append((q @ k.transpose(-1, -2) * decay) @ v + (q * before) @ state)
        state = torch.exp(-rates * n)[..., None] * state + (k * after).transpose(-1, -2) @ v
    return torch.cat(parts, 2)
