"""Dual attention: tokens inside of windows, then channels over all tokens."""

from __future__ import annotations

from torch import Tensor, nn

from cogmodels.attention.grids import from_windows, to_windows, valid_in_windows
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


class DualAttention(Attention):
    """Ding et al. (2022, DaViT): window attention, and channel attention of its sum with the tokens.

    Parameters
    ----------
    place : Place
    window : int
        Side of a window, tokens.

    Raises
    ------
    ConfigError
        A window below 1.
    """

    capabilities = Capabilities(
        causal=False,
        noncausal=True,
        cross=False,
        grid=True,
        cached=False,
        mixes_tokens=True,
        equivariant=False,
        cost="n window^2 d + n d^2 / heads",
        source="Ding et al. 2022, ECCV; dingmyu/davit",
        reason="channels are compared over all tokens",
    )

    def __init__(self, place: Place, window: int = 7) -> None:
        if window < 1:
            raise ConfigError(f"windows of {window} tokens", where="attention `dual`")
        super().__init__(place)
        self.window, dim = window, place.dim
        self.window_projections = nn.ModuleList(projection(dim, dim) for _ in range(4))
        self.channel_projections = nn.ModuleList(projection(dim, dim) for _ in range(4))
        self.norm = nn.LayerNorm(dim)

    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        near = self._windows(query, valid)
        return near + self._channels(self.norm(query + near), valid), no_loss(query)

    def _windows(self, x: Tensor, valid: Tensor | None) -> Tensor:
        grid, size = self.place.grid, (self.window, self.window)
        inside, windows = valid_in_windows(valid, x, grid, size), to_windows(x, grid, size)
        q, k, v = (split_heads(layer(windows), self.place.heads) for layer in self.window_projections[:3])
        read = masked_sdpa(q, k, v, None if inside is None else inside[:, :, None, None])
        return from_windows(self.window_projections[3](merge_heads(read)), grid, size)

    def _channels(self, x: Tensor, valid: Tensor | None) -> Tensor:
        q, k, v = (split_heads(layer(x), self.place.heads) for layer in self.channel_projections[:3])
        return self.channel_projections[3](merge_heads(channel_attention(q, k, v, valid)))


def channel_attention(queries: Tensor, keys: Tensor, values: Tensor, valid: Tensor | None = None) -> Tensor:
    """(A Q')' with A = softmax(s K' V), d x d, s = d^-1/2: heads (batch, heads, n, d) in and out."""
    if valid is not None:
        keys = keys.masked_fill(~valid[:, None, :, None], 0.0)
        values = values.masked_fill(~valid[:, None, :, None], 0.0)
    weights = (queries.shape[-1] ** -0.5 * keys.transpose(-1, -2) @ values).softmax(-1)
    return queries @ weights.transpose(-1, -2)
