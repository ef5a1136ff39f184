"""Each mechanism at each place where it can stand, small."""

import torch

from cogmodels.attention.registry import MECHANISMS, build_attention

DIM, HEADS, GRID = 16, 4, (4, 6)
TOKENS = GRID[0] * GRID[1]
#: Options that fit a small grid, and groups and blocks that do not swallow all tokens.
OPTIONS = {
    "agent": {"side": 2},
    "bi_level": {"regions": 3, "top": 2},
    "dual": {"window": 3},
    "hilo": {"window": 3},
    "key_driven": {"kv_heads": 3},
    "lightning": {"block": 5},
    "lookup": {"compressed": 5},
    "token_aggregation": {"centres": 3, "group": 7},
}
#: (name, causal, cross) of all that can be.
PLACES = [
    (name, causal, cross)
    for name, mechanism in MECHANISMS.items()
    for causal, cross in ((False, False), (True, False), (False, True))
    if (mechanism.capabilities.causal if causal else mechanism.capabilities.noncausal)
    and (mechanism.capabilities.cross or not cross)
]


def drawn(*shape, seed=0):
    """Normal numbers."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def built(name, causal=False, cross=False, **options):
    """A mechanism in evaluation, the same at each call."""
    torch.manual_seed(3)
    options = {**OPTIONS.get(name, {}), **options}
    return build_attention(name, DIM, HEADS, causal=causal, cross=cross, grid=GRID, **options).eval()


def inputs(cross, batch=3, seed=0):
    """Tokens, and what cross-attention reads beside them."""
    return drawn(batch, TOKENS, DIM, seed=seed), *((drawn(batch, 9, DIM, seed=seed + 1),) if cross else ())
