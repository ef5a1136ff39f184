"""What each mechanism is, beside its definition and where it falls together with softmax attention."""

import itertools

import pytest
import torch

from cogmodels.attention.agent import agent_attention
from cogmodels.attention.dual import channel_attention
from cogmodels.attention.gaussian import gaussian_gates
from cogmodels.attention.grids import from_windows, to_windows
from cogmodels.attention.interface import merge_heads, split_heads
from cogmodels.attention.key_driven import allocate, key_norms, owners
from cogmodels.attention.lightning import lightning, slopes
from cogmodels.attention.registry import build_attention
from cogmodels.attention.token_aggregation import (
    grouped_attention,
    in_order,
    in_place,
    sorting,
    step_centres,
)
from tests.unit.attention.cases import DIM, GRID, HEADS, TOKENS, built, drawn

SOFTMAX = ("to_query", "to_key", "to_value", "to_output")


def softmax(queries, keys, values, scale=None):
    """The definition, in full."""
    scale = queries.shape[-1] ** -0.5 if scale is None else scale
    return (scale * queries @ keys.mT).softmax(-1) @ values


def copied(net, names=SOFTMAX):
    """Softmax attention with the projections of another mechanism."""
    peer = built("softmax").to(next(net.parameters()).dtype)
    for own, name in zip(SOFTMAX, names, strict=True):
        getattr(peer, own).load_state_dict(net.get_submodule(name).state_dict())
    return peer


@torch.no_grad()
def test_softmax_is_torchs():
    net, x, other = built("softmax", cross=True), drawn(2, 5, DIM), drawn(2, 7, DIM, seed=1)
    peer = torch.nn.MultiheadAttention(DIM, HEADS, batch_first=True)
    peer.in_proj_weight.copy_(torch.cat([net.to_query.weight, net.to_key.weight, net.to_value.weight]))
    peer.out_proj.load_state_dict(net.to_output.state_dict())
    mask = torch.zeros(2, 7, dtype=torch.bool)
    mask[0, 4:] = True
    assert torch.allclose(
        net(x, other, key_padding_mask=mask)[0], peer(x, other, other, key_padding_mask=mask)[0], atol=1e-6
    )


@torch.no_grad()
def test_grouped_queries_share_keys():
    whole, x = built("grouped_query", kv_heads=HEADS), drawn(2, 9, DIM)
    assert torch.allclose(whole(x)[0], copied(whole)(x)[0], atol=1e-6)
    net = built("grouped_query", kv_heads=2)
    q = split_heads(net.to_query(x), HEADS)
    k, v = (split_heads(layer(x), 2)[:, [0, 0, 1, 1]] for layer in (net.to_key, net.to_value))
    assert torch.allclose(net(x)[0], net.to_output(merge_heads(softmax(q, k, v))), atol=1e-6)


@pytest.mark.parametrize(("groups", "heads"), [(1, 4), (2, 8), (3, 8), (4, 4), (5, 16)])
def test_allocations_are_whole_and_leave_no_key_head_out(groups, heads):
    for norms in (
        drawn(20, groups).abs(),
        torch.ones(20, groups),
        torch.zeros(20, groups),
        torch.eye(groups)[:1] * 1e30,
    ):
        found = allocate(norms, heads)
        assert (found.sum(-1) == heads).all()
        assert (found >= 1).all()
    assert allocate(torch.tensor([[3.0, 1.0]]), 6).tolist() == [[4, 2]]
    assert owners(torch.tensor([[4, 2]]), 6).tolist() == [[0, 0, 0, 0, 1, 1]]


def test_equal_norms_give_every_key_head_as_many():
    assert allocate(torch.full((1, 4), 0.3), 12).tolist() == [[3, 3, 3, 3]]
    assert key_norms(torch.ones(1, 2, 3, 4), torch.tensor([[True, True, False]])).tolist() == [[2.0, 2.0]]


