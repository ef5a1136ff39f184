"""HiLo: some heads attend inside of small windows, the others to the means of windows."""

from __future__ import annotations

import torch
from torch import Tensor

from cogmodels.attention.grids import from_windows, to_windows, valid_in_windows, window_means
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


class HiLoAttention(Attention):
    """Pan et al. (2022, LITv2), with padding masked: the released code lets padded zeros into the softmax.

    Parameters
    ----------
    place : Place
    window : int
        Side of a window, tokens. 1 is softmax attention.
    alpha : float
        Share of the heads that read means; the rest attend inside of windows.

    Raises
    ------
    ConfigError
        A window below 1, a share outside of 0 to 1.
    """

    capabilities = Capabilities(
        causal=False,
        noncausal=True,
        cross=False,
        grid=True,
        cached=False,
        mixes_tokens=True,
        equivariant=False,
        cost="n window^2 d + n^2 / window^2 d",
        source="Pan et al. 2022, NeurIPS; ziplab/LITv2",
        reason="windows of a grid have no order",
    )

    def __init__(self, place: Place, window: int = 2, alpha: float = 0.5) -> None:
        if window < 1 or not 0 <= alpha <= 1:
            raise ConfigError(f"window {window}, alpha {alpha}", where="attention `hilo`", remedy="1 or more; 0 to 1")
        super().__init__(place)
        self.window = window
        self.low = place.heads if window == 1 else int(place.heads * alpha)
        self.high = place.heads - self.low
        low, high = self.low * place.width, self.high * place.width
        if high:
            self.high_query, self.high_key = projection(place.dim, high), projection(place.dim, high)
            self.high_value, self.high_output = projection(place.dim, high), projection(high, high)
        if low:
            self.low_query, self.low_key = projection(place.dim, low), projection(place.dim, low)
            self.low_value, self.low_output = projection(place.dim, low), projection(low, low)

    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        grid, size = self.place.grid, (self.window, self.window)
        inside, windows = valid_in_windows(valid, query, grid, size), to_windows(query, grid, size)
        parts = []
        if self.high:
            q, k, v = (
                split_heads(layer(windows), self.high) for layer in (self.high_query, self.high_key, self.high_value)
            )
            read = masked_sdpa(q, k, v, None if inside is None else inside[:, :, None, None])
            parts.append(from_windows(self.high_output(merge_heads(read)), grid, size))
        if self.low:
            # The mean of projections is the projection of the mean.
            means, found = window_means(windows, inside)
            q = split_heads(self.low_query(query), self.low)
            k, v = split_heads(self.low_key(means), self.low), split_heads(self.low_value(means), self.low)
            read = masked_sdpa(q, k, v, None if found is None else found[:, None, None])
            parts.append(self.low_output(merge_heads(read)))
        return torch.cat(parts, -1), no_loss(query)
