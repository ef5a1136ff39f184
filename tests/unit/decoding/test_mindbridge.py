"""MindBridge: published sizes, the identity at the start, pooling windows, losses by hand, what adaptation touches."""

import hashlib
import math

import numpy as np
import pytest
import torch
from torch import nn

from cogmodels.decoding.losses import mixed_nce, soft_clip
from cogmodels.decoding.models.mindbridge import Adapter, MindBridge, pool_responses

SMALL = {"pooled": 24, "hidden": 8, "bottleneck": 3, "blocks": 2, "embedder_dropout": 0.0, "translator_dropout": 0.0}
WIDTHS = {"01": 31, "02": 17, "03": 50}


def small(widths=WIDTHS, **changes):
    torch.manual_seed(0)
    return MindBridge(widths, 5, 4, **SMALL | changes)


def batch(names=("01", "02"), n=6, seed=0):
    torch.manual_seed(seed)
    return torch.arange(n), {
        name: {"values": torch.randn(n, WIDTHS[name]), "image": torch.randn(n, 5), "text": torch.randn(n, 4)}
        for name in names
    }


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


def test_the_published_size_has_the_published_parameters():
    with torch.device("meta"):
        net = MindBridge({"01": 15724, "02": 14278}, 257 * 768, 77 * 768)
    assert count(net.embedders["01"]) == 18_888_832
    assert count(net.builders["02"]) == 18_907_264
    assert count(net.translator) == 16_801_792
    assert count(net.image_head) == 404_423_424
    assert count(net.text_head) == 121_169_664
    assert count(net) == 2 * (18_888_832 + 18_907_264) + 16_801_792 + 404_423_424 + 121_169_664


def test_an_adapter_is_the_identity_until_it_is_trained():
    adapter, x = Adapter(20, 4), torch.randn(3, 20)
    assert torch.equal(adapter(x), x)
    nn.init.ones_(adapter.up.weight)
    assert not torch.equal(adapter(x), x)
    assert adapter.down.weight.abs().max() <= math.sqrt(1 / 20)


