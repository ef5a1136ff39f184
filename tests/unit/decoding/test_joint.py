"""Joining kinds of responses: joined trials, the network with any of them missing, what joining is worth."""

import numpy as np
import pandas as pd
import pytest
import torch

from cogmodels.config.joint import JointExperiment
from cogmodels.config.training import Recipe
from cogmodels.decoding.cross_subject import Plan, train_cross_subject
from cogmodels.decoding.joining import complete, fullest, join_modalities, join_trials, subsets
from cogmodels.decoding.modalities import joint_gains, score_modalities
from cogmodels.decoding.models.joint import Joint, hide
from cogmodels.decoding.network import JointExamples
from cogmodels.decoding.registry import JOINT_NETWORKS
from cogmodels.decoding.resident import Gather, Places
from cogmodels.decoding.score import score_features
from cogmodels.decoding.subjects import Part, Targets, fit_scaler
from cogmodels.errors import DataError
from tests.unit.decoding.studies import shared_study

OPTIONS = {"hidden": 48, "blocks": 1, "adapter_dropout": 0.2, "temperature": 0.2}
RECIPE = Recipe(
    learning_rate=5e-3, weight_decay=0.01, decay_vectors=False, schedule="one_cycle", epochs=14, batch_size=16,
    accelerator="cpu",
)  # fmt: skip
SHORT = RECIPE.model_copy(update={"epochs": 3})


def table(stimuli, values, split="train", subject="01"):
    n = len(stimuli)
    trials = pd.DataFrame({
        "subject": subject, "session": None, "run": "1", "trial": range(n), "stimulus": stimuli, "label": "x",
        "split": split,
    })  # fmt: skip
    return trials, np.asarray(values, dtype=np.float32).reshape(n, -1)


def study(noise=1.0, signal=1.0, without=()):
    """fMRI (2 repeats), EEG (4) and gaze (1, of every second stimulus) of three subjects."""
    bold, targets = shared_study(signal, stimuli=80, noise=noise, seed=1)
    eeg, _ = shared_study(signal, stimuli=80, widths=(20, 20, 20), repeats=4, noise=noise, seed=1)
    gaze, _ = shared_study(signal, stimuli=80, widths=(8, 8, 8), repeats=1, noise=2 * noise, seed=1)
    half = [(trials[::2].reset_index(drop=True), values[::2]) for trials, values in gaze]
    tables = {"fmri": bold, "eeg": eeg, "gaze": half}
    return {key: [one for one in some if one[0]["subject"].iloc[0] not in without] if key == "eeg" else some
            for key, some in tables.items()}, targets  # fmt: skip


def plan(**changes):
    return Plan("joint", **{"options": OPTIONS, "recipe": RECIPE} | changes)


def test_joined_trials_share_nothing_and_together_hold_every_trial():
    fmri = table(["a", "b", "a", "b", "c"], [1, 10, 3, 30, 100])
    eeg = table(["a", "a", "a", "a", "b"], [1, 2, 3, 4, 7])
    found = join_trials({"fmri": fmri, "eeg": eeg})
    assert found.layout == {"fmri": 1, "eeg": 1}
    rows = {name: mine.index for name, mine in found.trials.groupby("stimulus")}
    np.testing.assert_array_equal(found.values[rows["a"]], [[1, 2], [3, 3]])
    # One trial of EEG of b: both have it, and say so.
    np.testing.assert_array_equal(found.values[rows["b"]], [[10, 7], [30, 7]])
    assert found.trials["once"].tolist() == ["", "", "eeg", "eeg", ""]
    np.testing.assert_array_equal(found.values[rows["c"]], [[100, np.nan]])
    assert not found.trials.duplicated(["session", "run", "trial"]).any()


def test_a_stimulus_of_two_splits_is_refused():
    with pytest.raises(DataError, match="stimulus a is train in fmri and test in eeg"):
        join_trials({"fmri": table(["a"], [1]), "eeg": table(["a"], [1], "test")})


