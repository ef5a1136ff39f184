"""What all networks across subjects keep to: shapes, transfer by new parts alone, what an example holds."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from cogmodels.config.decoding import CrossSubjectExperiment
from cogmodels.decoding.losses import info_nce, mixed_nce
from cogmodels.decoding.models.mindeye2 import MindEye2, mix
from cogmodels.decoding.network import JointExamples, TrainedNetwork, initial_network
from cogmodels.decoding.registry import BASELINES, NETWORKS
from cogmodels.decoding.resident import Gather, Places
from cogmodels.decoding.subjects import Part, Targets, fit_scaler
from tests.unit.decoding.studies import shared_study

SIZES = {
    "mindbridge": {"pooled": 16, "hidden": 8, "bottleneck": 2, "blocks": 1},
    "mindeye2": {"hidden": 8, "blocks": 2},
    "sttm": {"hidden": 8, "blocks": 2},
}
WIDTHS = {"01": 20, "02": 33}


def parts(stimuli=(6, 9), repeats=2):
    found = []
    for name, n in zip(WIDTHS, stimuli, strict=True):
        codes = np.tile(np.arange(n), repeats)
        values = np.random.default_rng(int(name)).normal(size=(len(codes), WIDTHS[name])).astype(np.float32)
        found.append(Part(name, values, np.arange(len(codes)), codes))
    return found


def targets(n=9, text=3):
    rng = np.random.default_rng(0)
    return Targets([f"s{k}" for k in range(n)], rng.normal(size=(n, 5)), rng.normal(size=(n, text)))


def batch(names, n=7):
    torch.manual_seed(1)
    sizes = {"01": 20, "02": 33, "03": 12}
    return torch.arange(n), {
        name: {"values": torch.randn(n, sizes[name]), "image": torch.randn(n, 5), "text": torch.randn(n, 3)}
        for name in names
    }


def test_every_name_of_the_config_is_in_the_registry():
    names = CrossSubjectExperiment.model_fields["model"].annotation.__args__
    assert set(names) == set(BASELINES) | set(NETWORKS)
    for name in NETWORKS:
        one = CrossSubjectExperiment(dataset="d", pipeline="p", target="latent", model=name)
        NETWORKS[name](WIDTHS, 5, **one.config()["options"] | SIZES[name])


@pytest.mark.parametrize("name", list(NETWORKS))
def test_any_widths_go_in_and_every_subject_learns(name):
    net = initial_network(NETWORKS[name], WIDTHS, targets(), 0, **SIZES[name])
    image, text = net.decode(torch.randn(4, 33), "02")
    assert image.shape == (4, 5)
    assert text.shape == (4, 3)
    for progress in (0.0, 0.9):
        net.progress = progress
        net.zero_grad()
        loss, scores = net.train().objective(batch(["01", "02"]))
        loss.backward()
        assert loss.isfinite()
        assert -2 <= scores["cosine"] <= 2
        assert all(p.grad is not None and p.grad.isfinite().all() for p in net.parameters())
    same = initial_network(NETWORKS[name], WIDTHS, targets(), 0, **SIZES[name])
    assert all(torch.equal(a, b) for a, b in zip(net.state_dict().values(), same.state_dict().values(), strict=True))


@pytest.mark.parametrize("name", list(NETWORKS))
def test_only_a_newcomer_learns(name):
    net = initial_network(NETWORKS[name], WIDTHS, targets(), 0, **SIZES[name])
    before = {key: value.clone() for key, value in net.state_dict().items()}
    net.reset("03", 12)
    net.train().objective(batch(["01", "03"]))[0].backward()
    optimizer = torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=1.0)
    fresh = {key: value.clone() for key, value in net.state_dict().items() if key not in before}
    optimizer.step()
    after = net.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert any(not torch.equal(after[key], value) for key, value in fresh.items())
    assert {key.split(".")[1] for key in fresh} == {"03"}


def test_an_example_holds_a_stimulus_of_each_subject_each_once_an_epoch():
    both = parts()
    scalers = {part.subject: fit_scaler(part) for part in both}
    examples = JointExamples(both, targets(), scalers, training=True, seed=2)
    assert len(examples) == 9
    image = targets().image.astype(np.float32)
    for epoch in (0, 1):
        seen = {name: [] for name in WIDTHS}
        for index in range(9):
            number, found = examples.example(index, epoch)
            assert number == index
            for part in both:
                one = found[part.subject]
                code = int(np.flatnonzero((image == one["image"]).all(1))[0])
                seen[part.subject].append(code)
                rows = [scalers[part.subject](part.values[row]) for row in part.rows[part.codes == code]]
                assert any(np.allclose(one["values"], row, atol=1e-5) for row in rows)
        assert sorted(seen["02"]) == list(range(9))
        # Who has fewer stimuli starts again.
        assert sorted(seen["01"][:6]) == list(range(6))
        assert seen["01"][6:] == seen["01"][:3]
        assert seen["01"][:6] != seen["02"][:6]


def test_repeats_are_averaged_outside_of_training():
    both = parts()
    scalers = {part.subject: fit_scaler(part) for part in both}
    held = JointExamples(both, targets(), scalers, training=False)
    mean = both[1].values[both[1].codes == 4].mean(0)
    np.testing.assert_allclose(held.example(4, 7)[1]["02"]["values"], scalers["02"](mean), atol=1e-5)


def test_source_subjects_take_turns():
    three = [*parts(), Part("03", parts()[0].values, parts()[0].rows[:4], parts()[0].codes[:4])]
    scalers = {part.subject: fit_scaler(part) for part in three}
    examples = JointExamples(three, targets(), scalers, training=True, turns=["01", "02"])
    assert len(examples) == 4
    assert [set(examples.example(0, epoch)[1]) for epoch in range(3)] == [{"01", "03"}, {"02", "03"}, {"01", "03"}]


def test_predictions_have_the_mean_and_length_of_training_targets():
    shifted = targets()
    shifted = Targets(shifted.stimuli, shifted.image + 100.0, shifted.text)
    net = initial_network(NETWORKS["sttm"], WIDTHS, shifted, 0, **SIZES["sttm"])
    model = TrainedNetwork(net, shifted, np.arange(6))
    model.scalers = {part.subject: fit_scaler(part) for part in parts()}
    found = model.predict("01", parts()[0].values)
    lengths = np.linalg.norm(found - shifted.image[:6].mean(0), axis=1)
    np.testing.assert_allclose(
        lengths, np.linalg.norm(shifted.image[:6] - shifted.image[:6].mean(0), axis=1).mean(), rtol=1e-4
    )


def test_mixing_is_of_half_of_the_rows_and_by_the_share_it_says():
    torch.manual_seed(0)
    values = torch.randn(2000, 3)
    mixed, partner, share = mix(values)
    torch.testing.assert_close(mixed, values * share[:, None] + values[partner] * (1 - share[:, None]))
    assert (share == 1).float().mean().item() == pytest.approx(0.5, abs=0.1)
    assert share.min() >= 0


def test_temperature_of_mindeye2_rises_along_half_a_cosine():
    net = MindEye2(WIDTHS, 5, hidden=8, blocks=1)
    found = []
    for net.progress in (0.0, 1 / 3, 2 / 3, 1.0):
        found.append(net.temperature())
    assert found == pytest.approx([0.004, 0.004, 0.00575, 0.0075])


@pytest.mark.parametrize("training", [True, False])
def test_what_is_gathered_on_the_device_is_what_the_host_makes(training):
    both = parts(repeats=3)
    # One stimulus has fewer repeats.
    both[0] = Part("01", both[0].values.astype(np.float16), both[0].rows[:-1], both[0].codes[:-1])
    scalers = {part.subject: fit_scaler(part) for part in both}
    centred = TrainedNetwork(torch.nn.Identity(), targets(), np.arange(6)).targets
    examples = JointExamples(both, centred, scalers, training=training, seed=3)
    places, gather = Places(examples), Gather(both, centred, scalers, torch.device("cpu"))
    for epoch in (0, 1):
        expected = default_collate([examples.example(index, epoch) for index in range(len(examples))])
        found = gather(default_collate([places.example(index, epoch) for index in range(len(places))]))
        torch.testing.assert_close(found, expected, rtol=1e-6 if not training else 0, atol=1e-6 if not training else 0)


def test_losses_are_not_rounded_where_the_network_is():
    from cogmodels.decoding.losses import soft_clip

    torch.manual_seed(0)
    vectors = torch.randn(20, 64)
    other = vectors + 0.3 * torch.randn(20, 64)
    plain = soft_clip(other, vectors)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        torch.testing.assert_close(soft_clip(other, vectors), plain)


def test_networks_need_neither_config_nor_linear_models():
    code = (
        "import sys\n"
        "for name in ('pydantic', 'himalaya', 'mne', 'nibabel', 'wandb'): sys.modules[name] = None\n"
        "import cogmodels.decoding.models.mindbridge, cogmodels.decoding.models.sttm, cogmodels.decoding.models.mindeye2\n"
        "from cogmodels.training.fit import fit\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_bimixco_equals_the_value_worked_out_by_hand():
    # Responses 0 and 1: the first is three quarters of itself and one quarter of the second, the second is itself.
    target = torch.eye(2)
    predicted = torch.tensor([[0.6, 0.8], [0.0, 1.0]])
    partner, share = torch.tensor([1, 0]), torch.tensor([0.75, 1.0])
    loss = mixed_nce(predicted, target, partner, share, temperature=0.5)
    e = np.exp
    rows = np.log([[e(1.2), e(1.6)], [e(0.0), e(2.0)]]) - np.log([[e(1.2) + e(1.6)], [e(0.0) + e(2.0)]])
    columns = np.log([[e(1.2), e(1.6)], [e(0.0), e(2.0)]]) - np.log([e(1.2) + e(0.0), e(1.6) + e(2.0)])
    wished = np.array([[0.75, 0.25], [0.0, 1.0]])
    assert loss.item() == pytest.approx(-((wished * rows).sum() / 2 + (wished * columns).sum() / 2) / 2, rel=1e-5)
    # Not mixed, it is InfoNCE.
    whole = mixed_nce(predicted, target, partner, torch.ones(2), temperature=0.5)
    torch.testing.assert_close(whole, info_nce(predicted, target, 0.5))
    # A row mixed with itself counts once.
    own = mixed_nce(predicted, target, torch.tensor([0, 1]), torch.tensor([0.3, 0.6]), temperature=0.5)
    torch.testing.assert_close(own, whole)


def test_without_its_projector_mindeye2_learns_targets_of_few_dimensions():
    found, shared = shared_study(noise=4.0, seed=11, stimuli=60)
    rows = {}
    for projector in (True, False):
        torch.manual_seed(0)
        net = MindEye2({"01": 30}, 6, hidden=32, blocks=1, projector=projector, temperatures=(0.2, 0.2))
        net.progress = 0.9
        trials, values = found[0]
        codes = shared.codes(trials)
        x, y = (torch.tensor(one, dtype=torch.float32) for one in (values / values.std(), shared.image[codes]))
        train = torch.tensor((trials["split"] == "train").to_numpy())
        optimizer = torch.optim.AdamW(net.parameters(), lr=0.01)
        for _ in range(60):
            loss, _ = net.train().objective((torch.arange(90), {"01": {"values": x[train], "image": y[train]}}))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        decoded = net.eval().decode(x[~train], "01")[0].detach()
        rows[projector] = torch.nn.functional.cosine_similarity(decoded, y[~train]).mean().item()
    assert rows[False] > rows[True] + 0.05