@torch.no_grad()
def test_key_driven_attention_reads_what_was_allocated():
    net, x = built("key_driven", kv_heads=2), drawn(1, 9, DIM)
    net.to_key.weight[:4] *= 20
    q, k, v = split_heads(net.to_query(x), HEADS), split_heads(net.to_key(x), 2), split_heads(net.to_value(x), 2)
    # The first key head gets both of the queries that are not promised.
    k, v = k[:, [0, 0, 0, 1]], v[:, [0, 0, 0, 1]]
    assert torch.allclose(net(x)[0], net.to_output(merge_heads(softmax(q, k, v))), atol=1e-5)
    frozen = built("key_driven", kv_heads=2, allocation="frozen")
    peer = built("grouped_query", kv_heads=2)
    peer.load_state_dict(frozen.state_dict(), strict=False)
    assert torch.allclose(frozen(x)[0], peer(x)[0], atol=1e-6)


@torch.no_grad()
def test_a_frozen_allocation_learns_in_training_and_stands_in_evaluation():
    net, x = built("key_driven", causal=True, kv_heads=2, window=2), drawn(2, 9, DIM)
    net.to_key.weight[4:] *= 20
    net.train()
    net(x)
    assert net.allocation.tolist() == [2, 2]
    net(x)
    assert net.allocation.tolist() == [1, 3]
    norms = net.norms.clone()
    net.eval()(100 * x)
    assert torch.equal(net.norms, norms)


@pytest.mark.parametrize(("shared", "top"), [(1, 2), (2, 1), (0, 3)])
@torch.no_grad()
def test_gates_of_heads(shared, top):
    net, x = built("mixture_of_heads", shared=shared, top=top), drawn(2, 9, DIM)
    gates, loss = net.gates(x)
    routed = gates[..., shared:]
    assert ((routed != 0).sum(-1) == top).all()
    weight = 2 * net.balance(x).softmax(-1)[..., 1] if shared else torch.ones(2, 9)
    assert torch.allclose(routed.sum(-1), top * weight, atol=1e-5)
    likely = net.router(x).softmax(-1).mean((0, 1))
    chosen = (routed != 0).float().mean((0, 1))
    assert loss.item() == pytest.approx(((likely * chosen).mean() * (HEADS - shared) ** 2).item(), rel=1e-5)
    # Where the router cannot tell heads apart, the loss is the number of heads that are on.
    net.router.weight.zero_()
    assert net.gates(x)[1].item() == pytest.approx(top, rel=1e-5)


@torch.no_grad()
def test_open_gates_are_softmax_attention_and_padding_is_not_balanced():
    net, x = built("mixture_of_heads"), drawn(2, 9, DIM)
    mask = torch.zeros(2, 9, dtype=torch.bool)
    mask[:, 6:] = True
    assert torch.allclose(net(x, key_padding_mask=mask)[1], net(x[:, :6])[1], atol=1e-6)
    net.gates = lambda query, valid: (torch.ones(*query.shape[:2], HEADS), query.new_zeros(()))
    assert torch.allclose(net(x)[0], copied(net)(x)[0], atol=1e-6)


@pytest.mark.parametrize("block", [1, 16, 70, 100])
def test_lightning_in_blocks_is_the_quadratic_form(block):
    q, k, v = (drawn(2, 4, 70, 8, seed=seed).double() for seed in range(3))
    rates = slopes(4).double()
    lag = torch.arange(70)[:, None] - torch.arange(70)
    decay = torch.where(lag >= 0, torch.exp(-rates[:, None, None] * lag), 0.0)
    assert torch.allclose(lightning(q, k, v, rates, block), (q @ k.mT * decay) @ v, atol=1e-10)


def test_lightning_does_not_see_later_keys_and_slopes_are_alibis():
    q, k, v = (drawn(2, 4, 70, 8, seed=seed) for seed in range(3))
    out = lightning(q, k, v, slopes(4), 16)
    k[:, :, 40:] += 1
    assert torch.equal(lightning(q, k, v, slopes(4), 16)[:, :, :40], out[:, :, :40])
    assert slopes(8).tolist() == [2.0**-i for i in range(1, 9)]
    assert slopes(6).tolist() == pytest.approx([2**-2, 2**-4, 2**-6, 2**-8, 2**-1, 2**-3])


