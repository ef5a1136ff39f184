"""Decoders on several devices, two processes of the CPU: what one process with the whole batch learns, they learn."""

import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import distributed

from cogmodels.config.training import Recipe
from cogmodels.decoding import losses
from cogmodels.decoding.epoch_network import EpochModel, initial_epoch_network
from cogmodels.decoding.models import mindeye2
from cogmodels.decoding.models.eegnet import EegNet
from cogmodels.decoding.models.joint import Joint
from cogmodels.decoding.models.mindbridge import MindBridge
from cogmodels.decoding.models.nice import Nice
from cogmodels.decoding.network import TrainedNetwork, initial_network
from cogmodels.decoding.subjects import Part, Targets

NETWORKS = {
    "mindbridge": (MindBridge, {
        "pooled": 32, "hidden": 16, "bottleneck": 4, "blocks": 1, "temperature": 0.2, "mse_weight": 1.0,
        "pseudo_weight": 0.5, "embedder_dropout": 0.0, "translator_dropout": 0.0,
    }),
    "mindeye2": (mindeye2.MindEye2, {
        "hidden": 16, "blocks": 1, "dropout": 0.0, "temperatures": (0.2, 0.3), "mixed_temperature": 0.2,
    }),
    "joint": (Joint, {"hidden": 16, "blocks": 1, "adapter_dropout": 0.0, "dropout": 0.0, "modality_dropout": 0.0}),
}  # fmt: skip
CODES = np.arange(32)


def recipe(devices, **changes):
    # Plain steps: Adam's are as long for a gradient that is 0 but for its rounding.
    settings = {
        "optimizer": "sgd", "learning_rate": 0.05, "weight_decay": 0.01, "decay_vectors": False, "epochs": 2,
        "schedule": "one_cycle", "batch_size": 8, "accelerator": "cpu", "gradient_clip": 1.0, "devices": devices,
    }  # fmt: skip
    return Recipe(**settings | changes)


def train(name, devices, folder, adapted=False, **changes):
    """Weights at first, then of a network trained on two subjects, and adapted to a third; the curves."""
    kind, options = NETWORKS[name]
    rng = np.random.default_rng(0)
    layout = [{"fmri": 50, "eeg": 21}] if name == "joint" else []
    parts = [Part(who, rng.normal(size=(32, 71)).astype(np.float32), CODES, CODES, *layout) for who in "123"]
    targets = Targets([str(code) for code in CODES], rng.normal(size=(32, 12)), rng.normal(size=(32, 5)))
    net = initial_network(kind, {part.subject: part.size for part in parts[:2]}, targets, 0, **options)
    start = {key: value.clone() for key, value in net.state_dict().items()}
    model = TrainedNetwork(net, targets, CODES[:24])
    learnt, held = ([part.of(some) for part in parts] for some in (CODES[:24], CODES[24:]))
    how = recipe(devices, **changes)
    curves = model.train(learnt[:2], held[:2], how, seed=1, folder=folder / "train")
    if adapted:
        curves = model.adapt(learnt[:2], learnt[2], held[2], how, seed=1, folder=folder / "adapt")
    return start, model.net.state_dict(), curves


def apart(one, other):
    return max((other[name].double() - value.double()).abs().max().item() for name, value in one.items())


def check_alike(one, two):
    (start, alone, curves), (_, shared, rows) = one, two
    assert apart(start, alone) > 1e-2
    assert apart(alone, shared) < 1e-5
    np.testing.assert_allclose(rows, curves, rtol=1e-4, atol=1e-6)


@pytest.fixture
def untouched(monkeypatch):
    """CUDA, of which this process asks nothing: its forks could not use it."""
    here = os.getpid()

    def guarded(asked):
        def ask(*args):
            assert os.getpid() != here
            return asked(*args)

        return ask

    for name in ("is_available", "init", "current_device", "mem_get_info", "device_count"):
        monkeypatch.setattr(torch.cuda, name, guarded(getattr(torch.cuda, name)))


def test_this_process_asks_nothing_of_the_gpu(tmp_path, untouched):
    _, _, curves = train("joint", 2, tmp_path, accelerator="auto", epochs=1)
    assert len(curves) == 1


@pytest.mark.parametrize("name", ["mindbridge", "mindeye2", "joint"])
def test_two_processes_learn_what_one_does_with_the_whole_batch(name, tmp_path, monkeypatch):
    monkeypatch.setattr(mindeye2, "_MIXED_UNTIL", 0.0)
    # Reset-tuning: frozen parts, and sources that take turns.
    runs = [train(name, devices, tmp_path / str(devices), adapted=name == "mindbridge") for devices in (1, 2)]
    check_alike(*runs)


def paired(values):
    """Mixtures of rows that one process and two mix alike: with the next row but one of the whole batch."""
    alone = not distributed.is_initialized()
    partner = torch.arange(len(values)).roll(-2 if alone else -1)
    share = torch.full((len(values),), 0.7)
    return 0.7 * values + 0.3 * values[partner], partner, share


def test_mixed_responses_are_contrasted_with_those_of_both_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(mindeye2, "mix", paired)
    monkeypatch.setattr(mindeye2, "_MIXED_UNTIL", 0.99)
    check_alike(*(train("mindeye2", devices, tmp_path / str(devices)) for devices in (1, 2)))


def test_without_the_negatives_of_the_other_process_they_learn_something_else(tmp_path, monkeypatch):
    _, whole, _ = train("mindbridge", 1, tmp_path / "one")
    monkeypatch.setattr(losses, "gathered", lambda rows: rows)
    _, halves, _ = train("mindbridge", 2, tmp_path / "two")
    assert apart(whole, halves) > 1e-4


@pytest.mark.parametrize("target", ["features", "classes"])
def test_networks_of_epochs_normalise_the_whole_batch(target, tmp_path):
    rng, found = np.random.default_rng(1), []
    values = (rng.normal(size=(40, 6, 64)) * rng.uniform(1, 3, size=(40, 1, 1))).astype(np.float32)
    targets = rng.normal(size=(40, 10)) if target == "features" else np.arange(40) % 2
    options = {"filters": 4, "kernel_ms": 40, "pool_ms": 100, "stride_ms": 50, "embeds": True}
    kind, more = (Nice, options) if target == "features" else (EegNet, {"filters": 4})
    for devices in (1, 2):
        net = initial_epoch_network(kind, (6, 64), 10 if target == "features" else 2, 100.0, 0, dropout=0.0, **more)
        start, model = {name: value.clone() for name, value in net.state_dict().items()}, EpochModel(net)
        curves = model.train(
            values, targets, np.arange(40) >= 32, recipe(devices), seed=2, folder=tmp_path / str(devices)
        )
        found.append((start, net.state_dict(), curves))
    check_alike(*found)


@pytest.mark.gpu
@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="there are no two GPUs here")
def test_two_gpus_learn_what_one_does(tmp_path):
    # Two before one, in a process of its own: once CUDA has begun, forks cannot use it.
    script = f"""
from pathlib import Path
from tests.unit.decoding.test_devices import check_alike, train
how = {{"accelerator": "gpu", "precision": "32-true"}}
two = train("mindbridge", 2, Path({str(tmp_path)!r}) / "two", adapted=True, **how)
check_alike(train("mindbridge", 1, Path({str(tmp_path)!r}) / "one", adapted=True, **how), two)
"""
    subprocess.run([sys.executable, "-c", script], check=True, timeout=600)