@pytest.mark.parametrize(("width", "size"), [(31, 24), (50, 7), (48, 24), (10, 24)])
def test_pooling_takes_the_windows_of_the_formula(width, size):
    values = torch.randn(4, width)
    windows = [values[:, j * width // size : -(-(j + 1) * width // size)] for j in range(size)]
    assert torch.equal(pool_responses(values, size), torch.stack([w.max(1).values for w in windows], 1))
    torch.testing.assert_close(pool_responses(values, size, "average"), torch.stack([w.mean(1) for w in windows], 1))
    assert torch.equal(pool_responses(values, width, "linear"), values)
    with pytest.raises(ValueError, match="unknown pooling"):
        pool_responses(values, size, "median")


def test_soft_clip_equals_its_definition_by_hand():
    rng = np.random.default_rng(1)
    p, t = rng.normal(size=(2, 5, 7))
    p, t = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (p, t))
    temperature, loss = 0.1, 0.0
    for logits in (p @ t.T / temperature, (p @ t.T / temperature).T):
        for i in range(5):
            wished = np.exp(t[i] @ t.T / temperature)
            logged = logits[i] - np.log(np.exp(logits[i]).sum())
            loss -= (wished / wished.sum() * logged).sum() / 5 / 2
    # Lengths do not count, and maps are flattened.
    found = soft_clip(torch.from_numpy(3 * p).reshape(5, 7, 1), torch.from_numpy(t).reshape(5, 7, 1), temperature)
    assert found.item() == pytest.approx(loss, rel=1e-9)


def test_soft_clip_is_least_where_prediction_is_target():
    target = torch.randn(8, 16, dtype=torch.float64)
    predicted = target.clone().requires_grad_()
    loss = soft_clip(predicted, target, 0.2)
    loss.backward()
    assert predicted.grad.abs().max() < 1e-12
    for seed in range(5):
        torch.manual_seed(seed)
        assert soft_clip(target + 0.05 * torch.randn_like(target), target, 0.2) > loss


def test_mixed_nce_without_mixing_is_info_nce():
    p, t = torch.randn(2, 6, 9)
    similarity = nn.functional.normalize(p, dim=1) @ nn.functional.normalize(t, dim=1).T / 0.1
    own = torch.arange(6)
    by_hand = (nn.functional.cross_entropy(similarity, own) + nn.functional.cross_entropy(similarity.T, own)) / 2
    partner = own.roll(1)
    torch.testing.assert_close(mixed_nce(p, t, partner, torch.ones(6), 0.1), by_hand)
    torch.testing.assert_close(mixed_nce(p, t, own, torch.full((6,), 0.3), 0.1), by_hand)
    assert not torch.isclose(mixed_nce(p, t, partner, torch.full((6,), 0.5), 0.1), by_hand)


def test_the_cycle_by_hand_and_its_gradient_reaches_both_subjects():
    net = small().eval()
    x = torch.randn(6, 31)
    embedded = net.embedders["01"](net.pool(x))
    there = net.embedders["02"](net.builders["02"](embedded))
    loss = net.cycle(embedded, "02")
    assert loss.item() == pytest.approx(((embedded - there) ** 2).mean().item(), rel=1e-6)
    loss.backward()
    for module in (net.embedders["01"], net.embedders["02"], net.builders["02"]):
        assert module[1 if module is not net.builders["02"] else 0].weight.grad.abs().max() > 0
    assert net.builders["01"][0].weight.grad is None


def test_the_loss_of_a_step_is_the_sum_of_its_parts_by_hand():
    _, parts = one = batch()
    net = small(mse_weight=50.0, text_weight=0.5, reconstruction_weight=2.0, cycle_weight=3.0).eval()
    pooled = {name: net.pool(part["values"]) for name, part in parts.items()}
    latent = {name: net.embedders[name](pooled[name]) for name in parts}
    both = torch.cat(list(latent.values()))
    expected = torch.zeros(())
    for head, name, weight in ((net.image_head, "image", 1.0), (net.text_head, "text", 0.5)):
        found, wished = head(net.translator(both)), torch.cat([part[name] for part in parts.values()])
        unit = [nn.functional.normalize(x, dim=1) for x in (found, wished)]
        expected = expected + weight * (soft_clip(found, wished) + 50 * ((unit[0] - unit[1]) ** 2).mean())
    rebuilt = torch.stack([((net.builders[name](latent[name]) - pooled[name]) ** 2).mean() for name in parts]).mean()
    expected = expected + 2 * rebuilt + 3 * net.cycle(latent["01"], "02")
    torch.testing.assert_close(net.objective(one)[0], expected)
    # One subject alone is neither rebuilt nor sent around.
    alone = small(reconstruction_weight=1e6, cycle_weight=1e6).eval()
    assert alone.objective(batch(("01",)))[0] < 1e5


def test_pseudo_responses_teach_the_other_subject_and_not_the_one_they_are_made_of():
    one = batch()
    plain, net = (small(pseudo_weight=weight).eval() for weight in (0.0, 1.0))
    losses = [each.objective(one)[0] for each in (plain, net)]
    assert losses[1] > losses[0]
    for loss in losses:
        loss.backward()
    same = [
        torch.equal(plain.embedders[name][1].weight.grad, net.embedders[name][1].weight.grad) for name in ("01", "02")
    ]
    assert same == [True, False]
    assert torch.equal(plain.builders["02"][0].weight.grad, net.builders["02"][0].weight.grad)


def digest(net, names):
    state = net.state_dict()
    content = b"".join(state[name].numpy().tobytes() for name in names)
    return hashlib.sha256(content).hexdigest()


def test_reset_tuning_moves_only_the_new_subject():
    net = small({"01": 31, "02": 17})
    before = list(net.state_dict())
    trunk = digest(net, before)
    net.reset("03", 50)
    fresh = [name for name in net.state_dict() if name not in before]
    assert {name.split(".")[1] for name in fresh} == {"03"}
    untrained = digest(net, fresh)
    optimizer = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=0.01, weight_decay=0.1)
    net.train()
    for step in range(3):
        optimizer.zero_grad()
        net.objective(batch(("02", "03"), seed=step))[0].backward()
        optimizer.step()
    assert digest(net, before) == trunk
    assert digest(net, fresh) != untrained
    assert all(p.grad is None for name, p in net.named_parameters() if name in before)


def test_the_pair_of_the_cycle_is_any_in_training_and_from_source_to_newcomer_in_adaptation():
    net = small()
    assert {net._pair(["01", "02", "03"]) for _ in range(100)} == {
        (a, b) for a in WIDTHS for b in WIDTHS if a != b
    }  # fmt: skip
    net.reset("03", 50)
    assert net._pair(["03", "01"]) == ("01", "03")
