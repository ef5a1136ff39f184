"""Baselines and the network: densities that integrate to one, no leak, exact likelihoods, known answers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from cogmodels.config.scanpath import ScanpathRecipe
from cogmodels.data.tables import Features, check_fixations
from cogmodels.errors import DataError
from cogmodels.scanpath.generate import generate_scanpaths
from cogmodels.scanpath.grid import Grid
from cogmodels.scanpath.model import bits
from cogmodels.scanpath.models.saliency import winners
from cogmodels.scanpath.network import Transformer
from cogmodels.scanpath.registry import BASELINES, make_model
from cogmodels.scanpath.run import run_model

OPTIONS = {"width": 16, "heads": 2, "waves": 8}
RECIPE = {"epochs": 2, "accelerator": "cpu", "schedule": "cosine", "batch_size": 3}


def fitted(name, pictures, parts, folder, **options):
    config = {"model": name, "cell_px": 20.0, "options": OPTIONS | options, "recipe": RECIPE}
    model = make_model(config)
    model.fit(pictures, parts["train"], parts["validation"], folder=folder)
    return model


@pytest.fixture(scope="module")
def network(pictures, parts, tmp_path_factory):
    return fitted("transformer", pictures, parts, tmp_path_factory.mktemp("net"), person=True)


@pytest.mark.parametrize("name", [*BASELINES, "saliency", "transformer"])
def test_masses_sum_to_one_and_scanpaths_stay_in_the_image(name, pictures, parts, tmp_path):
    model, test = fitted(name, pictures, parts, tmp_path), parts["test"].of(np.arange(3))
    maps = model.step_maps(pictures, test)
    for mass in maps or ():
        np.testing.assert_allclose(mass.sum((1, 2)), 1, rtol=1e-5)
    assert (maps is None) == (name == "human_shuffled")
    paths = model.sample(pictures, int(test.image[0]), 8, np.random.default_rng(0))
    assert len(paths) == 8
    places = np.concatenate(paths)
    assert (places[:, :2] >= -0.5).all()
    assert (places[:, 0] < 159.5).all()
    assert (places[:, 1] < 119.5).all()
    assert (places[:, 2] > 0).all()
    again = model.sample(pictures, int(test.image[0]), 8, np.random.default_rng(0))
    assert all(np.array_equal(one, other) for one, other in zip(paths, again, strict=True))


def test_the_uniform_density_gains_nothing_and_a_peak_what_it_must(pictures, parts, tmp_path):
    model = fitted("uniform", pictures, parts, tmp_path)
    assert bits(model.log_density(pictures, parts["test"]) - model.grid.log_uniform) == pytest.approx(0, abs=1e-6)
    # All fixations in one quarter of the image: 2 bits, less what smoothing and the uniform share take.
    corner = {name: replace(one, xy=one.xy / 2) for name, one in parts.items()}
    model = fitted("centre_bias", pictures, corner, tmp_path)
    found = bits(model.log_density(pictures, corner["test"]) - model.grid.log_uniform)
    assert 1.3 < found < 2.0


def test_markov_finds_saccades_of_one_length(pictures, parts, tmp_path):
    rng = np.random.default_rng(5)

    def walks(paths):
        angle = rng.uniform(0, 2 * np.pi, paths.xy.shape[:2])
        steps = 25 * np.stack([np.cos(angle), np.sin(angle)], -1)
        xy = np.clip(np.cumsum(steps, 1) + [80, 60], 2, [157, 117])
        return replace(paths, xy=np.where(paths.there[..., None], xy, 0).astype(np.float32))

    walked = {name: walks(one) for name, one in parts.items()}
    found = {
        name: np.nanmean(fitted(name, pictures, walked, tmp_path).log_density(pictures, walked["test"])[:, 1:])
        for name in ("markov", "centre_bias")
    }
    assert found["markov"] > found["centre_bias"] + 0.2


def test_winner_takes_all_and_does_not_return_at_once():
    grid = Grid((100.0, 100.0), (10, 10))
    mass = np.full((10, 10), 0.1)
    mass[2, 2], mass[7, 7] = 3.0, 2.0
    walk = winners(mass, grid, 3, inhibition_px=15.0)
    np.testing.assert_allclose(walk[:2], [[24.5, 24.5], [74.5, 74.5]])


def test_the_density_of_the_network_integrates_to_one(network):
    net = network.net
    x, y = np.arange(0.0, 160, 1), np.arange(0.0, 120, 1)
    places = torch.from_numpy(np.stack(np.meshgrid(x, y), -1).reshape(-1, 2)).float()
    logits = torch.randn(1, net.cells[0] * net.cells[1], generator=torch.Generator().manual_seed(0)).log_softmax(-1)
    total = net.log_density(logits.expand(len(places), -1), places).exp().sum()
    assert total.item() == pytest.approx(1, abs=2e-3)


def test_what_is_predicted_does_not_see_the_future(network, pictures, parts):
    test = parts["test"]
    k = int(test.lengths.max())
    whole = network._likelihoods(pictures, test)
    for step in range(1, k):
        changed, cut = test.xy.copy(), test.xy.copy()
        changed[:, step:] = 37.0
        cut[:, step:] = 0
        lasting = np.where(np.arange(test.duration.shape[1]) < step, test.duration, 0.9).astype(np.float32)
        for xy in (changed, cut):
            other = network._likelihoods(pictures, replace(test, xy=xy, duration=lasting))
            for name in ("place", "duration"):
                np.testing.assert_array_equal(other[name][:, :step], whole[name][:, :step])
        mass = list(network.step_maps(pictures, test))
        other = list(network.step_maps(pictures, replace(test, xy=changed, duration=lasting)))
        # Before the first changed fixation, this step's own included.
        for one, two in zip(mass, other, strict=True):
            np.testing.assert_array_equal(one[: step + 1], two[: step + 1])


@pytest.mark.parametrize("name", ["markov", "nearest_image", "saliency", "transformer"])
def test_fixations_on_test_images_change_no_prediction(name, pictures, fixations, splits, tmp_path):
    tables = [Features(str(k), list(pictures.names), one.reshape(12, -1)) for k, one in enumerate(pictures.maps)]
    maps = {str(k): {"grid": one.shape[2:]} for k, one in enumerate(pictures.maps)}
    config = {
        "model": name,
        "cell_px": 20.0,
        "options": OPTIONS,
        "recipe": RECIPE,
        "samples": 3,
        "typical_of": 4,
        "seed": 0,
        "maps": maps,
    }
    held = fixations["stimulus"].isin(splits.loc[splits["split"] == "test", "stimulus"])
    changed = fixations.assign(x=np.where(held, 159 - fixations["x"], fixations["x"]))
    runs = [
        run_model(config, table, splits, tables, size_px=(160, 120), folder=tmp_path / str(number))
        for number, table in enumerate((fixations, changed))
    ]
    pd.testing.assert_frame_equal(runs[0].predictions, runs[1].predictions)
    pd.testing.assert_frame_equal(runs[0].typical, runs[1].typical)
    check_fixations(runs[0].predictions)
    check_fixations(runs[0].typical)
    assert not runs[0].steps["log_likelihood_bits"].equals(runs[1].steps["log_likelihood_bits"])


def test_cached_keys_and_values_give_the_same_scanpaths(network, pictures):
    draws = np.random.default_rng(1).random((6, 20, 5))
    fast, slow = (network.sample_with(pictures, 0, draws, cached=cached) for cached in (True, False))
    assert [len(path) for path in fast] == [len(path) for path in slow]
    assert max(np.abs(one - other).max() for one, other in zip(fast, slow, strict=True)) < 1e-3


@pytest.mark.parametrize(
    "attention",
    [
        {"encoder": "hilo", "decoder": "lightning", "cross": "grouped_query"},
        {"encoder": "agent", "decoder": "mixture_of_heads", "cross": "mixture_of_heads"},
        {"encoder": "bi_level", "decoder": "key_driven", "cross": "key_driven"},
    ],
)
def test_other_mechanisms_learn_do_not_see_the_future_and_decode_from_caches(attention, pictures, parts, tmp_path):
    shapes = {"agent": {"side": 2}, "bi_level": {"regions": 2, "top": 1}, "mixture_of_heads": {"shared": 0, "top": 1}}
    model = fitted("transformer", pictures, parts, tmp_path, attention=attention | shapes)
    test = parts["test"]
    whole = model.log_density(pictures, test)
    changed = replace(test, xy=np.where(np.arange(test.xy.shape[1])[:, None] < 2, test.xy, 37.0).astype(np.float32))
    np.testing.assert_array_equal(model.log_density(pictures, changed)[:, :2], whole[:, :2])
    draws = np.random.default_rng(1).random((5, 20, 5))
    fast, slow = (model.sample_with(pictures, 0, draws, cached=cached) for cached in (True, False))
    assert [len(path) for path in fast] == [len(path) for path in slow]
    assert max(np.abs(one - other).max() for one, other in zip(fast, slow, strict=True)) < 1e-3


def test_a_low_temperature_draws_the_likeliest_places(network, pictures, parts):
    copy = Transformer(20.0, options=OPTIONS | {"person": True, "temperature": 1e-6}).load(pictures, network.weights())
    draws = np.random.default_rng(1).random((6, 20, 5))
    cold, warm = (model.sample_with(pictures, 0, draws) for model in (copy, network))
    # The first place of all is the middle of the likeliest cell; drawn ones differ.
    first = np.array([path[0, :2] for path in cold])
    assert np.ptp(first, axis=0).max() < 0.5
    assert np.ptp([path[0, :2] for path in warm], axis=0).max() > 5
    np.testing.assert_array_equal(
        copy.log_density(pictures, parts["test"]), network.log_density(pictures, parts["test"])
    )


def test_saved_weights_give_the_same_network(network, pictures, parts):
    copy = Transformer(20.0, options=OPTIONS | {"person": True}).load(pictures, network.weights())
    test = parts["test"]
    np.testing.assert_array_equal(copy.log_density(pictures, test), network.log_density(pictures, test))


def test_scanpaths_are_generated_in_the_pixels_of_each_image(network, pictures):
    tables = [Features(str(k), ["a.png", "b.png"], one[:2].reshape(2, -1)) for k, one in enumerate(pictures.maps)]
    maps = {str(k): {"grid": one.shape[2:]} for k, one in enumerate(pictures.maps)}
    config = {"model": "transformer", "cell_px": 20.0, "options": OPTIONS | {"person": True}, "recipe": RECIPE}
    config |= {"maps": maps, "size_px": [160, 120]}
    weights, sizes = network.weights(), {"a.png": (160, 120), "b.png": (1600, 600)}
    table = generate_scanpaths(config, weights, tables, sizes, samples=20)
    check_fixations(table)
    assert table.groupby("stimulus")["subject"].nunique().tolist() == [20, 20]
    assert table.loc[table["stimulus"] == "a.png", "x"].max() < 159.5
    assert 159.5 < table.loc[table["stimulus"] == "b.png", "x"].max() < 1599.5
    one = generate_scanpaths(config, weights, tables, sizes, samples=3, typical_of=20)
    places = table.set_index("stimulus")[["x", "y"]]
    for name, mine in one.groupby("stimulus"):
        assert set(mine["subject"]) == {"typical"}
        assert set(map(tuple, mine[["x", "y"]].to_numpy())) <= set(map(tuple, places.loc[[name]].to_numpy()))
    with pytest.raises(DataError, match="weights do not fit"):
        generate_scanpaths(config | {"options": OPTIONS | {"width": 8}}, weights, tables, sizes, samples=2)


def test_unknown_durations_are_left_out_of_the_likelihood(pictures, parts, tmp_path):
    without = {name: replace(one, duration=np.where(one.there, np.nan, 0)) for name, one in parts.items()}
    model = fitted("transformer", pictures, without, tmp_path)
    assert np.isfinite(model.log_density(pictures, without["test"])[without["test"].there]).all()
    assert model.log_duration(pictures, without["test"]) is None


def test_two_processes_learn_what_one_does_of_images_with_unequal_scanpaths(pictures, parts, tmp_path):
    """The mean over fixations is that of the whole batch, of which the processes have unequal numbers."""
    options = {"width": 16, "heads": 2, "waves": 8, "dropout": 0.0, "flip": False}
    found = []
    for devices in (1, 2):
        # Plain steps: Adam's are as long for a gradient that is 0 but for its rounding.
        recipe = ScanpathRecipe(
            epochs=2, batch_size=4, accelerator="cpu", optimizer="sgd", learning_rate=0.05, devices=devices
        )
        model = Transformer(20.0, options=options, recipe=recipe)
        curves = model.fit(pictures, parts["train"], parts["validation"], seed=1, folder=tmp_path / str(devices))
        found.append((model.weights(), curves))
    (alone, curves), (shared, rows) = found
    assert max(np.abs(shared[name] - value).max() for name, value in alone.items()) < 1e-5
    np.testing.assert_allclose(rows, curves, rtol=1e-4)
    lengths = parts["train"].lengths
    images = [lengths[parts["train"].image == image].sum() for image in np.unique(parts["train"].image)]
    assert len(set(images)) > 2
    assert np.ptp(curves["train_bits"]) > 1e-2