@torch.no_grad()
def test_agents_are_a_matrix_of_low_rank_whose_rows_are_weights():
    n, m = 64, 9
    q, k, a = drawn(1, 1, n, 16).double(), drawn(1, 1, n, 16, seed=1).double(), drawn(1, 1, m, 16, seed=2).double()
    matrix = agent_attention(q, k, torch.eye(n).double().expand(1, 1, n, n), a)[0, 0]
    assert torch.allclose(matrix.sum(-1), torch.ones(n).double(), atol=1e-12)
    assert (matrix >= 0).all()
    assert torch.linalg.matrix_rank(matrix).item() <= m
    v = drawn(1, 1, n, 5, seed=3).double()
    assert torch.allclose(agent_attention(q, k, v, a)[0, 0], matrix @ v[0, 0], atol=1e-12)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    moved = agent_attention(q[:, :, order], k[:, :, order], v[:, :, order], a)
    assert torch.allclose(moved, agent_attention(q, k, v, a)[:, :, order], atol=1e-12)
    one = agent_attention(q, k, v, a[:, :, :1])
    assert torch.allclose(one, one[:, :, :1].expand_as(one), atol=1e-12)


@torch.no_grad()
def test_hilo_of_single_tokens_is_softmax_attention():
    net, x = built("hilo", window=1), drawn(2, TOKENS, DIM)
    assert torch.allclose(
        net(x)[0], copied(net, [f"low_{part}" for part in ("query", "key", "value", "output")])(x)[0], atol=1e-6
    )
    whole = built("hilo", window=6, alpha=0.0)
    peer = copied(whole, [f"high_{part}" for part in ("query", "key", "value", "output")])
    assert torch.allclose(whole(x)[0], peer(x)[0], atol=1e-6)


