"""What holds of every mechanism: shape, gradients, batch, padding, order, what it may see, and refusals."""

import pytest
import torch

from cogmodels.attention.registry import MECHANISMS, build_attention, capabilities
from cogmodels.errors import ConfigError, DataError
from tests.unit.attention.cases import DIM, GRID, HEADS, PLACES, TOKENS, built, drawn, inputs

CAUSAL = [place for place in PLACES if place[1]]
NONCAUSAL = [place for place in PLACES if not place[1]]


@pytest.mark.parametrize(("name", "causal", "cross"), PLACES)
def test_shape_and_gradients(name, causal, cross):
    net = built(name, causal, cross).train()
    given = [x.requires_grad_() for x in inputs(cross)]
    out, loss = net(*given)
    assert out.shape == (3, TOKENS, DIM)
    assert loss.shape == ()
    (out.square().sum() + loss).backward()
    for label, x in [*net.named_parameters(), *enumerate(given)]:
        assert x.grad is not None, label
        assert x.grad.isfinite().all(), label
    assert given[-1].grad.abs().sum() > 0


@pytest.mark.parametrize(("name", "causal", "cross"), PLACES)
@torch.no_grad()
def test_a_sample_does_not_depend_on_its_batch_and_evaluation_is_deterministic(name, causal, cross):
    net, given = built(name, causal, cross), inputs(cross)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    whole = net(*given)[0]
    assert torch.equal(net(*given)[0], whole)
    assert torch.allclose(net(*(x[1:2] for x in given))[0], whole[1:2], atol=1e-6)
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())


@pytest.mark.parametrize(("name", "causal", "cross"), PLACES)
@torch.no_grad()
def test_what_is_in_padding_changes_no_other_token(name, causal, cross):
    net, given = built(name, causal, cross), list(inputs(cross))
    mask = torch.zeros(given[-1].shape[:2], dtype=torch.bool)
    mask[0, -3:], mask[1, [2, 5]] = True, True
    out = net(*given, key_padding_mask=mask)[0]
    other = [*given[:-1], given[-1].masked_fill(mask[..., None], 50.0)]
    seen = torch.ones(3, TOKENS, dtype=torch.bool) if cross else ~mask
    assert torch.allclose(net(*other, key_padding_mask=mask)[0][seen], out[seen], atol=1e-6)
    if capabilities(name).mixes_tokens:
        assert not torch.allclose(net(*other)[0][1][seen[1]], out[1][seen[1]], atol=1e-3)


@pytest.mark.parametrize(("name", "causal", "cross"), PLACES)
def test_a_sample_of_padding_alone_gives_finite_numbers(name, causal, cross):
    net, given = built(name, causal, cross).train(), [x.requires_grad_() for x in inputs(cross)]
    mask = torch.zeros(given[-1].shape[:2], dtype=torch.bool)
    mask[1] = True
    out, loss = net(*given, key_padding_mask=mask)
    (out.sum() + loss).backward()
    assert out.isfinite().all()
    assert all(x.grad.isfinite().all() for x in given)


@pytest.mark.parametrize(("name", "causal", "cross"), NONCAUSAL)
@torch.no_grad()
def test_order_of_tokens_matters_where_declared(name, causal, cross):
    net, given = built(name, causal, cross), list(inputs(cross))
    order = torch.randperm(given[-1].shape[1], generator=torch.Generator().manual_seed(5))
    out, moved = net(*given)[0], net(*given[:-1], given[-1][:, order])[0]
    same = torch.allclose(moved, out if cross else out[:, order], atol=1e-5)
    assert same == capabilities(name).equivariant


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("name", "causal", "cross"), CAUSAL)
@torch.no_grad()
def test_no_token_sees_a_later_one(name, causal, cross, padded):
    net, (x,) = built(name, causal, cross), inputs(cross)
    mask = None
    if padded:
        mask = torch.zeros(3, TOKENS, dtype=torch.bool)
        mask[0, 3], mask[1, -1] = True, True
    out = net(x, key_padding_mask=mask)[0]
    for t in (0, 7, TOKENS - 2):
        other = x.clone()
        other[:, t + 1 :] = drawn(3, TOKENS - t - 1, DIM, seed=9)
        changed = net(other, key_padding_mask=mask)[0]
        assert torch.equal(changed[:, : t + 1], out[:, : t + 1])
        assert not torch.allclose(changed[:, t + 1], out[:, t + 1], atol=1e-3)


@pytest.mark.parametrize(("name", "causal", "cross"), [place for place in PLACES if place[1] or place[2]])
@torch.no_grad()
def test_token_by_token_is_the_full_pass(name, causal, cross):
    net, given = built(name, causal, cross), inputs(cross)
    whole, cache, steps = net(*given)[0], net.start(3, *given[1:]), []
    for t in range(TOKENS):
        out, cache = net.step(given[0][:, t : t + 1], cache)
        steps.append(out)
    assert torch.allclose(torch.cat(steps, 1), whole, atol=1e-5)


