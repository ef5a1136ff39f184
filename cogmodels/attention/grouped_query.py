"""Grouped-query attention: several query heads read the keys and values of one."""

from __future__ import annotations

from torch import Tensor

from cogmodels.attention.interface import Capabilities, Place
from cogmodels.attention.scaled_dot_product import ScaledDotProduct
from cogmodels.errors import ConfigError


class GroupedQueryAttention(ScaledDotProduct):
    """Ainslie et al. (2023): heads / kv_heads neighbouring query heads share keys and values.

    Parameters
    ----------
    place : Place
    kv_heads : int
        Heads of keys and values; they divide the query heads. 1: multi-query; as many as queries: softmax attention.

    Raises
    ------
    ConfigError
        ``kv_heads`` does not divide the heads.
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
        source="Ainslie et al. 2023, EMNLP",
    )

    def __init__(self, place: Place, kv_heads: int = 2) -> None:
        if kv_heads < 1 or place.heads % kv_heads:
            raise ConfigError(
                f"{kv_heads} key heads do not divide {place.heads} heads", where="attention `grouped_query`"
            )
        super().__init__(place, kv_heads)

    def share(self, keys: Tensor, values: Tensor, valid: Tensor | None) -> tuple[Tensor, Tensor]:
        each = self.place.heads // self.kv_heads
        return keys.repeat_interleave(each, 1), values.repeat_interleave(each, 1)
