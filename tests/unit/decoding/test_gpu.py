"""Networks on a GPU: finite, the same bits again, in bf16. It needs neither config nor linear models."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cogmodels.decoding.models.mindbridge import MindBridge
from cogmodels.decoding.models.mindeye2 import MindEye2
from cogmodels.decoding.models.sttm import Sttm
from cogmodels.decoding.network import TrainedNetwork, initial_network
from cogmodels.decoding.resident import Places, gather_on
from cogmodels.decoding.subjects import Part, Targets
from cogmodels.training import fit as loop
from cogmodels.training.processes import device_of

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")]

NETWORKS = {
    MindBridge: {"pooled": 64, "hidden": 16, "bottleneck": 4, "blocks": 1, "temperature": 0.2, "mse_weight": 1.0},
    MindEye2: {"hidden": 16, "blocks": 1},
    Sttm: {"hidden": 16, "blocks": 1},
}
RECIPE = SimpleNamespace(
    optimizer="adamw", learning_rate=1e-3, weight_decay=0.01, decay_vectors=False, schedule="one_cycle", epochs=6,
    batch_size=8, precision="auto", accelerator="gpu", gradient_clip=1.0, patience=None, workers=0, devices=1,
)  # fmt: skip


def train(kind, folder):
    rng = np.random.default_rng(0)
    codes = np.arange(24)
    parts = [
        Part(name, rng.normal(size=(24, width)).astype(np.float16), codes, codes)
        for name, width in {"1": 90, "2": 71}.items()
    ]
    targets = Targets([str(code) for code in codes], rng.normal(size=(24, 32)), rng.normal(size=(24, 12)))
    net = initial_network(kind, {part.subject: part.width for part in parts}, targets, 0, **NETWORKS[kind])
    model = TrainedNetwork(net, targets, codes[:16])
    train, held = ([part.of(some) for part in parts] for some in (codes[:16], codes[16:]))
    curves = model.train(train, held, RECIPE, seed=1, folder=folder)
    return model, curves


@pytest.mark.parametrize("kind", list(NETWORKS))
def test_every_network_learns_and_repeats_itself_to_the_bit(kind, tmp_path):
    one, curves = train(kind, tmp_path / "a")
    other, again = train(kind, tmp_path / "b")
    assert np.isfinite(curves.to_numpy()).all()
    assert curves.equals(again)
    assert all(np.array_equal(value, other.weights()[name]) for name, value in one.weights().items())
    assert np.isfinite(one.predict("2", np.ones((3, 71), np.float32))).all()


def test_bf16_is_chosen_and_data_go_to_the_gpu():
    assert loop._precision(RECIPE) == ("bf16-mixed" if torch.cuda.is_bf16_supported() else "32-true")
    assert device_of(RECIPE).type == "cuda"
    codes = np.arange(4)
    part = Part("1", np.ones((4, 5), np.float16), codes, codes)
    scaler = SimpleNamespace(mean=np.zeros(5, np.float32), scale=np.ones(5, np.float32))
    examples = SimpleNamespace(
        parts=[part], targets=Targets(list("abcd"), np.ones((4, 2), np.float32)), scalers={"1": scaler}, training=True
    )
    gather = gather_on(device_of(RECIPE), examples)
    assert gather.values["1"].is_cuda
    assert gather.values["1"].dtype == torch.float16
    assert Places(examples).repeats == 1
