"""Layers of the transformer: token by token as in full, blind to what comes later and to padding."""

import pytest
import torch

from cogmodels.attention.layers import Decoder, DecoderLayer, Encoder, EncoderLayer
from cogmodels.attention.registry import MECHANISMS
from cogmodels.errors import ConfigError, DataError

DIM, HEADS = 16, 4
CAUSAL = [name for name, mechanism in MECHANISMS.items() if mechanism.capabilities.causal]
CROSS = [name for name, mechanism in MECHANISMS.items() if mechanism.capabilities.cross]


def drawn(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def decoder(norm="pre", attention="softmax", cross="softmax", layers=2):
    torch.manual_seed(1)
    return Decoder(layers, DIM, HEADS, attention=attention, cross=cross, norm=norm, hidden=24, dropout=0.1).eval()


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize(
    ("attention", "cross"),
    [*((name, "softmax") for name in CAUSAL), *(("softmax", name) for name in CROSS), ("softmax", None)],
)
@torch.no_grad()
def test_steps_give_the_full_pass(norm, attention, cross):
    net, x = decoder(norm, attention, cross), drawn(6, 9, DIM)
    memory = None if cross is None else drawn(2, 5, DIM, seed=1)
    # Three sequences read each memory; the last token of the second memory is padding.
    mask = None if cross is None else torch.tensor([[False] * 5, [False] * 4 + [True]])
    repeated = (
        {}
        if cross is None
        else {"memory": memory.repeat_interleave(3, 0), "memory_padding_mask": mask.repeat_interleave(3, 0)}
    )
    whole, _ = net(x, **repeated)
    cache, steps = net.start(6, memory, memory_padding_mask=mask), []
    for t in range(9):
        y, cache = net.step(x[:, t : t + 1], cache)
        steps.append(y)
    assert torch.allclose(torch.cat(steps, 1), whole, atol=1e-5)


@pytest.mark.parametrize("attention", CAUSAL)
@torch.no_grad()
def test_a_decoder_does_not_see_later_tokens(attention):
    net, x, memory = decoder(attention=attention), drawn(2, 8, DIM), drawn(2, 5, DIM, seed=1)
    other = x.clone()
    other[:, 5:] = drawn(2, 3, DIM, seed=2)
    before, after = net(x, memory)[0], net(other, memory)[0]
    assert torch.equal(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])


@torch.no_grad()
def test_padding_of_tokens_and_memory_changes_nothing():
    net, x, memory = decoder(), drawn(2, 8, DIM), drawn(2, 5, DIM, seed=1)
    late, far = torch.zeros(2, 8, dtype=torch.bool), torch.zeros(2, 5, dtype=torch.bool)
    late[:, 6:], far[:, 3:] = True, True
    masks = {"padding_mask": late, "memory_padding_mask": far}
    whole = net(x, memory, **masks)[0]
    other, elsewhere = x.masked_fill(late[..., None], 9.0), memory.masked_fill(far[..., None], -9.0)
    assert torch.allclose(net(other, elsewhere, **masks)[0][:, :6], whole[:, :6], atol=1e-6)
    assert torch.allclose(net(x[:, :6], memory[:, :3])[0], whole[:, :6], atol=1e-5)


@pytest.mark.parametrize("norm", ["pre", "post"])
@torch.no_grad()
def test_an_encoder_layer_is_torchs(norm):
    torch.manual_seed(0)
    ours = EncoderLayer(DIM, HEADS, hidden=24, norm=norm, activation="relu").eval()
    peer = torch.nn.TransformerEncoderLayer(
        DIM, HEADS, 24, 0.1, "relu", batch_first=True, norm_first=norm == "pre"
    ).eval()
    mine = ours.attention
    peer.self_attn.in_proj_weight.copy_(torch.cat([mine.to_query.weight, mine.to_key.weight, mine.to_value.weight]))
    peer.self_attn.in_proj_bias.copy_(torch.cat([mine.to_query.bias, mine.to_key.bias, mine.to_value.bias]))
    peer.self_attn.out_proj.load_state_dict(mine.to_output.state_dict())
    for theirs, layer in (
        (peer.linear1, ours.feed_forward[0]),
        (peer.linear2, ours.feed_forward[3]),
        (peer.norm1, ours.norms[0]),
        (peer.norm2, ours.norms[1]),
    ):
        theirs.load_state_dict(layer.state_dict())
    x = drawn(3, 7, DIM)
    assert torch.allclose(ours(x)[0], peer(x), atol=1e-5)


def test_gradients_reach_every_parameter():
    encoder, net = Encoder(2, DIM, HEADS), Decoder(2, DIM, HEADS)
    memory, loss = encoder(drawn(2, 6, DIM))
    out, more = net(drawn(2, 4, DIM, seed=1), memory)
    (out.square().sum() + loss + more).backward()
    for name, parameter in [*encoder.named_parameters(), *net.named_parameters()]:
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name


def test_what_cannot_be_is_refused():
    with pytest.raises(ConfigError, match="no norm `middle`"):
        EncoderLayer(DIM, HEADS, norm="middle")
    with pytest.raises(ConfigError, match="no activation `tanh`"):
        DecoderLayer(DIM, HEADS, activation="tanh")
    with pytest.raises(ConfigError, match="starts from `key_value`"):
        DecoderLayer(DIM, HEADS).start(2)


@torch.no_grad()
def test_sequences_of_one_memory_read_it_as_if_each_had_its_own():
    net, x, memory = decoder(), drawn(6, 4, DIM), drawn(2, 5, DIM, seed=1)
    shared, copied = net(x, memory)[0], net(x, memory.repeat_interleave(3, 0))[0]
    assert torch.allclose(shared, copied, atol=1e-6)
    with pytest.raises(DataError, match="5 sequences do not share 2 memories evenly"):
        net(x[:5], memory)
