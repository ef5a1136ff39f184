"""Softmax attention of several heads: what the other mechanisms are compared with."""

from __future__ import annotations

from cogmodels.attention.interface import Capabilities, Place
from cogmodels.attention.scaled_dot_product import ScaledDotProduct


class SoftmaxAttention(ScaledDotProduct):
    """Vaswani et al. (2017): softmax(Q K' / sqrt(d)) V per head."""

    capabilities = Capabilities(
        causal=True,
        noncausal=True,
        cross=True,
        grid=False,
        cached=True,
        mixes_tokens=True,
        equivariant=True,
        cost="n^2 d",
        source="Vaswani et al. 2017, NeurIPS",
    )

    def __init__(self, place: Place) -> None:
        super().__init__(place, place.heads)
