"""Images decoded beside vectors: what guides what, transfer, known scores, no choice by the true image."""

import inspect

import numpy as np
import pandas as pd
import pytest
import torch

from cogmodels.config.decoding import CrossSubjectExperiment, DecoderRecipe
from cogmodels.data.predictions import read_predictions, write_predictions
from cogmodels.data.reconstructions import (
    as_images,
    image_side,
    mean_image,
    read_reconstructions,
    write_reconstructions,
)
from cogmodels.data.tables import Features
from cogmodels.decoding.cross_subject import Plan, join_targets, train_cross_subject
from cogmodels.decoding.diffusion import refine
from cogmodels.decoding.models.low_level import LowLevel
from cogmodels.decoding.models.sttm import Sttm
from cogmodels.decoding.network import TrainedNetwork, initial_network
from cogmodels.decoding.reconstruction import (
    compare_reconstructions,
    gather_reconstructions,
    score_reconstructions,
)
from cogmodels.decoding.subjects import Part, Targets, fit_scaler
from cogmodels.decoding.units import reconstruction_units
from cogmodels.errors import DataError
from cogmodels.report.reconstruction import evenly_spaced, plot_reconstructions
from tests.unit.decoding.studies import shared_study

SIDE, PIXELS = 12, 3 * 12 * 12
WIDTHS = {"01": 20, "02": 33}


def network(guidance="stopped", side=SIDE, **options):
    torch.manual_seed(0)
    low = {"guidance": guidance, "channels": 8, "dropout": 0.0}
    return Sttm(WIDTHS, 5, hidden=8, blocks=1, pixels=3 * side**2, low_level=low, **options)


def batch(names=("01", "02"), n=6):
    torch.manual_seed(1)
    sizes = WIDTHS | {"03": 12}
    return torch.arange(n), {
        name: {"values": torch.randn(n, sizes[name]), "image": torch.randn(n, 5), "pixels": torch.randn(n, PIXELS)}
        for name in names
    }


@pytest.mark.parametrize("side", [4, 9, 12, 30, 32])
def test_images_have_the_size_of_the_target_and_begin_as_the_mean_image(side):
    net = network(side=side).eval()
    assert torch.equal(net.reconstruct(torch.randn(3, 33), "02"), torch.zeros(3, 3 * side**2))
    torch.nn.init.ones_(net.low_level.last.weight)
    assert net.reconstruct(torch.randn(3, 33), "02").abs().sum() > 0


def test_the_loss_of_the_mean_image_is_1_and_added_with_its_weight():
    deviations = torch.randn(50, PIXELS)
    deviations /= deviations.square().mean().sqrt()
    low = LowLevel(8, 5, PIXELS, channels=8, weight=0.25)
    assert low.loss(torch.zeros_like(deviations), deviations).item() == pytest.approx(0.25)
    without = Sttm(WIDTHS, 5, hidden=8, blocks=1).eval()
    net = network().eval()
    net.load_state_dict(without.state_dict(), strict=False)
    total, scores = net.objective(batch())
    pixels = torch.cat([part["pixels"] for part in batch()[1].values()])
    expected = without.objective(batch())[0] + pixels.square().mean()
    torch.testing.assert_close(total, expected)
    assert scores["cosine"] == without.objective(batch())[1]["cosine"] + scores["pixels"]


def test_guidance_reaches_the_image_and_a_gradient_comes_back_only_where_asked():
    for guidance, told, changed in (("stopped", True, False), ("joint", True, True), ("none", False, False)):
        net = network(guidance)
        torch.nn.init.normal_(net.low_level.last.weight)
        latent, guide = torch.randn(4, 8), torch.randn(4, 5, requires_grad=True)
        seen = net.low_level(latent, guide)
        assert torch.equal(seen, net.low_level(latent, guide + torch.randn(4, 5))) != told
        (gradient,) = torch.autograd.grad(seen.sum(), guide, allow_unused=True)
        assert (gradient is not None and bool(gradient.any())) == changed
        # The adapters learn from the pixels in any case.
        shallow = torch.randn(4, 8, requires_grad=True)
        assert torch.autograd.grad(net.low_level(shallow, guide).square().sum(), shallow)[0].any()


