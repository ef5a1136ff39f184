"""The training loop: learns, repeats itself to the bit, goes on where it was killed, keeps the best weights."""

from pathlib import Path

import lightning.pytorch as pl
import numpy as np
import pytest
import torch
from torch import nn

from cogmodels.config.training import Recipe
from cogmodels.errors import DataError
from cogmodels.training import checkpoints
from cogmodels.training.checkpoints import last_checkpoint
from cogmodels.training.fit import fit
from cogmodels.training.objectives import classification


class Points:
    """Noisy points of two classes; training points move in each epoch."""

    def __init__(self, n, seed, moving=True):
        rng = np.random.default_rng(seed)
        self.labels = rng.integers(2, size=n)
        self.points = (rng.normal(size=(n, 6)) + self.labels[:, None]).astype(np.float32)
        self.moving, self.seen = moving, []

    def __len__(self):
        return len(self.points)

    def example(self, index, epoch):
        self.seen.append((epoch, index))
        rng = np.random.default_rng([7, epoch, index])
        noise = rng.normal(scale=0.1 * self.moving, size=6).astype(np.float32)
        return self.points[index] + noise, int(self.labels[index])


def network():
    torch.manual_seed(0)
    # Dropout draws while it trains, normalisation remembers.
    return nn.Sequential(nn.Linear(6, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, 2))


def recipe(**changes):
    return Recipe(**{"learning_rate": 0.01, "epochs": 5, "batch_size": 16, "accelerator": "cpu"} | changes)


def train(folder, *, changes=None, examples=None, seed=3):
    net = network()
    curves = fit(
        net, classification, examples or Points(90, 1), Points(60, 2, moving=False), recipe(**changes or {}),
        seed=seed, folder=folder,
    )  # fmt: skip
    return net, curves


