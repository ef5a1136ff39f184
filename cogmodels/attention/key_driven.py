"""Key-driven grouped-query attention: key heads with larger keys are read by more query heads."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor

from cogmodels.attention.interface import Capabilities, Place
from cogmodels.attention.scaled_dot_product import ScaledDotProduct
from cogmodels.errors import ConfigError

_DECAY = 0.9


class KeyDrivenAttention(ScaledDotProduct):
    """After Khan et al. (2024, key-driven GQA), without its dependence on the batch and on what comes later.

    The released code rounds norms of the whole batch, so that one sample's output depends on the others, a key head may
    lose all of its queries, and equal norms never end. Here each key head has one query head, and the others are
    allocated by largest remainder.

    Parameters
    ----------
    place : Place
    kv_heads : int
        Heads of keys and values; at most as many as queries.
    allocation : {"sample", "frozen"}, optional
        ``sample``: by the norms of each sample's keys. ``frozen``: by their running mean (decay 0.9) over training
        batches, every ``window`` of them; constant in evaluation. By default ``frozen`` where causal, as the norms of a
        whole sequence tell of later tokens, else ``sample``.
    window : int
        Training batches between two allocations.

    Raises
    ------
    ConfigError
        Numbers that cannot be, ``sample`` where causal.
    """

    capabilities = Capabilities(
        causal=True,
        noncausal=True,
        cross=True,
        grid=False,
        cached=True,
        mixes_tokens=True,
        equivariant=True,
        cost="n^2 d",
        source="Khan et al. 2024, arXiv 2408.08454; ours where it fails",
    )

    def __init__(
        self,
        place: Place,
        kv_heads: int = 2,
        allocation: Literal["sample", "frozen"] | None = None,
        window: int = 300,
    ) -> None:
        where = "attention `key_driven`"
        if not 1 <= kv_heads <= place.heads or window < 1:
            raise ConfigError(f"{kv_heads} key heads for {place.heads} heads, window {window}", where=where)
        allocation = allocation or ("frozen" if place.causal else "sample")
        if allocation not in ("sample", "frozen"):
            raise ConfigError(f"no allocation `{allocation}`", where=where, remedy="There are: sample, frozen")
        if place.causal and allocation == "sample":
            raise ConfigError(
                "an allocation by the whole sequence lets a token see later ones",
                where=where,
                remedy="Set `allocation: frozen`",
            )
        super().__init__(place, kv_heads)
        self.frozen, self.window = allocation == "frozen", window
        self.register_buffer("norms", torch.ones(kv_heads))
        self.register_buffer("batches", torch.zeros((), dtype=torch.long))
        self.register_buffer("allocation", allocate(self.norms[None], place.heads)[0])

    def share(self, keys: Tensor, values: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        if self.frozen:
            owner = owners(self.allocation[None], self.place.heads)[0]
            if self.training:
                self._learn(keys, valid)
            return keys[:, owner], values[:, owner]
        owner = owners(allocate(key_norms(keys, valid), self.place.heads), self.place.heads)
        sample = torch.arange(len(keys), device=keys.device)[:, None]
        return keys[sample, owner], values[sample, owner]

    @torch.no_grad()
    def _learn(self, keys: Tensor, valid: Tensor | None) -> None:
        """Follow the norms; what a batch tells counts from the next on."""
        found = key_norms(keys, valid).mean(0)
        self.norms.copy_(found if self.batches == 0 else _DECAY * self.norms + (1 - _DECAY) * found)
        self.batches += 1
        if self.batches % self.window == 0:
            self.allocation = allocate(self.norms[None], self.place.heads)[0]


def key_norms(keys: Tensor, valid: Tensor | None) -> Tensor:
    """Mean length of each head's keys (batch, g, m, d) over valid tokens -> (batch, g)."""
    norms = keys.detach().norm(dim=-1)
    if valid is None:
        return norms.mean(-1)
    weights = valid[:, None].to(norms.dtype)
    return (norms * weights).sum(-1) / weights.sum(-1).clamp(min=1)


def allocate(norms: Tensor, heads: int) -> Tensor:
    """Query heads of each key head (batch, g), whole numbers of at least 1 whose sum is ``heads``.

    One each; the others in proportion to ``norms`` (batch, g), rounded by largest remainder, ties to the first.
    """
    others = heads - norms.shape[-1]
    # Keys that are all zero (a sample of padding) are alike.
    norms = torch.where(norms.sum(-1, keepdim=True) > 0, norms, 1.0)
    quota = others * norms / norms.sum(-1, keepdim=True)
    whole = quota.floor()
    left = others - whole.sum(-1, keepdim=True)
    rank = (quota - whole).argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    return (1 + whole + (rank < left)).long()


def owners(allocation: Tensor, heads: int) -> Tensor:
    """Key head that each query head reads (batch, heads): query heads are dealt out in order."""
    ends = allocation.cumsum(-1)
    return (torch.arange(heads, device=ends.device)[None, :, None] >= ends[:, None]).sum(-1)