def test_a_new_subject_changes_nothing_but_its_adapter():
    net = network("joint")
    torch.nn.init.normal_(net.low_level.last.weight)
    before = {key: value.clone() for key, value in net.state_dict().items()}
    net.reset("03", 12)
    net.train().objective(batch(["01", "03"]))[0].backward()
    torch.optim.SGD([p for p in net.parameters() if p.requires_grad], lr=1.0).step()
    after = net.state_dict()
    assert all(torch.equal(after[key], value) for key, value in before.items())
    assert {key.split(".")[1] for key in set(after) - set(before)} == {"03"}


def test_images_are_learnt_and_come_back_in_their_own_range():
    rng = np.random.default_rng(0)
    latent = rng.normal(size=(60, 4))
    pixels = 0.5 + 0.1 * np.tanh(latent @ rng.normal(size=(4, PIXELS)))
    targets = Targets([f"s{k}" for k in range(60)], latent, pixels=pixels.astype(np.float32))
    codes = np.arange(40)
    parts = [
        Part(name, (latent @ rng.normal(size=(4, w))).astype(np.float32), np.arange(60), np.arange(60))
        for name, w in WIDTHS.items()
    ]
    low = {"channels": 8, "dropout": 0.0}
    net = initial_network(Sttm, WIDTHS, targets, 0, hidden=16, blocks=1, adapter_dropout=0.0, low_level=low)
    model = TrainedNetwork(net, targets, codes)
    model.scalers = {part.subject: fit_scaler(part.of(codes)) for part in parts}
    assert model.targets.pixels[codes].std() == pytest.approx(1.0, abs=1e-4)
    # Before any training it is the mean image.
    held = parts[0].of(range(40, 60))
    assert np.abs(model.reconstruct("01", held.responses()) - pixels[:40].mean(0)).max() < 1e-5
    optimizer = torch.optim.Adam(net.parameters(), lr=0.01)
    wished = torch.from_numpy(model.targets.pixels[:40])
    values = {p.subject: torch.from_numpy(model.scalers[p.subject](p.of(codes).responses())) for p in parts}
    image = torch.from_numpy(model.targets.image[:40])
    for _ in range(60):
        optimizer.zero_grad()
        both = {s: {"values": v, "image": image, "pixels": wished} for s, v in values.items()}
        net.train().objective((torch.arange(40), both))[0].backward()
        optimizer.step()
    for part in parts:
        found = model.reconstruct(part.subject, part.of(range(40, 60)).responses())
        error, plain = (((one - pixels[40:]) ** 2).mean() for one in (found, pixels[:40].mean(0)))
        assert error < 0.7 * plain
    assert set(model.weights()) >= {"pixels/mean", "pixels/contrast"}


def test_images_of_a_new_subject_come_with_its_predictions(tmp_path):
    subjects, targets = shared_study(stimuli=16, subjects=2)
    pixels = np.random.default_rng(0).random((16, 3 * 4 * 4)).astype(np.float32)
    recipe = DecoderRecipe(epochs=1, batch_size=8, accelerator="cpu")
    options = {"hidden": 8, "blocks": 1, "low_level": {"channels": 8}}
    plan = Plan("sttm", "new_subject", options, recipe=recipe, adaptation=recipe, validation_share=0.3)
    pixelled = Targets(targets.stimuli, targets.image, pixels=pixels)
    run = train_cross_subject(subjects, pixelled, plan, folds=["sub-02"], folder=tmp_path)
    assert set(run.predictions["subject"]) == {"02"}
    images = np.stack(list(run.predictions["reconstructed"]))
    assert images.shape == (8, 48)
    assert images.min() >= 0
    assert images.max() <= 1
    assert {"train_pixels", "validation_pixels"} <= set(run.curves)
    # The mean image is that of training stimuli of the source subjects.
    np.testing.assert_allclose(run.weights["sub-02/pixels/mean"], pixels[used(run, targets)].mean(0), atol=1e-6)


def used(run, targets):
    """Rows of the stimuli that the network learnt from before it was adapted."""
    mine = run.stimuli[(run.stimuli["part"] == "train") & (run.stimuli["fold"] == "sub-02")]
    return [targets.stimuli.index(name) for name in mine["stimulus"]]


