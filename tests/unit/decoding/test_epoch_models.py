"""Models of single trials: LDA against scikit-learn, shapes and parameters of the networks, what they keep to."""

import numpy as np
import pytest
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from cogmodels.config.eeg_decoding import EegDecodingExperiment, EpochRecipe
from cogmodels.decoding.epoch_network import EpochModel, initial_epoch_network
from cogmodels.decoding.models.eegconformer import EegConformer
from cogmodels.decoding.models.eegnet import EegNet
from cogmodels.decoding.models.lda import Lda, window_features
from cogmodels.decoding.models.nice import Nice
from cogmodels.decoding.registry import EPOCH_CLASSIFIERS, EPOCH_NETWORKS
from cogmodels.decoding.subject_layers import SubjectLayers
from cogmodels.errors import DataError


def parameters(net):
    return sum(p.numel() for p in net.parameters())


@pytest.mark.parametrize("classes", [2, 3])
@pytest.mark.parametrize("channels", [4, 30])
def test_lda_is_that_of_scikit_learn(channels, classes):
    rng = np.random.default_rng(channels)
    codes = np.arange(90) % classes
    values = (
        rng.normal(size=(90, channels, 40)) * rng.uniform(1, 9, size=(1, channels, 1)) + 3 + codes[:, None, None] / 4
    )
    flat = values.reshape(90, channels, 8, 5).mean(axis=-1).reshape(90, -1)
    peer = make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")).fit(flat, codes)
    found = Lda(windows=8).fit(values, codes, classes).log_odds(values)
    found = found - np.logaddexp.reduce(found, axis=1, keepdims=True)
    np.testing.assert_allclose(found, peer.predict_log_proba(flat), atol=1e-8)


def test_windows():
    values = np.arange(24.0).reshape(1, 2, 12)
    np.testing.assert_array_equal(window_features(values, 3, "first"), [[0, 4, 8, 12, 16, 20]])
    np.testing.assert_array_equal(window_features(values, 5), [[0.5, 2.5, 4.5, 6.5, 8.5, 12.5, 14.5, 16.5, 18.5, 20.5]])
    with pytest.raises(DataError, match="13 windows of epochs of 12 samples"):
        window_features(values, 13)


def test_eegnet_has_the_published_layers():
    # EEGNet-8,2 for 64 channels at 128 Hz: convolutions 8 x 64, 16 x 64, 16 x 16 + 16 x 16, norms, dense 16 x 4.
    net = EegNet(64, 128, 4, 128.0)
    assert parameters(net) == 8 * 64 + 16 + 16 * 64 + 32 + (16 * 16 + 16 * 16 + 32) + (16 * 4 * 4 + 4)
    assert net(torch.randn(3, 64, 128)).shape == (3, 4)
    with pytest.raises(DataError, match="31 samples"):
        EegNet(64, 31, 4, 128.0)


def test_nice_encodes_63_channels_of_a_second_into_1440_numbers():
    net = Nice(63, 250, 768, 250.0, embeds=True)
    assert net.encoder(torch.randn(2, 1, 63, 250)).shape == (2, 1440)
    assert net(torch.randn(2, 63, 250)).shape == (2, 768)
    encoder = 40 * 25 + 40 + 80 + 40 * 40 * 63 + 40 + 80 + 40 * 40 + 40
    assert parameters(net) == encoder + (1440 * 768 + 768) + (768 * 768 + 768) + 2 * 768
    logits = Nice(63, 250, 2, 250.0).eval()(torch.randn(5, 63, 250))
    assert logits.abs().max() <= 1 / 0.07 + 1e-4


def test_conformer_has_the_published_tokens():
    net = EegConformer(22, 1000, 4, 250.0)
    assert net.tokens == 61
    assert net.head[1].in_features == 2440
    assert net(torch.randn(2, 22, 1000)).shape == (2, 4)


@pytest.mark.parametrize("name", list(EPOCH_NETWORKS))
def test_every_network_of_the_config_learns_and_needs_its_length(name):
    one = EegDecodingExperiment(dataset="d", pipeline="p", model=name)
    options = one.config()["options"][name]
    net = initial_epoch_network(EPOCH_NETWORKS[name], (5, 128), 2, 128.0, 0, **options)
    net(torch.randn(4, 5, 128)).square().sum().backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    same = initial_epoch_network(EPOCH_NETWORKS[name], (5, 128), 2, 128.0, 0, **options)
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), same.state_dict().values(), strict=True)
               if a.dtype.is_floating_point and a.ndim > 1)  # fmt: skip
    with pytest.raises(DataError, match="samples"):
        EPOCH_NETWORKS[name](5, 20, 2, 128.0, **options)


def test_the_registry_is_what_the_config_names():
    names = EegDecodingExperiment.model_fields["model"].annotation.__args__
    assert set(names) == set(EPOCH_CLASSIFIERS) | set(EPOCH_NETWORKS)


def test_norms_stay_below_their_limits_after_training_and_runs_are_the_same_to_the_bit(tmp_path):
    rng = np.random.default_rng(0)
    codes = np.arange(48) % 2
    values = rng.normal(size=(48, 4, 32)).astype(np.float32) + codes[:, None, None]
    held = np.arange(48) >= 40
    recipe, found = EpochRecipe(epochs=2, batch_size=8, learning_rate=0.5, accelerator="cpu"), []
    for again in range(2):
        net = initial_epoch_network(EegNet, (4, 32), 2, 32.0, 0)
        with torch.no_grad():
            net.spatial.weight.mul_(50)
        model = EpochModel(net)
        model.train(values, codes, held, recipe, seed=0, folder=tmp_path / str(again))
        found.append(model.log_odds(values))
        assert net.spatial.weight.flatten(1).norm(dim=1).max() <= 1 + 1e-5
        assert net.dense.weight.norm(dim=1).max() <= 0.25 + 1e-5
    np.testing.assert_array_equal(*found)
    np.testing.assert_allclose(np.exp(found[0]).sum(axis=1), 1)


def test_layers_of_people_are_their_own_begin_at_the_identity_and_new_people_get_their_mean():
    net = initial_epoch_network(EegNet, (4, 32), 2, 32.0, 0).eval()
    layers, x = SubjectLayers(net, 3, 4), torch.randn(6, 4, 32)
    whose = torch.tensor([0, 0, 2, 2, 0, 2])
    torch.testing.assert_close(layers(x, whose), net(x))
    torch.testing.assert_close(layers(x), net(x))
    layers(x, whose).square().sum().backward()
    moved = layers.mixing.grad.abs().amax(dim=(1, 2))
    assert moved[1] == 0
    assert (moved[[0, 2]] > 0).all()
    with torch.no_grad():
        layers.mixing.copy_(torch.randn(3, 4, 4))
    torch.testing.assert_close(layers(x), net(torch.einsum("dc,nct->ndt", layers.mixing.mean(0), x)))
    torch.testing.assert_close(layers(x, whose)[:2], net(layers.mixing[0] @ x[:2]))
