"""Agent attention: a few pooled queries read all tokens, all tokens read the agents."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from cogmodels.attention.grids import GridConvolution, zeroed
from cogmodels.attention.interface import (
    Attention,
    Capabilities,
    Place,
    masked_softmax,
    merge_heads,
    no_loss,
    projection,
    split_heads,
)
from cogmodels.attention.resampling import pooled_map, resized_map
from cogmodels.errors import ConfigError

#: Side of the patch of position biases that is stretched over the grid (the released code's).
_BIAS = 7


class AgentAttention(Attention):
    """Han et al. (2024): softmax(Q A') softmax(A K') V with agents A, pooled queries, and a convolution of the values.

    Parameters
    ----------
    place : Place
    side : int
        Agents are side x side means of the queries.

    Raises
    ------
    ConfigError
        More agents than the grid has tokens in a row or column.
    """

    capabilities = Capabilities(
        causal=False,
        noncausal=True,
        cross=False,
        grid=True,
        cached=False,
        mixes_tokens=True,
        equivariant=False,
        cost="n side^2 d",
        source="Han et al. 2024, ECCV; LeapLabTHU/Agent-Attention",
        reason="agents are means of the queries over the grid",
    )

    def __init__(self, place: Place, side: int = 7) -> None:
        if not 1 <= side <= min(place.grid):
            raise ConfigError(
                f"{side} x {side} agents do not fit a grid of {place.grid[0]} x {place.grid[1]}",
                where="attention `agent`",
                remedy="Set a smaller `side`",
            )
        super().__init__(place)
        self.side = side
        self.to_query, self.to_key = projection(place.dim, place.dim), projection(place.dim, place.dim)
        self.to_value, self.to_output = projection(place.dim, place.dim), projection(place.dim, place.dim)
        self.convolution = GridConvolution(place.dim, 3, place.grid)
        agents, (rows, columns) = side**2, place.grid
        # Biases of agents reading tokens, and of tokens reading agents: a coarse patch, and one a row and a column.
        self.patches, self.rows, self.columns = (
            nn.ParameterList(
                nn.init.trunc_normal_(torch.empty(place.heads, agents, *shape), std=0.02) for _ in range(2)
            )
            for shape in ((_BIAS, _BIAS), (rows, 1), (1, columns))
        )

    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        heads = self.place.heads
        queries, values = self.to_query(query), self.to_value(query)
        agents, found = self._pooled(queries, valid)
        read = agent_attention(
            *(split_heads(x, heads) for x in (queries, self.to_key(query), values, agents)),
            read_bias=self._bias(0),
            give_bias=self._bias(1).transpose(-1, -2),
            valid=valid,
            agents_valid=found,
        )
        return self.to_output(merge_heads(read) + self.convolution(zeroed(values, valid))), no_loss(query)

    def _pooled(self, queries: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Agents (batch, side^2, dim): means over the valid tokens of a cell; and which cells have any."""

        def pool(x: Tensor) -> Tensor:
            return pooled_map(x.transpose(1, 2).unflatten(2, self.place.grid), (self.side, self.side)).flatten(2).mT

        if valid is None:
            return pool(queries), None
        share = pool(valid[..., None].to(queries.dtype))
        tiny = torch.finfo(share.dtype).tiny
        return pool(zeroed(queries, valid)) / share.clamp(min=tiny), share[..., 0] > 0

    def _bias(self, which: int) -> Tensor:
        patch = resized_map(self.patches[which], self.place.grid)
        return (patch + self.rows[which] + self.columns[which]).flatten(2)


def agent_attention(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    agents: Tensor,
    *,
    read_bias: Tensor | float = 0.0,
    give_bias: Tensor | float = 0.0,
    valid: Tensor | None = None,
    agents_valid: Tensor | None = None,
) -> Tensor:
    """softmax(s Q A' + give) softmax(s A K' + read) V, s = d^-1/2.

    Parameters
    ----------
    queries, keys, values : Tensor, (batch, heads, n, d)
    agents : Tensor, (batch, heads, m, d)
    read_bias, give_bias : Tensor, (heads, m, n) and (heads, n, m), optional
    valid, agents_valid : Tensor of bool, (batch, n) and (batch, m), optional

    Returns
    -------
    Tensor, (batch, heads, n, d)
    """
    scale = queries.shape[-1] ** -0.5
    reading = scale * agents @ keys.transpose(-1, -2) + read_bias
    giving = scale * queries @ agents.transpose(-1, -2) + give_bias
    known = None if valid is None else valid[:, None, None]
    cells = None if agents_valid is None else agents_valid[:, None, None]
    return masked_softmax(giving, cells) @ (masked_softmax(reading, known) @ values)
