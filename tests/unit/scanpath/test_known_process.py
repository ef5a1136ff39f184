"""SIMULATED: scanpaths of a known process, whose entropy no model can beat and a good one comes near."""

import numpy as np
import pytest

from cogmodels.scanpath.registry import make_model
from cogmodels.scanpath.viewing import Pictures, pad_paths, split_scanpaths
from cogmodels.simulate.scanpaths import GuidedWalk

WALK, CELLS = GuidedWalk(), (12, 16)


@pytest.fixture(scope="module")
def study():
    targets = WALK.targets(90)
    names = [f"image-{k:03d}" for k in range(len(targets))]
    fixations = WALK.scanpaths(targets, people=6)
    splits = split_scanpaths(fixations, by="image", validation=15, test=15)
    parts = pad_paths(fixations, names, sorted(set(fixations["subject"])), splits)
    return Pictures(tuple(names), WALK.size_px, (WALK.maps(targets, CELLS),)), parts, targets


def entropy_bits(parts, targets):
    test = parts["test"]
    found = [
        WALK.log_density(test.path(row)[:, :2].astype(float), targets[test.image[row]]) for row in range(len(test))
    ]
    return -np.concatenate(found).mean() / np.log(2)


def test_the_density_of_the_process_integrates_to_one():
    x, y = np.meshgrid(np.arange(0.0, 320, 2), np.arange(0.0, 240, 2))
    places = np.column_stack([x.ravel(), y.ravel()])
    density = np.exp(WALK.log_density_after(places, np.array([40.0, 50.0]), np.array([200.0, 100.0])))
    assert density.sum() * 4 == pytest.approx(1, abs=0.01)


@pytest.mark.slow
def test_the_network_comes_within_five_hundredths_of_the_entropy(study, tmp_path):
    pictures, parts, targets = study
    recipe = {"epochs": 20, "accelerator": "cpu", "batch_size": 6, "learning_rate": 5e-3, "patience": None}
    options = {"width": 32, "heads": 2, "waves": 32, "dropout": 0.0, "decoder_layers": 1, "flip": False}
    losses, uniform = {}, np.log2(np.prod(WALK.size_px))
    for name in ("centre_bias", "markov", "transformer"):
        model = make_model({"model": name, "cell_px": 10.0, "options": options, "recipe": recipe})
        model.fit(pictures, parts["train"], parts["validation"], folder=tmp_path)
        losses[name] = -np.nanmean(model.log_density(pictures, parts["test"])) / np.log(2)
    true = entropy_bits(parts, targets)
    print({name: round(float(loss), 3) for name, loss in {**losses, "entropy": true, "uniform": uniform}.items()})
    # No model says more than there is to know, but for chance of 700 fixations.
    assert losses["transformer"] > true - 0.1
    assert losses["transformer"] < 1.05 * true
    # Of 60 images it learns most of what the process has over the uniform density.
    assert (uniform - losses["transformer"]) > 0.7 * (uniform - true)
    assert losses["transformer"] < losses["markov"] < losses["centre_bias"]
