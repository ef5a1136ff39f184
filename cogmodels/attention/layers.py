"""Layers of a transformer with any mechanism: in full passes, or token by token from a cache."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Literal

from torch import Tensor, nn

from cogmodels.attention.interface import Cache
from cogmodels.attention.registry import build_attention
from cogmodels.errors import ConfigError, DataError

_ACTIVATIONS = {"gelu": nn.GELU, "relu": nn.ReLU}
#: Cache of a decoder layer: of its self-attention, and of what it reads.
LayerCache = tuple[Cache, Cache]


class _Layer(nn.Module):
    """What both layers share: norms, dropout, the feed-forward part."""

    def __init__(self, dim: int, parts: int, hidden: int | None, dropout: float, norm: str, activation: str) -> None:
        super().__init__()
        if norm not in ("pre", "post"):
            raise ConfigError(f"no norm `{norm}`", where="transformer layer", remedy="There are: pre, post")
        if activation not in _ACTIVATIONS:
            raise ConfigError(
                f"no activation `{activation}`",
                where="transformer layer",
                remedy=f"There are: {', '.join(_ACTIVATIONS)}",
            )
        hidden = hidden or 4 * dim
        self.pre = norm == "pre"
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(parts))
        self.dropout = nn.Dropout(dropout)
        self.feed_forward = nn.Sequential(
            nn.Linear(dim, hidden), _ACTIVATIONS[activation](), nn.Dropout(dropout), nn.Linear(hidden, dim)
        )

    def _add(self, x: Tensor, part: int, change: Callable[[Tensor], Any]) -> tuple[Tensor, Any]:
        """x + change(norm(x)), or norm(x + change(x)); ``change`` returns its output and something more."""
        norm = self.norms[part]
        y, more = change(norm(x) if self.pre else x)
        x = x + self.dropout(y)
        return (x if self.pre else norm(x)), more

    def _fed(self, x: Tensor) -> tuple[Tensor, None]:
        return self.feed_forward(x), None


class EncoderLayer(_Layer):
    """Self-attention by name, then a feed-forward part.

    Parameters
    ----------
    dim, heads : int
    attention : str
        Mechanism (:data:`cogmodels.attention.registry.MECHANISMS`).
    options : mapping, optional
        Of the mechanism.
    grid : (rows, columns), optional
        Of the tokens; mechanisms that need it are refused without.
    hidden : int, optional
        Width of the feed-forward part; by default 4 ``dim``.
    dropout : float
    norm : {"pre", "post"}
        Layer norm before each part (Xiong et al. 2020), or after the sum (Vaswani et al. 2017).
    activation : {"gelu", "relu"}

    Raises
    ------
    ConfigError
        As :func:`cogmodels.attention.registry.build_attention`.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        attention: str = "softmax",
        options: Mapping[str, Any] | None = None,
        grid: tuple[int, int] | None = None,
        hidden: int | None = None,
        dropout: float = 0.1,
        norm: Literal["pre", "post"] = "pre",
        activation: Literal["gelu", "relu"] = "gelu",
    ) -> None:
        super().__init__(dim, 2, hidden, dropout, norm, activation)
        self.attention = build_attention(attention, dim, heads, grid=grid, **(options or {}))

    def forward(self, x: Tensor, *, padding_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Tokens (batch, n, dim), True in ``padding_mask`` (batch, n) where padded -> tokens, auxiliary loss."""
        x, loss = self._add(x, 0, lambda y: self.attention(y, key_padding_mask=padding_mask))
        return self._add(x, 1, self._fed)[0], loss


class DecoderLayer(_Layer):
    """Causal self-attention, cross-attention to a memory, a feed-forward part.

    Parameters
    ----------
    attention, options
        Mechanism of the self-attention; it must be causal.
    cross, cross_options
        Mechanism of the cross-attention; None leaves it out.
    dim, heads, hidden, dropout, norm, activation
        As :class:`EncoderLayer` takes them.
    """

    def __init__(
        self,
        dim: int,
        heads: int,
        *,
        attention: str = "softmax",
        options: Mapping[str, Any] | None = None,
        cross: str | None = "softmax",
        cross_options: Mapping[str, Any] | None = None,
        hidden: int | None = None,
        dropout: float = 0.1,
        norm: Literal["pre", "post"] = "pre",
        activation: Literal["gelu", "relu"] = "gelu",
    ) -> None:
        super().__init__(dim, 3 if cross else 2, hidden, dropout, norm, activation)
        self.attention = build_attention(attention, dim, heads, causal=True, **(options or {}))
        self.cross = build_attention(cross, dim, heads, cross=True, **(cross_options or {})) if cross else None

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        *,
        padding_mask: Tensor | None = None,
        memory_padding_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Tokens (batch, n, dim), memory (b, m, dim), masks True where padded -> tokens, auxiliary loss.

        ``batch`` is b or a multiple of it, as in :meth:`start`.
        """
        x, loss = self._add(x, 0, lambda y: self.attention(y, key_padding_mask=padding_mask))
        if self.cross is not None:
            x, more = self._add(x, 1, lambda y: self._read(y, memory, memory_padding_mask))
            loss = loss + more
        return self._add(x, -1, self._fed)[0], loss

    def _read(self, x: Tensor, memory: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor]:
        if memory is None or len(x) == len(memory):
            return self.cross(x, memory, key_padding_mask=mask)
        if len(x) % len(memory):
            raise DataError(f"{len(x)} sequences do not share {len(memory)} memories evenly", where="attention")
        # Sequences that read one memory are queries side by side: nothing is copied.
        side_by_side = x.reshape(len(memory), -1, x.shape[-1])
        y, loss = self.cross(side_by_side, memory, key_padding_mask=mask)
        return y.reshape(x.shape), loss

    def start(
        self, batch: int, memory: Tensor | None = None, *, memory_padding_mask: Tensor | None = None
    ) -> LayerCache:
        """Cache of ``batch`` sequences before their first token.

        ``memory`` (b, m, dim) is projected once; ``batch`` is b or a multiple of it, sequences of one memory side by
        side (as ``repeat_interleave`` puts them).
        """
        own = self.attention.start(batch)
        if self.cross is None:
            return own, {}
        return own, self.cross.start(batch, memory, key_padding_mask=memory_padding_mask)

    def step(self, token: Tensor, cache: LayerCache) -> tuple[Tensor, LayerCache]:
        """The next ``token`` (batch, 1, dim) -> its output, as the full pass gives it in evaluation, and the cache."""
        own, read = cache
        x, own = self._add(token, 0, lambda y: self.attention.step(y, own))
        if self.cross is not None:
            x, read = self._add(x, 1, lambda y: self.cross.step(y, read))
        return self._add(x, -1, self._fed)[0], (own, read)


class Encoder(nn.Module):
    """Encoder layers one after the other, with a norm at the end where theirs come first."""

    def __init__(self, layers: int, dim: int, heads: int, **settings: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList(EncoderLayer(dim, heads, **settings) for _ in range(layers))
        self.norm = nn.LayerNorm(dim) if settings.get("norm", "pre") == "pre" else nn.Identity()

    def forward(self, x: Tensor, *, padding_mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """As :meth:`EncoderLayer.forward`; auxiliary losses are summed."""
        loss = x.new_zeros(())
        for layer in self.layers:
            x, more = layer(x, padding_mask=padding_mask)
            loss = loss + more
        return self.norm(x), loss


class Decoder(nn.Module):
    """Decoder layers one after the other, with a norm at the end where theirs come first."""

    def __init__(self, layers: int, dim: int, heads: int, **settings: Any) -> None:
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer(dim, heads, **settings) for _ in range(layers))
        self.norm = nn.LayerNorm(dim) if settings.get("norm", "pre") == "pre" else nn.Identity()

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        *,
        padding_mask: Tensor | None = None,
        memory_padding_mask: Tensor | None = None,
    ) -> tuple[Tensor, Tensor]:
        """As :meth:`DecoderLayer.forward`; auxiliary losses are summed."""
        loss = x.new_zeros(())
        for layer in self.layers:
            x, more = layer(x, memory, padding_mask=padding_mask, memory_padding_mask=memory_padding_mask)
            loss = loss + more
        return self.norm(x), loss

    def start(
        self, batch: int, memory: Tensor | None = None, *, memory_padding_mask: Tensor | None = None
    ) -> list[LayerCache]:
        """As :meth:`DecoderLayer.start`, a cache a layer."""
        return [layer.start(batch, memory, memory_padding_mask=memory_padding_mask) for layer in self.layers]

    def step(self, token: Tensor, cache: list[LayerCache]) -> tuple[Tensor, list[LayerCache]]:
        """As :meth:`DecoderLayer.step`."""
        after = []
        for layer, before in zip(self.layers, cache, strict=True):
            token, own = layer.step(token, before)
            after.append(own)
        return self.norm(token), after
