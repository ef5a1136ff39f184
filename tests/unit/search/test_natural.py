"""Search in scenes: people's searches by the models' rules, chance, cumulative performance, likeness to people."""

import gc
import weakref
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.search.controls import CentreBias, Chance, PixelMatch
from cogmodels.search.natural import (
    MULTIMATCH,
    SEQUENCES,
    SceneSearches,
    chance_searches,
    cumulative_performance,
    merge_near,
    people_searches,
    performance,
    reaches,
    scene_values,
    score_scenes,
)
from cogmodels.search.scenes import Scenes
from cogmodels.search.searcher import Rules, search
from cogmodels.search.topdown import LayerPair, TopDown
from cogmodels.stimuli.backbones import Backbone

ABOUT = {
    "name": "rooms", "title": "Rooms", "most_fixations": 11, "window_px": 20, "found_px": 20, "px_per_degree": 10.0,
    "first_is_start": True, "people": True,
}  # fmt: skip


def scene_table(n=8, width=200, height=100, side=20, factor=1.0, seed=0):
    rng = np.random.default_rng(seed)
    left, top = rng.integers(0, width // 2 - 60, n), rng.integers(0, height - side, n)
    boxes = {"left": left, "top": top, "right": left + side, "bottom": top + side}
    return pd.DataFrame(
        {
            "trial": np.arange(n), "stimulus": [f"{k}.png" for k in range(n)], "target": [f"t{k}" for k in range(n)],
            "width": width, "height": height, "factor": factor, "x0": 0, "y0": 0,
            **{name: (values * factor).astype(int) for name, values in boxes.items()},
            **{f"own_{name}": values for name, values in boxes.items()},
        }
    )  # fmt: skip


def walk(scenes, subject, seed, spread=0.0, length=6, find=True):
    """Fixations from the middle to the target of each scene, the same for all but for the spread."""
    rows = []
    for row in scenes.to_dict("records"):
        rng = np.random.default_rng([7, row["trial"]])
        # Places further apart than the window, beyond all targets.
        cells = rng.permutation(9)[:length]
        places = np.column_stack([125 + 32.0 * (cells % 3), 12 + 35.0 * (cells // 3)])
        places[0] = (100, 50)
        if find:
            places[-1] = row["own_left"] + 10, row["own_top"] + 10
        places[1:-1] += np.random.default_rng([seed, row["trial"]]).normal(0, spread, (length - 2, 2))
        places = np.clip(places, [0, 0], [199, 99])
        rows += [
            {
                "subject": subject,
                "trial": row["trial"],
                "stimulus": row["stimulus"],
                "target": None,
                "index": k,
                "x": x,
                "y": y,
            }
            for k, (x, y) in enumerate(places)
        ]
    return pd.DataFrame(rows)


def searches_of(fixations, scenes, about=ABOUT):
    """A model's run from fixations that end at the find."""
    last = fixations.groupby("trial")["index"].max().reindex(scenes["trial"])
    trials = pd.DataFrame({"number": scenes["trial"], "found": True, "n_fixations": last.to_numpy(), "seed": 0})
    return SceneSearches(about, scenes, trials, fixations.assign(seed=0))


def test_near_fixations_become_one_at_their_mean():
    places = np.array([[0, 0], [6, 0], [3, 8], [40, 0], [41, 0], [0, 0]], float)
    np.testing.assert_allclose(merge_near(places, 10), [[3, 8 / 3], [40.5, 0], [0, 0]])
    np.testing.assert_allclose(merge_near(places, 0.5), places)
    assert merge_near(np.empty((0, 2)), 5).shape == (0, 2)


def test_windows_that_reach_a_box():
    places = np.array([[50, 50], [59, 50], [61, 50], [50, 41], [50, 39], [0, 0]], float)
    found = reaches(places, np.array([30, 49.5, 51, 60]), 20.0)
    assert found.tolist() == [True, True, False, True, False, False]
    assert not reaches(places, np.array([-1, -1, -1, -1]), 20.0).any()


def test_peoples_searches_are_cut_at_the_find():
    scenes = scene_table(1).assign(own_left=100, own_top=0, own_right=120, own_bottom=20)
    path = np.array([[100, 50], [102, 52], [40, 50], [40, 90], [112, 8], [10, 10]], float)
    fixations = pd.DataFrame(path, columns=["x", "y"]).assign(
        subject="01", trial=1, stimulus="0.png", target="t0", index=np.arange(6)
    )
    searches, paths = people_searches(fixations, scenes, window_px=20, most=10)
    # The first two are one, and it is the start; then two misses, then the target.
    assert searches.to_dict("records") == [{"trial": 0, "subject": "01", "found": True, "n_fixations": 3}]
    np.testing.assert_allclose(paths[["x", "y"]], [[40, 50], [40, 90], [112, 8]])
    searches, paths = people_searches(fixations, scenes, window_px=20, most=10, first_is_start=False)
    assert searches["n_fixations"].tolist() == [4]
    np.testing.assert_allclose(paths[["x", "y"]].iloc[0], [101, 51])
    searches, paths = people_searches(fixations, scenes, window_px=20, most=2)
    assert searches[["found", "n_fixations"]].to_numpy().tolist() == [[False, 2]]
    assert len(paths) == 2
    with pytest.raises(DataError, match="no fixation lies on any"):
        people_searches(fixations.assign(stimulus="other.png"), scenes, window_px=20, most=2)


def test_one_image_searched_for_two_targets():
    scenes = scene_table(2).assign(stimulus="a.png")
    fixations = pd.DataFrame(
        {"subject": "01", "trial": [5, 5, 6, 6], "stimulus": "a.png", "target": ["t0", "t0", "t1", "t1"], "index": [0, 1] * 2,
         "x": [100.0, scenes["own_left"][0] + 5] * 2, "y": [50.0, scenes["own_top"][0] + 5] * 2}
    )  # fmt: skip
    searches, _ = people_searches(fixations, scenes, window_px=4, most=5)
    assert searches["trial"].tolist() == [0, 1]
    assert searches["found"].tolist() == [True, False]


def test_chance_is_the_chance_searcher():
    scenes = scene_table(3, side=24)
    found, n = chance_searches(scenes, ABOUT, draws=400)
    boxes = scenes[["top", "left", "bottom", "right"]].to_numpy()
    images = np.zeros((3, 100, 200), np.uint8)
    given = Scenes(images, (np.zeros((24, 24), np.uint8),), np.zeros(3, int), boxes, None)
    rules = Rules(most_fixations=11, inhibition="window", window_px=20, found_px=20)
    runs = [search(Chance(), given, rules, seed=seed).groupby("trial")["found"].any() for seed in range(120)]
    theirs = np.mean(runs, axis=0)
    error = np.sqrt(theirs * (1 - theirs) / 120 + found.mean(1) * (1 - found.mean(1)) / 400)
    assert (np.abs(found.mean(axis=1) - theirs) < 4 * error).all()
    assert (n[~found] == 10).all()
    assert n.min() == 1
    absent = scenes.assign(top=-1)
    assert not chance_searches(absent, ABOUT, draws=5)[0].any()


def test_cumulative_performance_by_hand():
    found = np.array([[True, False], [True, True]])
    n = np.array([[2, 3], [1, 3]])
    np.testing.assert_allclose(performance(found, n, 3), [[0, 0.5, 0.5], [0.5, 0.5, 1.0]])


def test_scores_of_a_model_that_looks_like_people():
    scenes = scene_table()
    people = pd.concat([walk(scenes, f"0{k}", k, spread=2.0) for k in range(4)], ignore_index=True)
    model = searches_of(walk(scenes, "model", 99, spread=2.0), scenes)
    scores = score_scenes(model, people, resamples=300).set_index("metric")
    assert set(scores.index) == {"found_rate", "fixations_to_find", "auc_performance", *MULTIMATCH, *SEQUENCES}
    assert scores.loc["found_rate", ["value", "ceiling"]].tolist() == [1, 1]
    # Five fixations after the start, of ten: found by the fifth.
    assert scores.loc["fixations_to_find", ["value", "ceiling"]].tolist() == [5, 5]
    assert scores.loc["auc_performance", "value"] == pytest.approx(0.6)
    assert scores.loc["auc_performance", "chance"] < 0.5
    assert scores.loc["fixations_to_find", "p"] < 0.01
    assert scores.loc["fixations_to_find", "chance"] > 5
    for metric in (*MULTIMATCH, *SEQUENCES):
        row = scores.loc[metric]
        assert row["value"] > row["chance"], metric
        # Of 8 images, one that is not alike leaves p at .06.
        assert row["p"] < 0.07, metric
        assert row["value"] == pytest.approx(row["ceiling"], abs=0.06), metric
    assert (scores["n"] == 8).all()
    values = scene_values(model, people).dropna(subset=["value", "chance"]).groupby("metric")["value"]
    pd.testing.assert_series_equal(values.mean()[scores.index], scores["value"], check_names=False)
    assert ((scores["ci_low"] <= scores["value"]) & (scores["value"] <= scores["ci_high"])).all()


def test_the_same_scanpaths_are_wholly_alike():
    scenes = scene_table()
    people = pd.concat([walk(scenes, f"0{k}", k) for k in range(2)], ignore_index=True)
    scores = score_scenes(searches_of(walk(scenes, "m", 0), scenes), people, resamples=200).set_index("metric")
    for metric in (*MULTIMATCH, *SEQUENCES):
        assert scores.loc[metric, ["value", "ceiling"]].tolist() == pytest.approx([1, 1]), metric


def test_a_model_that_knows_nothing_of_the_image_is_at_chance():
    scenes = scene_table(60)
    people = pd.concat([walk(scenes, f"0{k}", k, spread=2.0) for k in range(2)], ignore_index=True)
    other = walk(scenes, "m", 5, find=False)
    # The path of another image: what is told of people in general is in its chance too.
    shifted = other.assign(trial=(other["trial"] + 17) % 60)
    model = searches_of(shifted, scenes)
    scores = score_scenes(model, people, resamples=200).set_index("metric")
    assert (scores.loc[[*MULTIMATCH, *SEQUENCES], "p"] > 0.01).all()


def test_performance_leaves_out_absent_targets_and_those_at_the_start():
    scenes = scene_table(6)
    model = searches_of(walk(scenes, "model", 1), scenes)
    absent = scenes.copy()
    absent.loc[0, ["left", "top", "right", "bottom", "own_left", "own_top", "own_right", "own_bottom"]] = -1
    trials = model.trials.copy()
    trials.loc[0, "found"] = False
    trials.loc[1, "n_fixations"] = 0
    curves = cumulative_performance(SceneSearches(ABOUT, absent, trials, model.fixations), resamples=100)
    assert set(curves["who"]) == {"model", "chance"}
    assert (curves["n"] == 4).all()
    mine = curves[curves["who"] == "model"]
    np.testing.assert_allclose(mine["share"], [0, 0, 0, 0, 1, 1, 1, 1, 1, 1])
    assert mine["fixation"].tolist() == list(range(1, 11))
    assert set(scene_values(SceneSearches(ABOUT, absent, trials, model.fixations))["unit"]) == {2, 3, 4, 5}
    with pytest.raises(DataError, match="all targets are absent"):
        score_scenes(SceneSearches(ABOUT, scenes.assign(top=-1), trials, model.fixations))
    with pytest.raises(DataError, match="5 searches of 6 scenes"):
        score_scenes(SceneSearches(ABOUT, scenes, trials.iloc[:5], model.fixations))


# -- the searcher on scenes --------------------------------------------------------------------------------------------


def mixed(seed=0):
    """Noise with a target of its own in each scene, of three sizes."""
    rng = np.random.default_rng(seed)
    images = rng.integers(100, 130, (6, 96, 160)).astype(np.uint8)
    targets, boxes = [], []
    for k, image in enumerate(images):
        side = (16, 24, 33)[k % 3]
        picture = rng.integers(0, 255, (side, side + 4)).astype(np.uint8)
        top, left = rng.integers(0, 96 - side), rng.integers(0, 160 - side - 4)
        image[top : top + side, left : left + side + 4] = picture
        targets.append(picture)
        boxes.append((top, left, top + side, left + side + 4))
    return Scenes(images, tuple(targets), np.arange(6), np.array(boxes), None, 115)


def test_targets_of_several_sizes_are_searched_as_each_by_itself():
    pairs = (LayerPair("block3_expand", "block3_expand"),)
    given = mixed()
    rules = Rules(inhibition="window", window_px=16, found_px=16, at_start=True, most_fixations=20)
    backbone = Backbone("efficientnet_lite0")
    together = search(TopDown(backbone, backbone, pairs), given, rules, batch_size=4)
    for k in range(6):
        alone = Scenes(
            given.images[k : k + 1], given.targets[k : k + 1], np.zeros(1, int), given.boxes[k : k + 1], None, 115
        )
        found = search(TopDown(backbone, backbone, pairs), alone, rules)
        mine = together[together["trial"] == k].reset_index(drop=True).assign(trial=0)
        pd.testing.assert_frame_equal(mine, found)
    assert together.groupby("trial")["found"].any().all()


def test_padding_is_never_looked_at_and_the_start_can_find():
    given = replace(mixed(), areas=np.array([[10, 20, 86, 140]] * 6))
    absent = replace(given, boxes=np.full((6, 4), -1))
    rules = Rules(inhibition="window", window_px=10, found_px=10, at_start=True, most_fixations=30)
    for model in (Chance(), CentreBias(), PixelMatch()):
        found = search(model, absent, rules)
        assert found["x"].between(20, 139).all()
        assert found["y"].between(10, 85).all()
        assert (found.groupby("trial").size() == 30).all()
    middle = replace(given, boxes=np.array([[44, 76, 52, 84]] * 6))
    found = search(PixelMatch(), middle, rules)
    assert found.groupby("trial").size().tolist() == [1] * 6
    assert found["found"].all()


def test_pictures_are_held_for_the_batch_alone():
    given, alive, most = mixed(), set(), [0]

    class Held(np.ndarray):
        pass

    class Watched:
        shape, ndim, dtype = given.images.shape, 3, np.uint8

        def __len__(self):
            return 6

        def __getitem__(self, number):
            image = given.images[number].copy().view(Held)
            alive.add(id(image))
            weakref.finalize(image, alive.discard, id(image))
            gc.collect()
            most[0] = max(most[0], len(alive))
            return image

    rules = Rules(inhibition="window", window_px=16, found_px=16, at_start=True, most_fixations=4)
    found = search(PixelMatch(), replace(given, images=Watched()), rules, batch_size=2)
    assert found.equals(search(PixelMatch(), given, rules, batch_size=2))
    assert 0 < most[0] <= 2