def test_every_choice_of_modalities_is_shown_and_nothing_else():
    part = Part("01", np.array([[1, 2, 3, 4], [5, 6, np.nan, 8]], np.float32), np.arange(2), np.arange(2),
                {"fmri": 2, "eeg": 1, "gaze": 1})  # fmt: skip
    found = {name: (rows, values) for name, rows, values in subsets(part)}
    assert list(found) == ["fmri+eeg+gaze", "fmri+eeg", "fmri+gaze", "eeg+gaze", "fmri", "eeg", "gaze"]
    np.testing.assert_array_equal(found["eeg+gaze"][1], [[np.nan, np.nan, 3, 4], [np.nan, np.nan, np.nan, 8]])
    np.testing.assert_array_equal(found["eeg"][0], [0])
    assert np.isfinite(found["fmri"][1][:, :2]).all()
    assert np.isnan(found["fmri"][1][:, 2:]).all()


def test_a_missing_modality_counts_for_nothing_and_the_mean_is_weighted():
    torch.manual_seed(0)
    net = Joint({"01": {"fmri": 3, "eeg": 2}}, 4, hidden=8, blocks=1).eval()
    whole = torch.randn(5, 5)
    bold, waves = whole.clone(), whole.clone()
    bold[:, 3:], waves[:, :3] = torch.nan, torch.nan
    with torch.no_grad():
        one, other = net.latent(bold, "01"), net.latent(waves, "01")
        torch.testing.assert_close(net.latent(whole, "01"), (one + other) / 2)
        net.adapters["01"].trust.copy_(torch.tensor([np.log(3.0), 0.0]))
        torch.testing.assert_close(net.latent(whole, "01"), 0.75 * one + 0.25 * other)
        # Alone it counts in full.
        torch.testing.assert_close(net.latent(bold, "01"), one)
        assert net.decode(bold, "01")[0].isfinite().all()


def test_modalities_are_hidden_as_often_as_said_and_never_all():
    torch.manual_seed(0)
    present = torch.ones(20_000, 3, dtype=torch.bool)
    present[::2, 2] = False
    kept = hide(present, 0.4)
    assert not (kept & ~present).any()
    assert kept.any(dim=1).all()
    # The last one stays: of three the expected share is 1 - .4 + .4 ** 3 / 3.
    assert kept[1::2].float().mean().item() == pytest.approx(0.6 + 0.4**3 / 3, abs=0.01)
    assert hide(torch.eye(3, dtype=torch.bool), 0.99).equal(torch.eye(3, dtype=torch.bool))