@torch.no_grad()
def test_hilo_reaches_a_window_in_high_and_all_in_low():
    net = build_attention("hilo", DIM, HEADS, grid=(6, 6), window=2).eval()
    x = drawn(1, 36, DIM)
    other = x.clone()
    other[0, 14] += drawn(DIM, seed=1)
    changed = net(x)[0] != net(other)[0]
    assert changed[0, :, : DIM // 2].any(-1).nonzero().flatten().tolist() == [14, 15, 20, 21]
    assert changed[0, :, DIM // 2 :].any(-1).sum() == 36


@torch.no_grad()
def test_routing_to_all_regions_is_softmax_attention_with_the_scale_of_the_width():
    net, x = built("bi_level", regions=3, top=9, convolution=0).double(), drawn(2, TOKENS, DIM).double()
    q, k, v = (split_heads(layer(x), HEADS) for layer in (net.to_query, net.to_key, net.to_value))
    dense = net.to_output(merge_heads(softmax(q, k, v, DIM**-0.5)))
    assert torch.allclose(net(x)[0], dense, atol=1e-10)
    few = built("bi_level", regions=3, top=1, convolution=0).double()
    assert (few(x)[0] - dense).abs().max() > 0.05


def test_channels_are_blind_to_order():
    q, k, v = (drawn(2, HEADS, 12, 4, seed=seed).double() for seed in range(3))
    weights = (4**-0.5 * k.mT @ v).softmax(-1)
    assert weights.shape[-2:] == (4, 4)
    out = channel_attention(q, k, v)
    assert torch.allclose(out, (weights @ q.mT).mT, atol=1e-12)
    order = torch.randperm(12, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(
        channel_attention(q[:, :, order], k[:, :, order], v[:, :, order]), out[:, :, order], atol=1e-12
    )


@torch.no_grad()
def test_windows_of_dual_attention_are_softmax_attention():
    net, x = built("dual", window=6), drawn(2, TOKENS, DIM)
    peer = copied(net, [f"window_projections.{k}" for k in range(4)])
    assert torch.allclose(net._windows(x, None), peer(x)[0], atol=1e-6)


def test_gaussian_gates_are_weights_of_features():
    x, offsets, spreads = drawn(2, 5, 3, 8).double(), drawn(3, 1, 2).double(), drawn(3, 1, 2, seed=1).double().exp()
    gates = gaussian_gates(x, offsets, spreads)
    assert torch.allclose(gates.sum(-1), torch.ones(2, 5, 3).double(), atol=1e-12)
    chunk, product = x[0, 0, 1], 1.0
    for delta, c in zip(offsets[1, 0], spreads[1, 0], strict=True):
        z = (chunk - chunk.mean() - delta) / chunk.var(unbiased=False).sqrt()
        product = product * torch.distributions.Normal(0, c).log_prob(z).exp()
    assert torch.allclose(gates[0, 0, 1], product / product.sum(), atol=1e-6)
    net, tokens = built("gaussian"), drawn(2, 5, DIM)
    heads = tokens.unflatten(-1, (HEADS, -1))
    assert torch.equal(net(tokens)[0], (heads * gaussian_gates(heads, net.offsets, net.log_spreads.exp())).flatten(-2))


@torch.no_grad()
def test_compressed_tokens_are_blind_to_order():
    net, x = built("lookup"), drawn(2, TOKENS, DIM)
    order = torch.randperm(TOKENS, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(net.compress(x[:, order])[0], net.compress(x)[0], atol=1e-5)


def test_cost_is_linear_where_declared():
    def saved(name, n, **options):
        """Numbers that the backward pass needs: weights of n x n tokens among them, where there are such."""
        net, sizes = build_attention(name, DIM, HEADS, grid=(n // 8, 8), causal=name == "lightning", **options), []
        keep = torch.autograd.graph.saved_tensors_hooks(lambda x: sizes.append(x.numel()) or x, lambda x: x)
        with keep, torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            net(drawn(1, n, DIM))
        return sum(sizes)

    def growth(name, **options):
        """Of what a further token costs: 1 where that does not depend on how many there are."""
        a, b, c = (saved(name, n, **options) for n in (128, 256, 384))
        return (c - b) / (b - a)

    assert growth("softmax") > 1.1
    for name, options in (
        ("lookup", {}),
        ("dual", {"window": 4}),
        ("lightning", {"block": 16}),
        ("token_aggregation", {"group": 16}),
        ("agent", {}),
    ):
        assert growth(name, **options) == pytest.approx(1, abs=1e-6), name


def test_tokens_go_back_to_their_places_and_ties_keep_their_order():
    x, centres = drawn(2, TOKENS, DIM), drawn(3, DIM, seed=1)
    order = sorting(x, centres)
    assert torch.equal(in_place(in_order(x, order), order), x)
    nearest = torch.nn.functional.cosine_similarity(x[:, :, None], centres, dim=-1).argmax(-1)
    for sample, found in zip(nearest.tolist(), order.tolist(), strict=True):
        assert found == sorted(range(TOKENS), key=lambda k, own=sample: own[k])


def test_groups_read_themselves_and_the_next():
    q, k, v = (drawn(1, 2, 11, 4, seed=seed) for seed in range(3))
    whole = grouped_attention(q, k, v, 4, None)
    for first, last in itertools.pairwise([0, 4, 8, 11]):
        reach = slice(first, min(first + 8, 11))
        assert torch.allclose(
            whole[:, :, first:last], softmax(q[:, :, first:last], k[:, :, reach], v[:, :, reach]), atol=1e-6
        )
    assert torch.allclose(grouped_attention(q, k, v, 128, None), softmax(q, k, v), atol=1e-6)


@torch.no_grad()
def test_one_group_without_centres_is_softmax_attention():
    net, x = built("token_aggregation", group=TOKENS), drawn(2, TOKENS, DIM)
    net.centre_value.weight.zero_()
    assert torch.allclose(net(x)[0], copied(net)(x)[0], atol=1e-6)


@torch.no_grad()
def test_centres_are_found_in_training():
    means = torch.nn.functional.normalize(drawn(3, DIM, seed=7), dim=-1)
    tokens = torch.nn.functional.normalize(means.repeat(8, 1) + 0.01 * drawn(24, DIM), dim=-1)
    assert torch.allclose(step_centres(tokens, means), means, atol=0.02)
    net = built("token_aggregation", decay=0.5)
    net.train()(means.repeat_interleave(8, 0)[None])
    assert torch.allclose(net.centres, means, atol=1e-5)
    other = torch.nn.functional.normalize(means + 0.2 * drawn(3, DIM, seed=8), dim=-1)
    net(other.repeat_interleave(8, 0)[None])
    assert torch.allclose(net.centres, (means + other) / 2, atol=1e-5)


def test_windows_come_back_where_they_do_not_fit():
    x = drawn(2, TOKENS, 3)
    for size in ((1, 1), (2, 3), (3, 4), (5, 7)):
        windows = to_windows(x, GRID, size)
        assert torch.equal(from_windows(windows, GRID, size), x)
    assert torch.equal(to_windows(x, GRID, (2, 3))[:, 1, 0], x[:, 3])