@pytest.mark.parametrize("name", MECHANISMS)
@torch.no_grad()
def test_whether_tokens_are_mixed_is_declared(name):
    net = built(name, causal=not capabilities(name).noncausal)
    (x,) = inputs(False)
    other = x.clone()
    other[:, 0] = drawn(3, DIM, seed=4)
    changed = (net(other)[0] != net(x)[0]).any(-1)[:, 1:].any().item()
    assert changed == capabilities(name).mixes_tokens


@pytest.mark.parametrize("name", MECHANISMS)
def test_places_where_it_cannot_stand_are_refused(name):
    able = capabilities(name)
    wrong = [
        ({"causal": True}, not able.causal, "later ones"),
        ({"cross": True}, not able.cross, "other tokens than its own|causal only"),
        ({}, not able.noncausal, "causal only"),
        ({"causal": True, "cross": True}, True, "not causal"),
        ({"grid": None, "causal": not able.noncausal}, able.grid, "needs the grid"),
    ]
    for place, refused, reason in wrong:
        if refused:
            with pytest.raises(ConfigError, match=reason):
                build_attention(name, DIM, HEADS, **{"grid": GRID, **place})


def test_a_cross_place_is_refused_with_those_that_can_stand_there():
    with pytest.raises(
        ConfigError, match=r"`hilo`.*can stand here: softmax, grouped_query, key_driven, mixture_of_heads\."
    ):
        build_attention("hilo", DIM, HEADS, cross=True, grid=GRID)


@pytest.mark.parametrize(
    ("name", "options", "reason"),
    [
        ("sofmax", {}, "Did you mean `softmax`"),
        ("softmax", {"window": 2}, "no option `window`"),
        ("hilo", {"windows": 2}, "There are: window, alpha"),
        ("hilo", {"window": 0}, "window 0"),
        ("hilo", {"alpha": 1.5}, "alpha 1.5"),
        ("grouped_query", {"kv_heads": 3}, "do not divide"),
        ("key_driven", {"kv_heads": 5}, "5 key heads"),
        ("key_driven", {"allocation": "batch"}, "no allocation"),
        ("key_driven", {"allocation": "sample", "causal": True}, "lets a token see later ones"),
        ("mixture_of_heads", {"shared": 3, "top": 2}, "not among 4"),
        ("lightning", {"block": 0, "causal": True}, "blocks of 0"),
        ("agent", {"side": 5}, "do not fit a grid of 4 x 6"),
        ("bi_level", {"regions": 5}, "do not fit a grid"),
        ("bi_level", {"regions": 2, "top": 5}, "5 regions of 4"),
        ("bi_level", {"regions": 2, "convolution": 2}, "0 or an odd"),
        ("dual", {"window": 0}, "windows of 0"),
        ("gaussian", {"gaussians": 0}, "0 Gaussians"),
        ("lookup", {"compressed": 0}, "0 compressed"),
        ("token_aggregation", {"decay": 1.0}, "decay 1.0"),
    ],
)
def test_names_and_options_that_cannot_be(name, options, reason):
    with pytest.raises(ConfigError, match=reason):
        build_attention(name, DIM, HEADS, grid=GRID, **options)


def test_heads_that_do_not_share_the_width():
    with pytest.raises(ConfigError, match="3 heads do not share a width of 16"):
        build_attention("softmax", DIM, 3)


@pytest.mark.parametrize(
    ("place", "given", "mask", "reason"),
    [
        ({}, (drawn(2, 5, 8),), None, "are not"),
        ({}, (drawn(2, 5, DIM), drawn(2, 5, DIM)), None, "takes no"),
        ({"cross": True}, (drawn(2, 5, DIM),), None, "needs `key_value`"),
        ({"cross": True}, (drawn(2, 5, DIM), drawn(3, 5, DIM)), None, "do not fit queries"),
        ({}, (drawn(2, 5, DIM),), torch.zeros(2, 5), "padding mask"),
        ({}, (drawn(2, 5, DIM),), torch.zeros(2, 4, dtype=torch.bool), "padding mask"),
    ],
)
def test_shapes_that_do_not_fit(place, given, mask, reason):
    with pytest.raises(DataError, match=reason):
        build_attention("softmax", DIM, HEADS, **place)(*given, key_padding_mask=mask)


def test_tokens_that_do_not_fill_the_grid():
    with pytest.raises(DataError, match="23 tokens do not fill a grid of 4 x 6"):
        built("hilo")(drawn(1, 23, DIM))


def test_noncausal_mechanisms_do_not_go_token_by_token():
    with pytest.raises(ConfigError, match="does not decode token by token"):
        built("hilo").step(drawn(1, 1, DIM), {})
    with pytest.raises(ConfigError, match="only causal"):
        built("softmax").start(1)
    with pytest.raises(DataError, match="5 sequences do not share 2 memories"):
        built("softmax", cross=True).start(5, drawn(2, 3, DIM))
