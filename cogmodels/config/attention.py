"""Attention of a transformer: which mechanism stands where, and its options."""

from __future__ import annotations

import typing
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from cogmodels.config.base import Section

#: Places and the mechanisms that can stand there (`cogmodels.attention`, docs/attention.md).
EncoderAttention = Literal[
    "softmax", "grouped_query", "key_driven", "mixture_of_heads", "gaussian", "agent", "hilo", "bi_level", "dual",
    "lookup", "token_aggregation",
]  # fmt: skip
DecoderAttention = Literal["softmax", "grouped_query", "key_driven", "mixture_of_heads", "lightning", "gaussian"]
CrossAttention = Literal["softmax", "grouped_query", "key_driven", "mixture_of_heads"]
#: Mechanisms that need their tokens on a grid.
GRID_ATTENTION = frozenset({"agent", "hilo", "bi_level", "dual"})
ATTENTION_PLACES: dict[str, tuple[str, ...]] = {
    "encoder": typing.get_args(EncoderAttention),
    "decoder": typing.get_args(DecoderAttention),
    "cross": typing.get_args(CrossAttention),
}

Size = Annotated[int, Field(ge=1)]


class GroupedQueryOptions(Section):
    """Grouped-query attention."""

    kv_heads: Size = Field(2, description="heads of keys and values; they divide the heads")


class KeyDrivenOptions(Section):
    """Key-driven grouped-query attention."""

    kv_heads: Size = Field(2, description="heads of keys and values")
    allocation: Literal["sample", "frozen"] | None = Field(
        None,
        description="query heads by the keys of each `sample`, or `frozen` after training; none = frozen in decoders, "
        "where `sample` would tell of later tokens, else sample",
    )
    window: Size = Field(300, description="training batches between two allocations that will be frozen")


class MixtureOfHeadsOptions(Section):
    """Mixture of heads."""

    shared: int = Field(1, ge=0, description="heads that are always on")
    top: Size = Field(2, description="routed heads that are on for a token")


class LightningOptions(Section):
    """Lightning attention."""

    block: Size = Field(64, description="tokens of a block: speed only")


class GaussianOptions(Section):
    """Gaussian adaptive gating."""

    gaussians: Size = Field(4, description="factors of a gate")


class AgentOptions(Section):
    """Agent attention."""

    side: Size = Field(7, description="agents are side x side means of the queries")


class HiLoOptions(Section):
    """HiLo."""

    window: Size = Field(2, description="side of a window, tokens")
    alpha: float = Field(0.5, ge=0, le=1, description="share of the heads that read means of windows")


class BiLevelOptions(Section):
    """Bi-level routing."""

    regions: Size = Field(7, description="at most regions x regions of the grid")
    top: Size = Field(4, description="regions that a region attends to")
    convolution: int = Field(3, ge=0, description="side of the convolution of values, odd; 0 = none")


class DualOptions(Section):
    """Dual attention."""

    window: Size = Field(7, description="side of a window, tokens")


class LookupOptions(Section):
    """Lookup tokens."""

    compressed: Size = Field(16, description="compressed tokens")


class TokenAggregationOptions(Section):
    """Token aggregation."""

    centres: Size = Field(8, description="centres")
    group: Size = Field(128, description="tokens of a group; with fewer tokens, all attend to all")
    iterations: Size = Field(3, description="steps of k-means on a training batch")
    decay: float = Field(0.999, ge=0, lt=1, description="of the running mean of the centres")


class AttentionChoice(Section):
    """A mechanism for each place of a transformer; only options of those named count."""

    encoder: EncoderAttention = Field("softmax", description="among the tokens of an image")
    decoder: DecoderAttention = Field("softmax", description="among the tokens so far, causal")
    cross: CrossAttention = Field("softmax", description="from the decoder to the encoder's tokens")
    grouped_query: GroupedQueryOptions = Field(GroupedQueryOptions(), description="grouped-query attention")
    key_driven: KeyDrivenOptions = Field(KeyDrivenOptions(), description="key-driven grouped-query attention")
    mixture_of_heads: MixtureOfHeadsOptions = Field(MixtureOfHeadsOptions(), description="mixture of heads")
    lightning: LightningOptions = Field(LightningOptions(), description="lightning attention")
    gaussian: GaussianOptions = Field(GaussianOptions(), description="Gaussian adaptive gating")
    agent: AgentOptions = Field(AgentOptions(), description="agent attention")
    hilo: HiLoOptions = Field(HiLoOptions(), description="HiLo")
    bi_level: BiLevelOptions = Field(BiLevelOptions(), description="bi-level routing")
    dual: DualOptions = Field(DualOptions(), description="dual attention")
    lookup: LookupOptions = Field(LookupOptions(), description="lookup tokens")
    token_aggregation: TokenAggregationOptions = Field(TokenAggregationOptions(), description="token aggregation")

    @model_validator(mode="after")
    def _blind(self) -> AttentionChoice:
        if self.decoder == "key_driven" and self.key_driven.allocation == "sample":
            raise ValueError("`key_driven.allocation: sample` in a decoder tells of later tokens; set `frozen`")
        return self

    def options(self, place: Literal["encoder", "decoder", "cross"]) -> dict[str, Any]:
        """Options of the mechanism at ``place``, as :func:`cogmodels.attention.registry.build_attention` takes them."""
        section = getattr(self, getattr(self, place), None)
        return {} if section is None else section.model_dump()