def test_the_config_makes_the_network_and_drops_what_is_null():
    one = JointExperiment(dataset="d", target="latent", pipelines={"fmri": "p", "eeg": "q", "gaze": None})
    assert one.pipelines == {"fmri": "p", "eeg": "q"}
    assert one.config()["pipelines"] == one.pipelines
    net = JOINT_NETWORKS[one.model]({"01": {"fmri": 4}}, 5, **one.config()["options"])
    assert len(net.trunk) == 5
    for wrong, message in (({"pipelines": {"fmri": None}}, "names no"), ({"alignment": "a"}, "one pipeline")):
        with pytest.raises(ValueError, match=message):
            JointExperiment(**{"dataset": "d", "target": "latent", "pipelines": {"fmri": "p"}} | wrong)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A decoder of three people, of whom one has no EEG, and its targets."""
    tables, targets = study(noise=3.0, without=("02",))
    run = train_cross_subject(join_modalities(tables), targets, plan(), folder=tmp_path_factory.mktemp("joint"))
    return run, targets


def test_any_choice_of_modalities_is_decoded_and_joining_helps(trained):
    run, targets = trained
    mine = run.predictions[run.predictions["subject"] == "02"]
    assert set(mine["modalities"]) == {"fmri+gaze", "fmri", "gaze"}
    assert set(fullest(run.predictions)["modalities"]) == {"fmri+eeg+gaze", "fmri+gaze"}
    both = run.predictions[run.predictions["subject"] != "02"].groupby("modalities")
    found = {
        name: score_features(one, targets.stimuli, targets.image, permutations=99, bootstrap=100).set_index("metric")
        for name, one in both
    }
    values = {name: one.loc["pearson", "value"] for name, one in found.items()}
    assert values["fmri+eeg"] > max(values["fmri"], values["eeg"]) > 0.3


def test_choices_are_compared_on_the_same_stimuli_pair_by_pair(trained):
    run, targets = trained
    found = score_modalities(run.predictions, targets.stimuli, targets.image, permutations=99, bootstrap=200)
    scores = found.set_index(["modalities", "metric"])
    top = found[found["metric"] == "retrieval_top1"].set_index("modalities")
    # 20 test stimuli, of which half have gaze.
    np.testing.assert_allclose(top["chance"], 1 / 10)
    assert top["n"].to_dict() == {
        "fmri+eeg+gaze": 2, "fmri+eeg": 2, "eeg+gaze": 2, "eeg": 2, "fmri+gaze": 3, "fmri": 3, "gaze": 3
    }  # fmt: skip
    # A single trial in both halves has no ceiling.
    assert np.isnan(scores.loc[("gaze", "two_way"), "ceiling"])
    assert scores.loc[("fmri", "two_way"), "ceiling"] > 0.5
    assert np.isnan(scores.loc[("fmri+eeg+gaze", "two_way"), "gain"])
    gains = joint_gains(found, "joint", "held_out_stimuli").set_index("metric")["value"]
    assert list(gains.index) == ["joint_gain_over_fmri", "joint_gain_over_eeg", "joint_gain_over_gaze"]
    # Over who has EEG, all of the two are the first row; over fMRI it is what each person has.
    value = scores["value"].loc[:, "two_way"]
    assert gains["joint_gain_over_eeg"] == pytest.approx(value["fmri+eeg+gaze"] - value["eeg"])
    own = fullest(complete(run.predictions))
    full = score_features(own, targets.stimuli, targets.image, permutations=99, bootstrap=100).set_index("metric")
    assert gains["joint_gain_over_fmri"] == pytest.approx(full.loc["two_way", "value"] - value["fmri"])


@pytest.mark.parametrize("change", [{"signal": 0.0}, {"control": "shuffled_labels"}])
def test_without_signal_all_together_are_at_chance(change, tmp_path):
    tables, targets = study(signal=change.pop("signal", 1.0))
    run = train_cross_subject(join_modalities(tables), targets, plan(**change, recipe=SHORT), folder=tmp_path)
    full = fullest(run.predictions)
    found = score_features(full, targets.stimuli, targets.image, permutations=99, bootstrap=100).set_index("metric")
    assert found.loc["two_way", "p"] > 0.01
    assert abs(found.loc["two_way", "value"] - 0.5) < 0.2


def test_a_new_subject_gets_adapters_of_its_own_modalities(tmp_path):
    tables, targets = study(without=("03",))
    changed = plan(protocol="new_subject", recipe=SHORT, adaptation=SHORT)
    run = train_cross_subject(join_modalities(tables), targets, changed, folds=["sub-03"], folder=tmp_path)
    assert set(run.predictions["modalities"]) == {"fmri+gaze", "fmri", "gaze"}
    names = {tuple(name.split("adapters.")[1].split(".")[:3:2]) for name in run.weights if ".each." in name}
    assert names == {(one, kind) for one in ("01", "02") for kind in ("fmri", "eeg", "gaze")} | {
        ("03", "fmri"), ("03", "gaze")
    }  # fmt: skip


def test_scaling_leaves_out_what_is_missing_and_refuses_what_is_broken():
    values = np.array([[1, 2, 5], [3, 4, np.nan], [5, 9, 9]], dtype=np.float32)
    part = Part("01", values, np.arange(3), np.arange(3), {"fmri": 2, "eeg": 1})
    scaler = fit_scaler(part)
    np.testing.assert_allclose(scaler.mean, [3, 5, 7])
    np.testing.assert_allclose(scaler.scale[2], 2)
    values[1, 0] = np.nan
    with pytest.raises(DataError, match="subject 01, fmri: 1 of 2 features"):
        fit_scaler(part)


def test_missing_modalities_stay_missing_where_batches_are_gathered_on_the_device():
    tables, targets = study()
    joined = join_modalities(tables)[0]
    codes = targets.codes(joined.trials)
    # The first row, with which shorter lists are padded, lacks gaze.
    order = np.argsort(~np.isnan(joined.values[:, -1]), kind="stable")
    part = Part("01", joined.values[order], np.arange(len(order)), codes[order], joined.layout)
    scalers = {"01": fit_scaler(part)}
    plain = Targets(targets.stimuli, targets.image.astype(np.float32))
    examples = JointExamples([part], plain, scalers, training=False)
    places = Places(examples)
    batch = torch.utils.data.default_collate([places.example(k, 0) for k in range(len(places))])
    found = Gather([part], plain, scalers, torch.device("cpu"))(batch)[1]["01"]["values"]
    wished = np.stack([examples.example(k, 0)[1]["01"]["values"] for k in range(len(places))])
    assert np.isnan(wished).any()
    np.testing.assert_allclose(found.numpy(), wished, atol=1e-5)
