"""Diets compared over networks: known answers."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.search.analysis import slopes_of_trials
from cogmodels.search.diets import compare_diets, diet_scores, item_distances, two_sided_p
from cogmodels.search.items import draw_item
from cogmodels.search.stimuli import EXPERIMENTS
from cogmodels.stimuli.backbones import Backbone

LIGHTING = EXPERIMENTS["lighting"]
SEEDS = 6


def searched(slopes, noise=0.0, seeds=SEEDS, displays=10, seed=0):
    """Trials of diets whose networks have these slopes (hard, easy), ms an item, with noise of networks."""
    rng = np.random.default_rng(seed)
    rows = []
    for diet, (hard, easy) in slopes.items():
        for network in range(seeds):
            for condition, slope in (("left_right", hard), ("top_down", easy)):
                mine = slope + noise * rng.normal()
                for size in LIGHTING.set_sizes:
                    for number in range(displays):
                        time = 500 + mine * size + (20 * rng.normal() if noise else 0)
                        rows.append((diet, network, "lighting", condition, size, number, time))
    names = ["diet", "seed", "experiment", "condition", "set_size", "number", "rt_ms"]
    return pd.DataFrame(rows, columns=names)


def of(comparison, diet, measure):
    return comparison.set_index(["diet", "measure"]).loc[(diet, measure)]


def test_networks_without_noise_have_the_slopes_that_were_put_in():
    networks, comparison = compare_diets(searched({"up": (30.0, 10.0), "turned": (10.0, 30.0)}), [LIGHTING], "up")
    assert len(networks) == 2 * SEEDS
    up, turned = of(comparison, "up", "index"), of(comparison, "turned", "index")
    assert up["mean"] == up["ci_low"] == up["ci_high"] == pytest.approx(0.5)
    assert turned["mean"] == pytest.approx(-0.5)
    assert turned["contrast"] == pytest.approx(1.0)
    # Six networks that all say the same: the least p that there is.
    assert up["p"] == turned["p"] == turned["contrast_p"] == pytest.approx(2 / 2**SEEDS)
    assert np.isnan(up["contrast"])
    assert of(comparison, "up", "hard")["mean"] == pytest.approx(30)
    assert of(comparison, "up", "difference")["mean"] == pytest.approx(20)
    assert up["human"] == pytest.approx(0.701, abs=5e-4)


def test_the_score_table_takes_the_index_of_each_diet():
    comparison = compare_diets(searched({"up": (30.0, 10.0), "turned": (10.0, 30.0)}), [LIGHTING], "up")[1]
    scores = diet_scores(comparison).set_index("experiment")
    assert scores["value"].to_dict() == pytest.approx({"up": 0.5, "turned": -0.5})
    assert set(scores["protocol"]) == {"lighting, over networks"}
    assert set(scores["unit_of_n"]) == {"networks"}
    assert (scores["n"] == SEEDS).all()


def test_one_network_is_scored_as_elsewhere():
    trials = searched({"up": (25.0, 5.0)}, noise=5, seeds=1)
    networks, comparison = compare_diets(trials, [LIGHTING], "up")
    elsewhere = slopes_of_trials(trials, [LIGHTING], resamples=100)
    assert networks["index"].iloc[0] == pytest.approx(elsewhere.asymmetries["index"].iloc[0])
    slopes = elsewhere.slopes.set_index("condition")["slope"]
    assert networks["hard"].iloc[0] == pytest.approx(slopes["left_right"], abs=1e-6)
    assert networks["easy"].iloc[0] == pytest.approx(slopes["top_down"], abs=1e-6)
    assert of(comparison, "up", "index")["p"] == 1


def test_chance_is_called_so_as_often_as_it_should():
    """The p of diets that do not differ is small no more often than it says."""
    small = [
        of(
            compare_diets(
                searched({"a": (20.0, 20.0), "b": (20.0, 20.0)}, noise=8, seed=k), [LIGHTING], "a", resamples=100
            )[1],
            "b",
            "difference",
        )["contrast_p"]
        for k in range(60)
    ]
    # 1 in 32 is the least p: 60 draws of it.
    assert np.mean(np.array(small) < 0.05) < 0.15
    assert np.mean(np.array(small) < 0.5) > 0.3


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    hits = []
    for k in range(40):
        found = of(
            compare_diets(searched({"a": (20.0, 12.0)}, noise=6, seeds=8, seed=k), [LIGHTING], "a", resamples=400)[1],
            "a",
            "difference",
        )
        hits.append(found["ci_low"] <= 8 <= found["ci_high"])
    # A percentile bootstrap over 8 networks is somewhat narrow.
    assert np.mean(hits) >= 0.75


def test_two_sided_p_is_exact():
    # Of 8 sign flips, all + and all - are as far.
    assert two_sided_p(np.array([1.0, 2.0, 3.0])) == pytest.approx(2 / 8)
    assert two_sided_p(np.array([-1.0, -2.0, -3.0])) == pytest.approx(2 / 8)
    assert two_sided_p(np.zeros(4)) == 1
    assert two_sided_p(np.array([1.0, -1.0])) == 1


def test_items_are_as_far_apart_as_their_features():
    backbone = Backbone("vgg16", "initial", pooling="average", architecture={"width": 0.125, "head": "average"}, seed=1)
    layers = ["block3_pool", "block4_pool"]
    found = item_distances(backbone, LIGHTING, layers)
    assert len(found) == 4
    top, bottom = (draw_item("shaded_disc", side=31, background=27, light=light) for light in ("top", "bottom"))
    maps = backbone.read(backbone.prepare(np.stack([top, bottom])), layers)["block4_pool"].flatten(1).double().numpy()
    cosine = maps[0] @ maps[1] / np.linalg.norm(maps[0]) / np.linalg.norm(maps[1])
    mine = found.set_index(["condition", "layer"])["distance"]
    assert mine["top_down", "block4_pool"] == pytest.approx(1 - cosine, abs=1e-6)
    assert (found["distance"] > 0).all()
    # A distractor that is drawn as the target is no distance away.
    same = replace(LIGHTING, conditions=tuple(replace(one, distractors=one.target) for one in LIGHTING.conditions))
    assert item_distances(backbone, same, layers)["distance"].abs().max() < 1e-9


def test_networks_that_searched_other_displays_are_named():
    trials = searched({"up": (30.0, 10.0), "turned": (10.0, 30.0)})
    with pytest.raises(DataError, match="same displays of left_right with 6 items"):
        gone = (
            (trials["diet"] == "turned") & (trials["seed"] == 2) & (trials["set_size"] == 6) & (trials["number"] == 1)
        )
        compare_diets(trials[~gone], [LIGHTING], "up")
    with pytest.raises(DataError, match="no trials of `sideways`"):
        compare_diets(trials, [LIGHTING], "sideways")