def same(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_a_tiny_set_is_learnt_by_heart(tmp_path):
    few = Points(12, 5, moving=False)
    few.labels = np.random.default_rng(0).permutation(np.arange(12) % 2)
    net = nn.Sequential(nn.Linear(6, 64), nn.ReLU(), nn.Linear(64, 2))
    curves = fit(net, classification, few, few, recipe(epochs=150, batch_size=12), folder=tmp_path)
    assert curves["validation_accuracy"].max() == 1
    assert curves["train_loss"].iloc[-1] < 0.1 * curves["train_loss"].iloc[0]


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
def test_the_same_seed_gives_the_same_bits(tmp_path, schedule):
    state = torch.get_rng_state()
    one, curves = train(tmp_path / "a", changes={"schedule": schedule})
    # What else draws numbers in between does not matter.
    torch.rand(5)
    other, again = train(tmp_path / "b", changes={"schedule": schedule})
    assert same(one, other)
    assert curves.equals(again)
    different, _ = train(tmp_path / "c", changes={"schedule": schedule}, seed=4)
    assert not same(one, different)
    assert not torch.are_deterministic_algorithms_enabled()
    torch.set_rng_state(state)


class Killed(Exception):
    pass


@pytest.fixture
def every_epoch(monkeypatch):
    """A checkpoint after each epoch, however long it takes."""
    monkeypatch.setattr(checkpoints, "SHARE", float("inf"))


class Fatal(Points):
    """The process dies in the middle of an epoch."""

    def example(self, index, epoch):
        if epoch == 3 and len([seen for seen in self.seen if seen[0] == 3]) == 40:
            raise Killed
        return super().example(index, epoch)


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one_cycle"])
@pytest.mark.usefixtures("every_epoch")
def test_a_training_that_was_killed_goes_on_to_the_same_bits(tmp_path, schedule):
    changes = {"schedule": schedule, "epochs": 6}
    whole, curves = train(tmp_path / "whole", changes=changes)
    with pytest.raises(Killed):
        train(tmp_path / "killed", changes=changes, examples=Fatal(90, 1))
    points = Points(90, 1)
    resumed, again = train(tmp_path / "killed", changes=changes, examples=points)
    # It did go on: the first three epochs were not seen again.
    assert {epoch for epoch, _ in points.seen} == {3, 4, 5}
    assert same(whole, resumed)
    assert curves.equals(again)


@pytest.mark.usefixtures("every_epoch")
def test_epochs_that_were_no_better_are_not_done_again(tmp_path):
    """With such steps hardly anything changes: of equal epochs the first is the best."""
    changes = {"learning_rate": 1e-12, "epochs": 6}
    with pytest.raises(Killed):
        train(tmp_path, changes=changes, examples=Fatal(90, 1))
    points = Points(90, 1)
    _, curves = train(tmp_path, changes=changes, examples=points)
    assert curves["validation_accuracy"][:3].nunique() == 1
    assert {epoch for epoch, _ in points.seen} == {3, 4, 5}


def test_a_checkpoint_that_was_cut_off_is_dropped(tmp_path):
    whole, _ = train(tmp_path / "whole")
    (tmp_path / "cut").mkdir()
    content = (tmp_path / "whole" / "last.ckpt").read_bytes()
    (tmp_path / "cut" / "last.ckpt").write_bytes(content[: len(content) // 2])
    again, _ = train(tmp_path / "cut")
    assert same(whole, again)


def test_checkpoints_take_a_twentieth_of_the_time_and_a_kill_costs_what_lies_between(tmp_path, monkeypatch):
    """A clock on which an epoch takes 10 s and a checkpoint 2 s: after the first, every fourth epoch writes one."""
    now, written = [0.0], []
    monkeypatch.setattr(checkpoints, "monotonic", lambda: now[0])
    save = pl.Trainer.save_checkpoint

    def slow(self, path):
        written.append(self.current_epoch)
        now[0] += 2.0
        save(self, path)

    class Clock(Points):
        def example(self, index, epoch):
            now[0] += 10.0 / len(self)
            return super().example(index, epoch)

    monkeypatch.setattr(pl.Trainer, "save_checkpoint", slow)
    changes = {"epochs": 11, "patience": None}
    whole, _ = train(tmp_path / "whole", changes=changes, examples=Clock(90, 1))
    assert written == [0, 4, 8, 10]

    class Dies(Clock):
        def example(self, index, epoch):
            if epoch == 7:
                raise Killed
            return super().example(index, epoch)

    with pytest.raises(Killed):
        train(tmp_path / "killed", changes=changes, examples=Dies(90, 1))
    points = Clock(90, 1)
    resumed, _ = train(tmp_path / "killed", changes=changes, examples=points)
    assert {epoch for epoch, _ in points.seen} == {5, 6, 7, 8, 9, 10}
    assert same(whole, resumed)
    # A training that was done is read, not trained again.
    points = Clock(90, 1)
    again, _ = train(tmp_path / "killed", changes=changes, examples=points)
    assert not points.seen
    assert same(whole, again)


def test_the_best_weights_are_kept_not_the_last(tmp_path):
    # A step size that grows too large for what was learnt: later epochs are worse.
    net, curves = train(tmp_path, changes={"learning_rate": 0.4, "epochs": 12, "optimizer": "sgd"})
    best = curves["validation_accuracy"].max()
    assert curves["validation_accuracy"].iloc[-1] < best
    points = Points(60, 2, moving=False)
    right = net(torch.from_numpy(points.points)).argmax(1).numpy() == points.labels
    assert right.mean() == pytest.approx(best)
    assert list(curves["epoch"]) == list(range(1, 13))


def test_each_epoch_shows_every_example_once_in_an_order_of_its_own(tmp_path):
    points = Points(40, 1)
    train(tmp_path, changes={"epochs": 3}, examples=points)
    orders = [[index for epoch, index in points.seen if epoch == k] for k in range(3)]
    assert all(sorted(order) == list(range(40)) for order in orders)
    assert orders[0] != orders[1] != orders[2]


def test_the_cosine_falls_from_the_first_step_size(tmp_path):
    _, curves = train(tmp_path, changes={"schedule": "cosine"})
    np.testing.assert_allclose(curves["learning_rate"], 0.01 * (1 + np.cos(np.pi * np.arange(5) / 5)) / 2, rtol=1e-6)


def test_a_loss_that_is_not_finite_ends_it(tmp_path):
    points = Points(40, 1)
    points.points[3] = np.nan
    with pytest.raises(DataError, match="Lower the learning rate"):
        train(tmp_path, examples=points)


def test_one_cycle_rises_over_two_epochs_and_falls_to_almost_nothing(tmp_path):
    _, curves = train(tmp_path, changes={"schedule": "one_cycle", "epochs": 10})
    rates = curves["learning_rate"]
    assert rates.iloc[0] == pytest.approx(0.01 / 25)
    assert rates.idxmax() == 2
    assert rates.iloc[2] == pytest.approx(0.01, rel=0.02)
    assert (rates.iloc[3:].diff().iloc[1:] < 0).all()


@pytest.mark.parametrize(("epochs", "batch"), [(1, 45), (1, 90), (2, 90), (1, 30)])
def test_one_cycle_of_a_few_steps_learns_too(tmp_path, epochs, batch):
    """Two, one, two and three steps: of the first three none is a rise."""
    net, curves = train(tmp_path, changes={"schedule": "one_cycle", "epochs": epochs, "batch_size": batch})
    assert len(curves) == epochs
    assert curves["learning_rate"].iloc[0] == pytest.approx(0.01 / 25 if batch == 30 else 0.01)
    assert not torch.equal(net[0].weight, network()[0].weight)


class Fading(Points):
    """Validation points that no epoch does better on than the first."""

    def example(self, index, epoch):
        return np.zeros(6, np.float32), int(self.labels[index])


def constant_after(folder, patience, epochs=30):
    net = network()
    never = Fading(40, 2, moving=False)
    never.labels[:] = np.arange(40) % 2
    return net, fit(
        net, classification, Points(40, 1), never, recipe(epochs=epochs, patience=patience), seed=3, folder=folder
    )


def test_it_stops_when_patience_is_at_an_end_and_stays_stopped(tmp_path):
    one, curves = constant_after(tmp_path, 4)
    best = curves["validation_accuracy"].idxmax()
    assert len(curves) == best + 1 + 4 < 30
    # A job that was killed after its last epoch trains no further.
    other, again = constant_after(tmp_path, 4)
    assert curves.equals(again)
    assert same(one, other)


def test_gradients_are_clipped_to_their_norm(tmp_path):
    moved = {}
    for clip in (None, 1e-3):
        net, start = network(), network()
        changes = {"optimizer": "sgd", "epochs": 1, "batch_size": 90, "learning_rate": 0.1, "weight_decay": 0.0}
        fit(
            net,
            classification,
            Points(90, 1),
            Points(60, 2),
            recipe(**changes, gradient_clip=clip),
            folder=tmp_path / str(clip),
        )
        steps = [(a - b).square().sum() for a, b in zip(net.parameters(), start.parameters(), strict=True)]
        moved[clip] = torch.stack(steps).sum().sqrt().item()
    assert moved[1e-3] == pytest.approx(1e-4, rel=1e-3)
    assert moved[None] > 10 * moved[1e-3]


def test_biases_and_norms_go_without_decay_where_the_recipe_says_so(tmp_path):
    class Still(nn.Module):
        def __init__(self):
            super().__init__()
            self.matrix, self.vector = nn.Parameter(torch.ones(2, 6)), nn.Parameter(torch.ones(2))

        def forward(self, x):
            return 0 * (x @ self.matrix.T + self.vector)

    for decay_vectors, expected in ((True, 0.9), (False, 1.0)):
        net = Still()
        changes = {
            "epochs": 1,
            "batch_size": 90,
            "learning_rate": 0.1,
            "weight_decay": 1.0,
            "decay_vectors": decay_vectors,
        }
        fit(net, classification, Points(90, 1), Points(60, 2), recipe(**changes), folder=tmp_path / str(decay_vectors))
        assert net.matrix.detach().numpy() == pytest.approx(0.9)
        assert net.vector.detach().numpy() == pytest.approx(expected)


def test_throughput_is_told_beside_the_curves(tmp_path):
    _, curves = train(tmp_path)
    assert curves.attrs["examples_per_second"] > 0
    assert "examples_per_second" not in curves


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    train(tmp_path)
    wider = nn.Sequential(nn.Linear(6, 17), nn.ReLU(), nn.Linear(17, 2))
    with pytest.raises(DataError, match="checkpoint is of another network"):
        fit(wider, classification, Points(90, 1), Points(60, 2), recipe(), folder=tmp_path)


class Evil:
    """Pickled, it makes a folder when it is read."""

    def __init__(self, folder):
        self.folder = folder

    def __reduce__(self):
        return (Path.mkdir, (self.folder,))


def test_a_checkpoint_that_would_run_something_is_dropped(tmp_path):
    torch.save({"state_dict": {}, "more": Evil(tmp_path / "made")}, tmp_path / "last.ckpt")
    assert last_checkpoint(tmp_path, nn.Linear(1, 1)) is None
    assert not (tmp_path / "made").exists()
    assert not (tmp_path / "last.ckpt").exists()
