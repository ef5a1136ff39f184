"""Bi-level routing: a region attends to the tokens of the few regions that are most like it."""

from __future__ import annotations

import torch
from torch import Tensor

from cogmodels.attention.grids import (
    GridConvolution,
    from_windows,
    to_windows,
    valid_in_windows,
    window_means,
    zeroed,
)
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


class BiLevelRoutingAttention(Attention):
    """Zhu et al. (2023, BiFormer). The scale is that of the whole width, as in the released code.

    Parameters
    ----------
    place : Place
    regions : int
        At most regions x regions of the grid; sides that they do not divide are padded, and padding is masked.
    top : int
        Regions that a region attends to; where there are fewer, all.
    convolution : int
        Side of the convolution of values that is added, odd; 0 leaves it out.

    Raises
    ------
    ConfigError
        Numbers that cannot be.
    """

    capabilities = Capabilities(
        causal=False,
        noncausal=True,
        cross=False,
        grid=True,
        cached=False,
        mixes_tokens=True,
        equivariant=False,
        cost="regions^4 d + n top n / regions^2 d",
        source="Zhu et al. 2023, CVPR; rayleizhu/BiFormer",
        reason="regions are routed by means over all of their tokens",
    )

    def __init__(self, place: Place, regions: int = 7, top: int = 4, convolution: int = 3) -> None:
        where = "attention `bi_level`"
        if not 1 <= regions <= min(place.grid):
            rows, columns = place.grid
            raise ConfigError(f"{regions} x {regions} regions do not fit a grid of {rows} x {columns}", where=where)
        if not 1 <= top <= regions**2:
            raise ConfigError(f"{top} regions of {regions**2}", where=where, remedy="Set `top` to 1 or more of them")
        if convolution < 0 or (convolution and convolution % 2 == 0):
            raise ConfigError(f"a convolution of {convolution} tokens", where=where, remedy="0 or an odd number")
        super().__init__(place)
        self.top, self.size = top, (-(-place.grid[0] // regions), -(-place.grid[1] // regions))
        self.to_query, self.to_key = projection(place.dim, place.dim), projection(place.dim, place.dim)
        self.to_value, self.to_output = projection(place.dim, place.dim), projection(place.dim, place.dim)
        self.convolution = GridConvolution(place.dim, convolution, place.grid) if convolution else None

    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        grid, heads = self.place.grid, self.place.heads
        values = self.to_value(query)
        inside = valid_in_windows(valid, query, grid, self.size)
        q, k, v = (to_windows(x, grid, self.size) for x in (self.to_query(query), self.to_key(query), values))
        chosen = route(window_means(q, inside)[0], *window_means(k, inside), self.top)
        sample = torch.arange(len(query), device=query.device)[:, None, None]
        # (batch, regions, top, t, c) -> the tokens of the chosen regions, one after the other.
        k, v = (x[sample, chosen].flatten(2, 3) for x in (k, v))
        known = None if inside is None else inside[sample, chosen].flatten(2)[:, :, None, None]
        read = masked_sdpa(*(split_heads(x, heads) for x in (q, k, v)), known, scale=self.place.dim**-0.5)
        out = from_windows(merge_heads(read), grid, self.size)
        if self.convolution is not None:
            out = out + self.convolution(zeroed(values, valid))
        return self.to_output(out), no_loss(query)


def route(queries: Tensor, keys: Tensor, found: Tensor | None, top: int) -> Tensor:
    """The ``top`` regions (batch, r, top) whose mean keys (batch, r, c) are most like each mean query; no gradient.

    Regions that are not ``found`` (batch, r) come last.
    """
    affinity = queries.detach() @ keys.detach().transpose(-1, -2)
    if found is not None:
        affinity = affinity.masked_fill(~found[:, None], -torch.inf)
    return affinity.topk(min(top, affinity.shape[-1]), -1).indices
