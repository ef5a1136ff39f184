"""What every mechanism is: where it stands, what it declares, how it is called, in full or token by token."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from cogmodels.errors import ConfigError, DataError

#: What a mechanism keeps between two steps: tensors whose first axis is the batch.
Cache = dict[str, Tensor]


@dataclass(frozen=True)
class Capabilities:
    """What a mechanism declares.

    Parameters
    ----------
    causal, noncausal : bool
        Whether it stands where a token sees those before it only, and where it sees all.
    cross : bool
        Whether queries may come from other tokens than keys and values.
    grid : bool
        Whether tokens must fill a grid of rows and columns.
    cached : bool
        Whether it decodes token by token (``start``, ``step``).
    mixes_tokens : bool
        Whether a token's output depends on other tokens.
    equivariant : bool
        Whether permuted tokens give permuted outputs (evaluation, not causal).
    cost : str
        Order of multiplications. n: tokens, d: width; the rest are options.
    source : str
        Paper or code of the method.
    reason : str
        Why it is refused where it cannot stand.
    """

    causal: bool
    noncausal: bool
    cross: bool
    grid: bool
    cached: bool
    mixes_tokens: bool
    equivariant: bool
    cost: str
    source: str
    reason: str = ""


@dataclass(frozen=True)
class Place:
    """Where a mechanism stands: width, heads, what a query sees, and the grid (rows, columns) of the tokens."""

    dim: int
    heads: int
    causal: bool = False
    cross: bool = False
    grid: tuple[int, int] | None = None

    @property
    def width(self) -> int:
        """Of a head."""
        return self.dim // self.heads


class Attention(nn.Module, ABC):
    """A mechanism at its place; made by :func:`cogmodels.attention.registry.build_attention`."""

    capabilities: ClassVar[Capabilities]

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place

    def forward(
        self, query: Tensor, key_value: Tensor | None = None, *, key_padding_mask: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Attend.

        Parameters
        ----------
        query : Tensor, (batch, n, dim)
        key_value : Tensor, (batch, m, dim), optional
            What cross-attention reads; self-attention takes none.
        key_padding_mask : Tensor of bool, (batch, m), optional
            True where a token is padding: what is there changes no output of another token.

        Returns
        -------
        output : Tensor, (batch, n, dim)
        auxiliary : Tensor, ()
            A loss to be added to the training loss; 0 of most mechanisms.

        Raises
        ------
        DataError
            Shapes do not fit the place.
        """
        self._check(query, key_value, key_padding_mask)
        valid = None if key_padding_mask is None else ~key_padding_mask
        return self.attend(query, query if key_value is None else key_value, valid)

    @abstractmethod
    def attend(self, query: Tensor, key_value: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        """:meth:`forward` after the checks; ``valid`` (batch, m) is False at padding."""

    def start(self, batch: int, key_value: Tensor | None = None, *, key_padding_mask: Tensor | None = None) -> Cache:
        """Cache before the first token.

        Causal self-attention starts empty for ``batch`` sequences. Cross-attention projects ``key_value`` once; later
        steps may hold a multiple of its sequences, those of one memory side by side (``repeat_interleave``): all of
        them to the end, also those that have ended.

        Raises
        ------
        ConfigError
            The mechanism has no such form, or stands where no token comes after another.
        DataError
            ``batch`` is no multiple of the memories.
        """
        del batch, key_value, key_padding_mask
        raise self._not_cached()

    def step(self, token: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        """The next ``token`` (batch, 1, dim) -> its output, as the full pass gives it in evaluation, and the cache."""
        del token, cache
        raise self._not_cached()

    def _not_cached(self) -> ConfigError:
        name = type(self).__name__
        return ConfigError(f"{name} does not decode token by token", where="attention", remedy="Run the full pass")

    def _check(self, query: Tensor, key_value: Tensor | None, mask: Tensor | None) -> None:
        place, where = self.place, f"attention ({type(self).__name__})"
        if query.ndim != 3 or query.shape[-1] != place.dim:
            raise DataError(f"queries {tuple(query.shape)} are not (batch, n, {place.dim})", where=where)
        if place.cross != (key_value is not None):
            wanted = "needs `key_value`" if place.cross else "takes no `key_value`"
            raise DataError(f"{'cross' if place.cross else 'self'}-attention {wanted}", where=where)
        source = query if key_value is None else key_value
        if source.ndim != 3 or source.shape[0] != len(query) or source.shape[-1] != place.dim:
            raise DataError(
                f"keys {tuple(source.shape)} do not fit queries {tuple(query.shape)}",
                where=where,
                remedy=f"Give (batch, m, {place.dim})",
            )
        if mask is not None and (mask.dtype != torch.bool or mask.shape != source.shape[:2]):
            raise DataError(
                f"the padding mask is {mask.dtype} {tuple(mask.shape)}, not bool {tuple(source.shape[:2])}", where=where
            )
        if place.grid and query.shape[1] != place.grid[0] * place.grid[1]:
            rows, columns = place.grid
            raise DataError(f"{query.shape[1]} tokens do not fill a grid of {rows} x {columns}", where=where)


def projection(inside: int, outside: int) -> nn.Linear:
    """A linear layer, Xavier-uniform, without offset at first."""
    layer = nn.Linear(inside, outside)
    nn.init.xavier_uniform_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(..., n, heads * d) -> (..., heads, n, d)."""
    return x.unflatten(-1, (heads, -1)).transpose(-3, -2)


def merge_heads(x: Tensor) -> Tensor:
    """(..., heads, n, d) -> (..., n, heads * d)."""
    return x.transpose(-3, -2).flatten(-2)


def masked_softmax(scores: Tensor, valid: Tensor | None) -> Tensor:
    """Softmax over the last axis of those that are ``valid`` (broadcast); zeros where none is."""
    if valid is None:
        return scores.softmax(-1)
    weights = scores.masked_fill(~valid, torch.finfo(scores.dtype).min).softmax(-1)
    return weights.masked_fill(~valid, 0.0)


def masked_sdpa(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    valid: Tensor | None,
    *,
    causal: bool = False,
    scale: float | None = None,
) -> Tensor:
    """Scaled dot-product attention of heads (..., n, d); ``valid`` is broadcast to (..., n, m), zeros where none is."""
    if valid is None:
        return F.scaled_dot_product_attention(queries, keys, values, is_causal=causal, scale=scale)
    shape = (queries.shape[-2], keys.shape[-2])
    if causal:
        valid = valid & torch.ones(shape, dtype=torch.bool, device=queries.device).tril()
    valid = valid.expand(*valid.shape[:-2], *shape)
    return F.scaled_dot_product_attention(queries, keys, values, attn_mask=valid, scale=scale)


def no_loss(x: Tensor) -> Tensor:
    """The auxiliary loss of mechanisms that have none."""
    return x.new_zeros(())