def test_pixels_that_are_no_square_image_are_refused():
    assert image_side(3 * 32 * 32) == 32
    for wrong in (3 * 32 * 24, 3 * 9, 100):
        with pytest.raises(DataError, match="square RGB image"):
            image_side(wrong)


def test_pixels_are_matched_by_name_and_a_lost_stimulus_is_named():
    vectors = Features("latent", ["a", "b"], np.eye(2, dtype=np.float32))
    pixels = Features("px", ["b", "c", "a"], np.arange(3, dtype=np.float32)[:, None])
    assert join_targets(vectors, None, pixels).pixels.ravel().tolist() == [2, 0]
    with pytest.raises(DataError, match="such as b"):
        join_targets(vectors, None, Features("px", ["a"], np.zeros((1, 3))))


def test_decoders_without_images_are_as_before_and_only_sttm_decodes_images():
    one = {"dataset": "d", "pipeline": "p", "target": "latent", "model": "sttm"}
    assert "low_level" not in CrossSubjectExperiment(**one).config()["options"]
    config = CrossSubjectExperiment(**one, reconstruction={"pixels": "px"}).config()
    assert config["pixels"] == "px"
    Sttm(WIDTHS, 5, pixels=PIXELS, **config["options"])
    with pytest.raises(ValueError, match="decodes no images"):
        CrossSubjectExperiment(**one | {"model": "mindbridge"}, reconstruction={"pixels": "px"})


@pytest.fixture(scope="module")
def study():
    """20 images, the last 8 held out; two subjects."""
    rng = np.random.default_rng(3)
    coarse = rng.random((20, 4, 4, 3)).repeat(4, 1).repeat(4, 2)
    names = [f"{k:02d}.jpg" for k in range(20)]
    pixels = Features("px", names, coarse.transpose(0, 3, 1, 2).reshape(20, -1).astype(np.float32))
    truth = {name: as_images(row[None])[0] for name, row in zip(names, pixels.values, strict=True)}
    return pixels, truth


def describe(images):
    return {"early": images.reshape(len(images), -1).astype(float)[:, ::7]}


def decoded(pixels, noise, seed=0):
    rng, rows = np.random.default_rng(seed), []
    for subject in ("01", "02"):
        for trial, k in enumerate([*range(12, 20)] * 2):
            image = np.clip(pixels.values[k] + noise * rng.normal(size=pixels.values.shape[1]), 0, 1)
            rows.append(
                (subject, None, "1", trial, pixels.stimuli[k], "x", "test", "test", 0, rng.normal(size=2), image)
            )
    names = [
        "subject",
        "session",
        "run",
        "trial",
        "stimulus",
        "label",
        "split",
        "fold",
        "draw",
        "predicted",
        "reconstructed",
    ]
    return pd.DataFrame(rows, columns=names)


def test_trials_are_averaged_and_files_give_back_what_was_written(study, tmp_path):
    table = decoded(study[0], 0.2)
    write_predictions(tmp_path / "p.parquet", table)
    assert "reconstructed" not in read_predictions([tmp_path / "p.parquet"])
    found = gather_reconstructions(read_predictions([tmp_path / "p.parquet"], images=True))
    assert found.images.shape == (16, 16, 16, 3)
    mine = table[(table["subject"] == "02") & (table["stimulus"] == "13.jpg")]
    np.testing.assert_array_equal(
        found.images[9], as_images(np.mean(np.stack(list(mine["reconstructed"])), 0)[None])[0]
    )
    np.testing.assert_allclose(found.vectors[9], np.mean(np.stack(list(mine["predicted"])), 0), rtol=1e-6)
    write_reconstructions(tmp_path / "r.npz", found)
    again = read_reconstructions(tmp_path / "r.npz")
    assert again.stimulus.tolist() == found.stimulus.tolist()
    np.testing.assert_array_equal(again.images, found.images)
    (tmp_path / "r.npz").write_bytes((tmp_path / "r.npz").read_bytes()[:300])
    with pytest.raises(DataError, match="cannot be read"):
        read_reconstructions(tmp_path / "r.npz")


