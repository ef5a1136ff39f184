"""OAT and the baselines over objects: whose logit the end is, no look ahead, caches, known answers, scores."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from cogmodels.errors import DataError
from cogmodels.scanpath.objects.layouts import grid_objects, layouts_of
from cogmodels.scanpath.objects.model import Endings
from cogmodels.scanpath.objects.models.oat import LayoutSequences
from cogmodels.scanpath.objects.network import AppearanceEmbedding, ObjectTransformer, teach
from cogmodels.scanpath.objects.registry import BASELINES, make_model
from cogmodels.scanpath.objects.run import run_objects
from cogmodels.scanpath.objects.score import score_objects
from cogmodels.scanpath.objects.sequences import Sequences, of_part, sequences_of
from cogmodels.scanpath.objects.summary import DELTA, behaviours, compare_objects, scene_units, summarise, values_of
from cogmodels.scanpath.viewing import split_scanpaths

SCENES, GRID = 8, (3, 4)
OPTIONS = {"width": 48, "heads": 2, "hidden": 32, "encoder_layers": 1, "decoder_layers": 2}
RECIPE = {"epochs": 2, "accelerator": "cpu", "batch_size": 3, "learning_rate": 3e-3}


@pytest.fixture(scope="module")
def layouts():
    rng = np.random.default_rng(3)
    cells = rng.integers(12, size=SCENES)
    boxes = {
        "left": cells % 4 * 20 + 2, "top": cells // 4 * 20 + 2, "right": cells % 4 * 20 + 18, "bottom": cells // 4 * 20 + 18,
    }  # fmt: skip
    scenes = pd.DataFrame({"image": [f"s{k}" for k in range(SCENES)], "width": 80, "height": 60, **boxes})
    pictures = {"patches": rng.integers(0, 256, (SCENES * 12, 30, 20, 3), np.uint8), "patch": np.arange(SCENES * 12)}
    found = layouts_of(grid_objects(scenes, GRID), scenes, pictures)
    np.testing.assert_array_equal(found.target, cells)
    return found


@pytest.fixture(scope="module")
def sequences(layouts):
    """Walks to a neighbouring object that end on the target."""
    rng, rows = np.random.default_rng(4), []
    for scene, name in enumerate(layouts.names):
        for person in range(3):
            path = [int(rng.integers(12))]
            while path[-1] != layouts.target[scene] and len(path) < 12:
                row, column = np.divmod(path[-1], 4)
                path.append(
                    int(np.clip(row + rng.integers(-1, 2), 0, 2) * 4 + np.clip(column + rng.integers(-1, 2), 0, 3))
                )
            rows += [(f"p{person}", scene, name, "x", index, one) for index, one in enumerate(path)]
    return pd.DataFrame(rows, columns=["subject", "trial", "stimulus", "target", "index", "object"])


@pytest.fixture(scope="module")
def split(sequences):
    return split_scanpaths(sequences, by="image", validation=2, test=3)


@pytest.fixture(scope="module")
def runs(layouts, sequences, split, tmp_path_factory):
    configs = {name: {"model": name} for name in BASELINES}
    configs["oat"] = {"model": "oat", "options": OPTIONS, "recipe": RECIPE}
    return {
        name: run_objects(
            one | {"seed": 0, "samples": 6}, layouts, sequences, split, folder=tmp_path_factory.mktemp(name)
        )
        for name, one in configs.items()
    }


def network(**options):
    torch.manual_seed(0)
    return ObjectTransformer(GRID, (30, 20), **OPTIONS | options).eval()


def looked(net, layouts, scene=0):
    arrays = (
        layouts.patches[layouts.patch[[scene]]],
        layouts.place[[scene]],
        layouts.there[[scene]],
        layouts.target[[scene]],
    )
    return net.look(*map(torch.from_numpy, arrays))


def test_published_pictures_give_1440_numbers():
    net = AppearanceEmbedding((150, 93), 256)
    assert net.features == 1440
    assert net(torch.zeros(2, 150, 93, 3, dtype=torch.uint8)).shape == (2, 256)


def test_codes_of_places_have_the_published_cosines_in_narrow_networks_too():
    for width in (512, 128):
        codes = ObjectTransformer((6, 14), (50, 31), width=width, encoder_layers=1, decoder_layers=1).codes.numpy()
        unit = codes / np.linalg.norm(codes, axis=1, keepdims=True)
        i, j = np.indices((14, 14))
        assert np.abs(unit @ unit.T - np.exp(-((i - j) ** 2) / 8)).max() < 1e-3


@torch.inference_mode()
def test_the_end_is_the_target_tokens_own_logit(layouts):
    net = network()
    scene = looked(net, layouts)
    states = net.decode(scene, torch.cat([net.start(scene, 2), net.embed(scene, torch.tensor([[1, 5], [2, 2]]))], 1))
    logits = net.logits(scene, states)
    # By hand: the state with the encoder's last token, which is TARGET, in each head.
    key, query = (one.unflatten(-1, (2, -1)) for one in (net.key(scene.memory[:, 12]), net.query(states)))
    by_hand = net.combine((query * key[:, None]).sum(-1) / 48**0.5)[..., 0]
    torch.testing.assert_close(logits[:, 1:, 12], by_hand[:, 1:])
    assert (logits[:, 0, 12] == -torch.inf).all()
    torch.testing.assert_close(logits[..., 13], net.combine(torch.zeros(2)).expand(2, 3))
    # TARGET is another token than the target among the objects, which would else be as likely.
    assert (logits[:, 1:, 12] - logits[:, 1:, int(layouts.target[0])]).abs().min() > 1e-4
    own = network(end="own")
    kept = looked(own, layouts)
    assert kept.memory.shape[1] == 14
    torch.testing.assert_close(kept.keys[0, :, 12].flatten(), own.key(kept.memory[0, 13]))


@torch.inference_mode()
def test_without_codes_or_pictures_objects_differ_by_what_is_left(layouts):
    blind = network(appearance=False)
    assert not looked(blind, layouts).appearance.any()
    nowhere = network(appearance=False, positions="none")
    scene = looked(nowhere, layouts)
    objects = nowhere.logits(scene, nowhere.decode(scene, nowhere.start(scene, 1)))[0, 0, :12]
    torch.testing.assert_close(objects, objects[:1].expand(12))
    assert network(positions="sinusoidal").codes.std() > 0


@pytest.mark.parametrize("attention", [{}, {"decoder": "lightning", "cross": "grouped_query"}])
def test_what_is_predicted_does_not_see_the_future_and_caches_give_the_same(layouts, attention, tmp_path):
    paths = Sequences(
        np.array([[3, 4, 4, 9, 0, 2], [1, 1, 7, 0, 0, 0]]), np.array([6, 3]), np.array([1, 1]), np.zeros(2, int), ("p",)
    )
    config = {"model": "oat", "options": OPTIONS | {"attention": attention}, "recipe": RECIPE | {"epochs": 1}}
    model = make_model(config)
    model.fit(layouts, paths, paths, folder=tmp_path)
    whole = model.log_next(layouts, paths)
    np.testing.assert_allclose(np.exp(whole[0]).sum(-1), 1, rtol=1e-6)
    assert (whole[:, 0, 12] == -np.inf).all()
    for step in range(1, 6):
        changed = paths.objects.copy()
        changed[:, step:] = 11
        np.testing.assert_array_equal(
            model.log_next(layouts, replace(paths, objects=changed))[0, : step + 1], whole[0, : step + 1]
        )
    for draws in (np.random.default_rng(1).random((6, 7)), np.full((6, 1), np.nan)):
        fast, slow = (model.decode(layouts, 1, draws, cached=cached) for cached in (True, False))
        assert [one.tolist() for one in fast] == [one.tolist() for one in slow]
    assert min(map(len, fast)) >= 1


def test_a_network_learns_the_searches_it_is_shown(layouts, sequences, split, tmp_path):
    options, recipe = OPTIONS | {"dropout": 0.0}, RECIPE | {"epochs": 12, "schedule": "one_cycle", "patience": None}
    config = {"model": "oat", "options": options, "recipe": recipe, "seed": 0, "samples": 2}
    bits = run_objects(config, layouts, sequences, split, folder=tmp_path).choices["train_bits"]
    assert bits.iloc[-1] > bits.iloc[0] + 0.5


def test_other_peoples_test_scanpaths_change_no_prediction(runs, layouts, sequences, split, tmp_path):
    held = sequences["stimulus"].isin(split.loc[split["split"] == "test", "stimulus"])
    changed = sequences.assign(object=np.where(held, 11 - sequences["object"], sequences["object"]))
    config = {"model": "oat", "options": OPTIONS, "recipe": RECIPE, "seed": 0, "samples": 6}
    other = run_objects(config, layouts, changed, split, folder=tmp_path)
    pd.testing.assert_frame_equal(other.sequences, runs["oat"].sequences)
    assert not other.steps["probability"].equals(runs["oat"].steps["probability"])


def test_baselines_know_what_they_must(runs, layouts):
    np.testing.assert_allclose(runs["any_object"].steps.query("index == 0")["probability"], 1 / 12)
    # Neighbours only: Markov finds it, and guidance adds the target.
    bits = {name: run.metrics["log_likelihood_bits"] for name, run in runs.items()}
    assert bits["guided_object"] > bits["markov_object"] > bits["any_object"]
    nearest = make_model({"model": "nearest_object"})
    nearest.reach, nearest.returns = 0.5, 0.1
    assert layouts.spacing(0) == 20
    mass = nearest.next_mass(layouts, 0, np.array([1, 5]))
    # One and two neighbours away, once looked at, and the present one.
    np.testing.assert_allclose(mass[[7, 1, 5]] / mass[6], [np.exp(-2), 0.1, 0.1 * np.exp(2)])
    assert np.argmax(nearest.next_mass(layouts, 0, np.array([], int))) in (5, 6)
    assert mass.sum() == pytest.approx(1)


def test_endings_are_the_share_that_ends():
    train = Sequences(
        np.zeros((1000, 3), int), np.repeat([2, 3], 500), np.zeros(1000, int), np.zeros(1000, int), ("p",)
    )
    found = Endings(train)
    assert [found.after(step, False) for step in (0, 1, 2, 3, 9)] == pytest.approx([0, 0, 0.5, 1, 1], abs=0.02)


def test_people_scored_as_a_model_reach_their_ceiling(layouts, sequences, split):
    test = of_part(sequences, split, "test")
    centres = np.array([layouts.centres(layouts.names.index(row.stimulus))[row.object] for row in test.itertuples()])
    drawn = test.assign(subject="sample-" + test["subject"], x=centres[:, 0], y=centres[:, 1])
    steps = test.assign(probability=1.0, log_likelihood_bits=2.0)
    table = score_objects([drawn], [steps], test, layouts)
    values = values_of(table)
    # Each person is also among the samples.
    gap = values["sequence_score"].value - values["sequence_score"].ceiling
    np.testing.assert_allclose(gap, (1 - values["sequence_score"].ceiling) / 3)
    scores, intervals = summarise(table, bootstrap=100)
    scores = scores.set_index("metric")
    assert scores.loc[DELTA, "value"] == pytest.approx(0, abs=1e-12)
    assert scores.loc["next_object_probability", ["value", "chance"]].tolist() == pytest.approx([1, 1 / 12])
    assert set(intervals["over"]) == {"scenes", "people", "both"}
    found = behaviours(table).set_index("behaviour")
    assert found.loc[["search", "refixation", "revisit"], ["model", "people"]].sum().tolist() == pytest.approx([1, 1])


def test_scores_and_differences_of_all_models(runs, layouts, sequences, split):
    test = of_part(sequences, split, "test")
    tables = {name: score_objects([run.sequences], [run.steps], test, layouts) for name, run in runs.items()}
    scores = summarise(tables["oat"], bootstrap=100)[0].set_index("metric")
    assert scores.loc["sequence_score_greedy", "value"] >= 0
    assert "sequence_score_greedy" not in summarise(tables["any_object"], bootstrap=100)[0]["metric"].tolist()
    assert (scores["ci_low"] <= scores["value"]).all()
    assert (scores["value"] <= scores["ci_high"]).all()
    means = scene_units(tables["oat"]).groupby("metric")["value"].mean()
    pd.testing.assert_series_equal(means, scores["value"][means.index], check_names=False)
    assert set(scores.index) - set(means.index) == {DELTA}
    found = compare_objects(tables, bootstrap=100).set_index(["experiment", "versus", "metric"])
    one, other = ("markov_object", "any_object"), ("any_object", "markov_object")
    for metric in ("log_likelihood_bits", DELTA):
        assert found.loc[(*one, metric), "difference"] == pytest.approx(-found.loc[(*other, metric), "difference"])
    assert found.loc[(*one, "log_likelihood_bits"), "difference"] > 0


def test_pictures_are_needed_where_appearance_counts(layouts, sequences, split, tmp_path):
    without = replace(layouts, patches=layouts.patches[:0])
    config = {"model": "oat", "options": OPTIONS, "recipe": RECIPE, "seed": 0, "samples": 2}
    with pytest.raises(DataError, match="no pictures"):
        run_objects(config, without, sequences, split, folder=tmp_path)


@torch.inference_mode()
def test_scenes_with_fewer_objects_have_no_others(layouts):
    net = network()
    fewer = replace(layouts, there=np.where(np.arange(12) < 9, layouts.there, False), target=layouts.target % 9)
    scene = looked(net, fewer)
    logits, _, _ = teach(net, scene, torch.tensor([[1, 2]]), torch.tensor([2]))
    assert (logits[..., 9:12] == -torch.inf).all()
    # What stands at places that do not exist tells nothing.
    other = replace(
        fewer, patches=np.where(np.arange(96)[:, None, None, None] % 12 < 9, fewer.patches, 0).astype(np.uint8)
    )
    torch.testing.assert_close(teach(net, looked(net, other), torch.tensor([[1, 2]]), torch.tensor([2]))[0], logits)


def test_half_of_the_training_scenes_are_mirrored(layouts, sequences, split):
    paths = sequences_of(sequences, split, layouts)["train"]
    mirrored = LayoutSequences(layouts, paths, flip=True)
    seen = [bool((mirrored.example(0, k)[1]["place"] != layouts.place[mirrored.scenes[0]]).any()) for k in range(40)]
    assert 10 < sum(seen) < 30
    there = mirrored.example(0, seen.index(True))[1]["place"]
    np.testing.assert_array_equal(there[:, 1], 3 - layouts.place[mirrored.scenes[0]][:, 1])
    plain = LayoutSequences(layouts, paths)
    assert all((plain.example(0, k)[1]["place"] == layouts.place[plain.scenes[0]]).all() for k in range(9))


def test_two_processes_learn_what_one_does_of_scenes_with_unequal_sequences(layouts, sequences, tmp_path):
    """The mean over steps is that of the whole batch, of which the processes have unequal numbers."""
    even = split_scanpaths(sequences, by="image", validation=2, test=2)
    paths, found = sequences_of(sequences, even, layouts)["train"], []
    for devices in (1, 2):
        # Plain steps: Adam's are as long for a gradient that is 0 but for its rounding.
        recipe = RECIPE | {"batch_size": 4, "optimizer": "sgd", "learning_rate": 0.05, "devices": devices}
        model = make_model({"model": "oat", "options": OPTIONS | {"dropout": 0.0}, "recipe": recipe})
        curves = model.fit(layouts, paths, paths, seed=1, folder=tmp_path / str(devices))
        found.append((model.weights(), curves))
    (alone, curves), (shared, rows) = found
    assert max(np.abs(shared[name] - value).max() for name, value in alone.items()) < 1e-5
    np.testing.assert_allclose(rows, curves, rtol=1e-4)
    assert len(set(np.bincount(paths.scene, paths.lengths)) - {0}) > 2
    assert np.ptp(curves["train_bits"]) > 1e-2
