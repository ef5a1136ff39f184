"""Every mechanism by the name that a study's config gives it, and refusals with their reasons."""

from __future__ import annotations

import difflib
import inspect
from typing import Any

from cogmodels.attention.agent import AgentAttention
from cogmodels.attention.bi_level import BiLevelRoutingAttention
from cogmodels.attention.dual import DualAttention
from cogmodels.attention.gaussian import GaussianAttention
from cogmodels.attention.grouped_query import GroupedQueryAttention
from cogmodels.attention.hilo import HiLoAttention
from cogmodels.attention.interface import Attention, Capabilities, Place
from cogmodels.attention.key_driven import KeyDrivenAttention
from cogmodels.attention.lightning import LightningAttention
from cogmodels.attention.lookup import LookupAttention
from cogmodels.attention.mixture_of_heads import MixtureOfHeadsAttention
from cogmodels.attention.softmax import SoftmaxAttention
from cogmodels.attention.token_aggregation import TokenAggregationAttention
from cogmodels.errors import ConfigError

MECHANISMS: dict[str, type[Attention]] = {
    "softmax": SoftmaxAttention,
    "grouped_query": GroupedQueryAttention,
    "key_driven": KeyDrivenAttention,
    "mixture_of_heads": MixtureOfHeadsAttention,
    "lightning": LightningAttention,
    "gaussian": GaussianAttention,
    "agent": AgentAttention,
    "hilo": HiLoAttention,
    "bi_level": BiLevelRoutingAttention,
    "dual": DualAttention,
    "lookup": LookupAttention,
    "token_aggregation": TokenAggregationAttention,
}


def build_attention(
    name: str,
    dim: int,
    heads: int,
    *,
    causal: bool = False,
    cross: bool = False,
    grid: tuple[int, int] | None = None,
    **options: Any,
) -> Attention:
    """A mechanism at its place.

    Parameters
    ----------
    name : str
        A key of :data:`MECHANISMS`.
    dim, heads : int
        Width of a token, and heads that share it.
    causal : bool
        A token sees itself and those before it.
    cross : bool
        Keys and values come from other tokens than the queries.
    grid : (rows, columns), optional
        Of the tokens, in the order of rows. Mechanisms without need of it do not look at it.
    **options
        Of the mechanism: the keyword arguments of its class.

    Raises
    ------
    ConfigError
        Unknown name or option, heads that do not divide the width, a place where the mechanism would see what comes
        later or has no meaning.
    """
    mechanism = find(name)
    if dim < 1 or heads < 1 or dim % heads:
        raise ConfigError(f"{heads} heads do not share a width of {dim}", where="attention")
    refuse(name, causal=causal, cross=cross, grid=grid)
    known = [option for option in inspect.signature(mechanism.__init__).parameters if option not in ("self", "place")]
    for option in options:
        if option not in known:
            raise ConfigError(
                f"no option `{option}`",
                where=f"attention `{name}`",
                remedy=f"There are: {', '.join(known)}" if known else "It has none",
            )
    place = Place(dim, heads, causal, cross, tuple(grid) if mechanism.capabilities.grid and grid else None)
    return mechanism(place, **options)


def capabilities(name: str) -> Capabilities:
    """What a mechanism declares; :class:`ConfigError` where there is none of that name."""
    return find(name).capabilities


def find(name: str) -> type[Attention]:
    """The class of a mechanism; :class:`ConfigError` where there is none of that name."""
    if name not in MECHANISMS:
        near = difflib.get_close_matches(name, MECHANISMS, n=1)
        remedy = f"Did you mean `{near[0]}`?" if near else f"There are: {', '.join(MECHANISMS)}"
        raise ConfigError(f"no mechanism `{name}`", where="attention", remedy=remedy)
    return MECHANISMS[name]


def refuse(name: str, *, causal: bool, cross: bool, grid: tuple[int, int] | None = None) -> None:
    """Raise :class:`ConfigError` with the reason where a mechanism cannot stand."""
    able, where = capabilities(name), f"attention `{name}`"
    if causal and cross:
        raise ConfigError("cross-attention has no order of queries and keys: it is not causal", where=where)
    if cross and not able.cross:
        wrong, places = "it does not read other tokens than its own", [k for k, c in _declared() if c.cross]
    elif causal and not able.causal:
        wrong, places = "it would let a token see later ones", [k for k, c in _declared() if c.causal]
    elif not causal and not able.noncausal:
        wrong = "it is causal only: a token would not see later ones"
        places = [k for k, c in _declared() if c.noncausal and (c.cross or not cross)]
    elif able.grid and (grid is None or min(grid) < 1):
        raise ConfigError("it needs the grid (rows, columns) of its tokens", where=where, remedy=able.reason or None)
    else:
        return
    reason = f" ({able.reason})" if able.reason else ""
    raise ConfigError(wrong + reason, where=where, remedy=f"These can stand here: {', '.join(places)}")


def _declared() -> list[tuple[str, Capabilities]]:
    return [(name, mechanism.capabilities) for name, mechanism in MECHANISMS.items()]