def scores_of(study, table):
    found = gather_reconstructions(table)
    compared = compare_reconstructions(found, *study, describe)
    return found, score_reconstructions(compared, permutations=199, bootstrap=200).set_index("metric")


def test_scores_of_the_truth_of_noise_and_of_the_mean_image(study):
    pixels = study[0]
    scores = scores_of(study, decoded(pixels, 0.0))[1]
    assert list(scores.index) == ["pixcorr", "ssim", "image_two_way_pixels", "image_two_way_early"]
    np.testing.assert_allclose(scores["value"], 1.0)
    np.testing.assert_allclose(scores["ceiling"], 1.0)
    assert (scores["p"] == 1 / 200).all()
    assert scores.loc["image_two_way_pixels", ["chance", "mean_image"]].tolist() == [0.5, 0.5]
    # Images of other stimuli: what the brain holds of its own is nothing.
    shuffled = decoded(pixels, 0.0)
    shuffled["stimulus"] = shuffled["stimulus"].map(
        dict(zip(pixels.stimuli[12:], [*pixels.stimuli[13:], pixels.stimuli[12]], strict=True))
    )
    other = scores_of(study, shuffled)[1]
    assert (other["p"] > 0.3).all()
    assert (other["value"] < 0.6).all()
    np.testing.assert_allclose(
        other.loc[["pixcorr", "ssim"], "chance"], other.loc[["pixcorr", "ssim"], "shuffled_brain"]
    )
    flat = decoded(pixels, 0.0)
    flat["reconstructed"] = [pixels.values[:12].mean(0)] * len(flat)
    dull = scores_of(study, flat)[1]
    np.testing.assert_allclose(dull["value"], dull["mean_image"], atol=1e-6)
    np.testing.assert_allclose(dull["p"], 1.0)


def test_the_mean_image_is_of_images_that_are_not_held_out(study):
    pixels = study[0]
    changed = Features("px", pixels.stimuli, np.concatenate([pixels.values[:12], 0 * pixels.values[12:]]))
    held = set(pixels.stimuli[12:])
    np.testing.assert_array_equal(mean_image(pixels, held), mean_image(changed, held))
    with pytest.raises(DataError, match="held out"):
        mean_image(pixels, set(pixels.stimuli))
    with pytest.raises(DataError, match="such as 19.jpg"):
        truth = {name: image for name, image in study[1].items() if name != "19.jpg"}
        compare_reconstructions(gather_reconstructions(decoded(pixels, 0.0)), pixels, truth, describe)


def test_units_of_images_average_to_their_scores_and_are_stimuli_of_a_single_subject(study):
    table = decoded(study[0], 0.5)
    for mine, unit, count in ((table, "subject", 2), (table[table["subject"] == "01"], "stimulus", 8)):
        compared = compare_reconstructions(gather_reconstructions(mine), *study, describe)
        units = reconstruction_units(compared)
        assert set(units["unit_of_n"]) == {unit}
        assert (units.groupby("metric")["unit"].nunique() == count).all()
        scores = score_reconstructions(compared, permutations=9, bootstrap=10).set_index("metric")["value"]
        means = units.groupby("metric")["value"].mean()
        np.testing.assert_allclose(means[scores.index], scores, rtol=1e-12)
        assert units["value"].nunique() > 4


def test_what_is_shown_and_what_is_made_cannot_depend_on_the_true_image(study):
    assert list(inspect.signature(evenly_spaced).parameters) == ["names", "count"]
    assert evenly_spaced(["d", "a", "c", "b", "e"], 3) == ["a", "c", "e"]
    assert evenly_spaced(["b", "a"], 5) == ["a", "b"]
    assert not {"truth", "true", "target", "pixels"} & set(inspect.signature(refine).parameters)
    found, scores = scores_of(study, decoded(study[0], 0.3))
    figure = plot_reconstructions(
        found,
        study[1],
        study[1],
        mean_image(study[0], set(found.stimulus))[0],
        scores.reset_index(),
        count=3,
        title="SIMULATED",
    )
    # Three stimuli: true twice, two subjects, the mean image; and the scores.
    assert len(figure.axes) == 3 * 5 + 1
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), study[1]["12.jpg"])
