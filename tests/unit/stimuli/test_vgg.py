"""VGG16 of other widths, with normalisation, and its initial values."""

import numpy as np
import pytest
import torch

from cogmodels.errors import DataError
from cogmodels.stimuli.steps import run_steps
from cogmodels.stimuli.vgg import VGG16

LAYERS = {f"block{block}_conv{k + 1}" for block, n in enumerate((2, 2, 3, 3, 3), start=1) for k in range(n)}


def test_with_normalisation_it_has_the_parameters_of_torchvisions():
    # vgg16_bn: 138 365 992.
    with torch.device("meta"):
        net = VGG16(batch_norm=True)
    assert sum(p.numel() for p in net.parameters()) == 138_365_992
    assert [name for name, _ in net.features.named_parameters()][:6] == [
        "0.weight",
        "0.bias",
        "1.weight",
        "1.bias",
        "3.weight",
        "3.bias",
    ]


@pytest.mark.parametrize("batch_norm", [False, True])
def test_steps_are_the_modules_with_what_was_learnt_worked_in(batch_norm):
    torch.manual_seed(1)
    net = VGG16(width=0.125, batch_norm=batch_norm, classes=5, head="average").initialise()
    images = torch.randn(6, 3, 48, 48)
    if batch_norm:
        for _ in range(20):
            net(images + torch.randn_like(images))
    net.eval()
    with torch.no_grad():
        found = run_steps(net.steps(), images, {"block3_conv3", "block5_pool"})
        np.testing.assert_allclose(found["block5_pool"], net.features(images), atol=1e-4, rtol=1e-3)
        assert found["block3_conv3"].shape == (6, 32, 12, 12)
        assert net(images).shape == (6, 5)
        # Pooled by averages, it is another network of the same weights.
        other = VGG16(pooling="average", width=0.125, batch_norm=batch_norm, classes=5, head="average").eval()
        other.load_state_dict(net.state_dict())
        assert (other(images) - net(images)).abs().max() > 1e-3


def test_normalisation_learns():
    torch.manual_seed(1)
    net = VGG16(width=0.125, batch_norm=True, classes=5, head="average").initialise()
    net(torch.randn(4, 3, 32, 32)).square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.features.parameters() if p.dim() > 1)
    assert net.features[1].weight.grad.abs().sum() > 0
    assert net.features[1].running_mean.abs().sum() > 0


def test_the_dense_head_takes_7_x_7_maps_of_any_image():
    net = VGG16(width=1 / 32, classes=3).eval()
    assert net.classifier[0].in_features == 16 * 49
    with torch.no_grad():
        assert net(torch.randn(2, 3, 224, 224)).shape == net(torch.randn(2, 3, 96, 64)).shape == (2, 3)


def test_initial_values_keep_the_size_of_maps():
    torch.manual_seed(1)
    net = VGG16(width=0.25, classes=5, head="average").initialise()
    images = torch.randn(4, 3, 64, 64)
    with torch.no_grad():
        found = run_steps(net.steps(), images, LAYERS)
    first, last = found["block1_conv1"].std(), found["block5_conv3"].std()
    # Without them the maps of the last block are some thousand times smaller.
    assert 0.05 < last / first < 20


def test_wrong_networks_are_named():
    for wrong in ({"width": 0.001}, {"classes": 0}, {"head": "none"}):
        with pytest.raises(DataError, match="vgg16"):
            VGG16(**wrong)
