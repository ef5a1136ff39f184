"""A training in two processes: shares of a batch, the same bits again, resuming, and no process that stays behind."""

import logging
import multiprocessing
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import distributed, nn

from cogmodels.config.training import Recipe
from cogmodels.errors import DataError
from cogmodels.training.batches import Batches
from cogmodels.training.fit import fit
from cogmodels.training.objectives import classification
from cogmodels.training.processes import in_forks, processes_of
from tests.unit.training.test_fit import Killed, Points, constant_after, recipe, same

ON = {"batch_size": 16, "epochs": 4, "devices": 2}


class Net(nn.Module):
    """Normalised over the batch; a part is never used."""

    def __init__(self, dropout):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(dropout), nn.Linear(16, 2)
        )
        self.idle = nn.Linear(3, 3)

    def forward(self, x):
        return self.layers(x)


def train(folder, examples=None, dropout=0.3, **changes):
    torch.manual_seed(0)
    net = Net(dropout)
    held = Points(60, 2, moving=False)
    curves = fit(net, classification, examples or Points(91, 1), held, recipe(**ON | changes), seed=3, folder=folder)
    return net, curves


class Dying(Points):
    """The second process fails, or is killed, in the middle of the third epoch."""

    def __init__(self, *args, killed=False):
        super().__init__(*args)
        self.killed = killed

    def example(self, index, epoch):
        if epoch == 2 and distributed.get_rank() == 1 and len([seen for seen in self.seen if seen[0] == 2]) == 20:
            if self.killed:
                os.kill(os.getpid(), signal.SIGKILL)
            raise Killed("in the middle")
        return super().example(index, epoch)


def test_processes_share_each_batch_of_one_order_and_leave_out_what_is_odd():
    def steps(rank, processes):
        batches = Batches(Points(91, 1), Points(60, 2), batch_size=16, seed=3, rank=rank, processes=processes)
        batches.trainer = SimpleNamespace(current_epoch=5)
        loader = batches.train_dataloader()
        return [step.tolist() for step in torch.tensor(list(loader.sampler)).split(loader.batch_size)], len(loader)

    (alone, n), *shares = steps(0, 1), steps(0, 2), steps(1, 2)
    assert [len(step) for step in alone] == [16] * 5 + [11]
    assert [length for _, length in shares] == [n, n]
    for step, mine, theirs in zip(alone, *(share for share, _ in shares), strict=True):
        assert sorted(mine + theirs) == sorted(step[: len(step) // 2 * 2])
        assert len(mine) == len(theirs)


def test_two_processes_learn_what_one_does_with_norms_and_parts_that_idle(tmp_path):
    changes = {"dropout": 0.0, "optimizer": "sgd", "weight_decay": 0.1, "gradient_clip": 1.0}
    one, curves = train(tmp_path / "one", Points(96, 1), devices=1, **changes)
    two, rows = train(tmp_path / "two", Points(96, 1), **changes)
    for name, value in one.state_dict().items():
        assert (two.state_dict()[name] - value).abs().max() < 1e-5, name
    np.testing.assert_allclose(rows, curves, rtol=1e-5)
    assert not torch.equal(two.layers[0].weight, Net(0.0).layers[0].weight)
    # What never has a gradient does not decay either.
    torch.manual_seed(0)
    assert torch.equal(two.idle.weight, Net(0.0).idle.weight)
    assert rows.attrs["examples_per_second"] > 0


def test_a_failure_ends_all_and_what_goes_on_ends_in_the_same_bits(tmp_path, caplog):
    whole, curves = train(tmp_path / "whole")
    # Pools of other tests may be there.
    others = set(multiprocessing.active_children())
    with pytest.raises(RuntimeError, match="Killed: in the middle"):
        train(tmp_path / "failed", Dying(91, 1))
    assert set(multiprocessing.active_children()) <= others
    resumed, again = train(tmp_path / "failed")
    assert same(whole, resumed)
    assert curves.equals(again)
    assert list(again["epoch"]) == [1, 2, 3, 4]
    with caplog.at_level(logging.INFO):
        _, rows = train(tmp_path / "failed", devices=1, epochs=5)
    # It goes on alone after the four epochs, and says so.
    assert list(rows["epoch"]) == [1, 2, 3, 4, 5]
    assert rows.iloc[:4].equals(again)
    assert "a training begun on 2 device(s) goes on on 1" in caplog.text


def test_a_process_that_is_killed_is_told_and_nothing_stays_behind(tmp_path):
    started, others = time.monotonic(), set(multiprocessing.active_children())
    with pytest.raises(DataError, match=r"process 2 of 2 was killed \(exit code -9\)"):
        train(tmp_path, Dying(91, 1, killed=True))
    assert set(multiprocessing.active_children()) <= others
    assert time.monotonic() - started < 60


def test_processes_end_with_their_parent(tmp_path):
    def sleep(rank):
        (tmp_path / str(rank)).write_text(str(os.getpid()))
        time.sleep(60)

    parent = os.fork()
    if not parent:
        in_forks(2, sleep)
        os._exit(0)
    files = [tmp_path / "0", tmp_path / "1"]
    deadline = time.monotonic() + 20
    while not all(file.exists() and file.read_text() for file in files) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    running = {int(file.read_text()) for file in files}
    while running and time.monotonic() < deadline:
        time.sleep(0.1)
        running = {one for one in running if _runs(one)}
    assert not running


def _runs(process):
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_all_stop_early_and_stay_stopped(tmp_path, monkeypatch):
    found = []
    for _ in range(2):
        monkeypatch.setattr("tests.unit.training.test_fit.recipe", lambda **changes: recipe(**changes, devices=2))
        found.append(constant_after(tmp_path, 2))
    (one, curves), (other, again) = found
    assert len(curves) == curves["validation_accuracy"].idxmax() + 1 + 2 < 30
    assert curves.equals(again)
    assert same(one, other)


def test_what_cannot_be_is_told_before_anything_starts(tmp_path, monkeypatch):
    with pytest.raises(ValueError, match="`batch_size: 16`"):
        Recipe(batch_size=15, devices=2)
    with pytest.raises(DataError, match="1 training examples are fewer than 2 devices"):
        train(tmp_path, Points(1, 1))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    assert processes_of(Recipe(devices="auto")) == processes_of(Recipe(devices=3)) == 3
    assert processes_of(Recipe(devices="auto", accelerator="cpu")) == 1
    assert processes_of(Recipe(devices=6, accelerator="cpu")) == 6
    with pytest.raises(DataError, match=r"5 GPUs are asked for and 3 seen.*Lower `devices`"):
        processes_of(Recipe(devices=5))
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    with pytest.raises(DataError, match="used a GPU before"):
        processes_of(Recipe(devices=2))
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    assert processes_of(Recipe(devices="auto")) == 1
    with pytest.raises(DataError, match="2 GPUs are asked for and 0 seen"):
        processes_of(Recipe(devices=2, accelerator="gpu"))
    monkeypatch.setattr("cogmodels.training.fit.processes_of", lambda recipe: 3)
    with pytest.raises(DataError, match=r"batch of 16 cannot be shared evenly among 3 devices.*Set it to 15"):
        train(tmp_path)
