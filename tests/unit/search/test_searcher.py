"""The loop of a search: known expectations, rules, and bad input."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from cogmodels.errors import DataError
from cogmodels.search.bayesian import BayesianSearcher
from cogmodels.search.controls import CentreBias, Chance, PixelMatch, Saliency
from cogmodels.search.scenes import Scenes, scenes_of_displays
from cogmodels.search.searcher import Rules, count_fixations, search
from cogmodels.search.stimuli import EXPERIMENTS, draw_displays
from cogmodels.search.topdown import LayerPair, TopDown
from cogmodels.stimuli.backbones import Backbone
from cogmodels.stimuli.eccentricity import Sampling

LIGHTING = EXPERIMENTS["lighting"]
PAIRS = (LayerPair("block3_expand", "block3_expand"), LayerPair("block5_expand", "block5_expand"))


def scenes(n=6, height=120, width=120, target=(20, 20), seed=0, colour=False, cells=None):
    """Noise with a target of its own at a place of its own."""
    rng = np.random.default_rng(seed)
    shape = (n, height, width, *([3] if colour else []))
    images = rng.integers(100, 130, shape).astype(np.uint8)
    picture = rng.integers(0, 255, (*target, *([3] if colour else []))).astype(np.uint8)
    boxes = []
    for image in images:
        top, left = rng.integers(0, height - target[0] + 1), rng.integers(0, width - target[1] + 1)
        image[top : top + target[0], left : left + target[1]] = picture
        boxes.append((top, left, top + target[0], left + target[1]))
    return Scenes(images, (picture,), np.zeros(n, int), np.array(boxes), cells, 115)


def topdown(**options):
    sampling = Sampling(10.0)
    return TopDown(Backbone("efficientnet_lite0", sampling=sampling), Backbone("efficientnet_lite0"), PAIRS, **options)


def test_chance_takes_half_of_the_cells_and_a_half():
    found = scenes_of_displays(draw_displays(LIGHTING, repeats=60))
    rules = Rules(most_fixations=17, found_px=1)
    counts = count_fixations(search(Chance(), found, rules), np.full(len(found), 99))
    assert counts["found"].all()
    # 16 cells, none twice: uniform over 1 ... 16.
    n = counts["n_fixations"]
    assert n.mean() == pytest.approx(8.5, abs=4 * np.sqrt((16**2 - 1) / 12 / len(n)))
    assert (n.min(), n.max()) == (1, 16)


def test_one_item_is_found_at_once():
    displays = draw_displays(EXPERIMENTS["orientation-homogeneous"], repeats=10)
    alone = displays.trials["set_size"].to_numpy() == 1
    whole = scenes_of_displays(displays)
    single = replace(whole, images=whole.images[alone], target_of=whole.target_of[alone], boxes=whole.boxes[alone])
    model = TopDown(Backbone("efficientnet_lite0"), Backbone("efficientnet_lite0"), PAIRS)
    for searcher in (model, PixelMatch()):
        counts = count_fixations(search(searcher, single), np.ones(len(single), int))
        assert (counts["n_fixations"] == 1).mean() > 0.95, type(searcher).__name__


@pytest.mark.parametrize("colour", [False, True])
@pytest.mark.parametrize("size", [(120, 120), (96, 160)])
def test_natural_scenes(colour, size):
    given = scenes(4, *size, colour=colour)
    rules = Rules(inhibition="window", window_px=20, found_px=10, at_start=True, most_fixations=60)
    saliency = Saliency(Backbone("efficientnet_lite0"), ("block1",))
    for model in (topdown(), PixelMatch(), CentreBias(), Chance(), saliency, BayesianSearcher(px_per_degree=10)):
        fixations = search(model, given, rules)
        counts = count_fixations(fixations, np.full(4, 60))
        if isinstance(model, TopDown | PixelMatch):
            assert counts["found"].all(), type(model).__name__
            assert counts["n_fixations"].mean() < 6, type(model).__name__
        inside = fixations["x"].between(0, size[1] - 1) & fixations["y"].between(0, size[0] - 1)
        assert inside.all()
        # The window around a fixation is not looked at again.
        for _, path in fixations.groupby("trial"):
            steps = path[["x", "y"]].to_numpy()
            apart = np.abs(steps[:, None] - steps[None]).max(-1)[np.triu_indices(len(steps), 1)]
            assert (apart >= 10).all()


def test_patches_and_batches_change_nothing():
    displays = draw_displays(LIGHTING, repeats=2)
    given = scenes_of_displays(displays)
    results = [
        search(topdown(blur=LIGHTING.blur, patched=patched), given, batch_size=size)
        for patched, size in ((True, 1), (True, 5), (False, 3))
    ]
    for other in results[1:]:
        assert other.equals(results[0])


def test_target_absent_ends_at_the_cap_and_says_so():
    given = scenes(3)
    absent = replace(given, boxes=np.full((3, 4), -1))
    fixations = search(PixelMatch(), absent, Rules(inhibition="window", window_px=10, most_fixations=7))
    assert fixations.groupby("trial").size().tolist() == [7, 7, 7]
    assert not fixations["found"].any()
    counts = count_fixations(fixations, np.array([4, 5, 6]))
    assert counts["n_fixations"].tolist() == [4, 5, 6]
    # A scene that is all looked at ends the search before the cap.
    fixations = search(CentreBias(), absent, Rules(inhibition="window", window_px=400, most_fixations=7))
    assert fixations.groupby("trial").size().tolist() == [1, 1, 1]


def test_memory_temperature_and_seeds():
    given = replace(scenes(3), boxes=np.full((3, 4), -1))
    rules = {"inhibition": "window", "window_px": 20, "most_fixations": 6}
    forgetful = search(CentreBias(), given, Rules(memory=1, **rules))
    places = forgetful[forgetful["trial"] == 0][["x", "y"]].to_numpy()
    # It remembers but the last place, and comes back to the one before.
    assert np.abs(places[2:] - places[:-2]).max(1).min() < 10 <= np.abs(np.diff(places, axis=0)).max(1).min()
    warm = [search(CentreBias(), given, Rules(temperature=0.1, **rules), seed=s) for s in (0, 0, 1)]
    assert warm[0].equals(warm[1])
    assert not warm[0].equals(warm[2])
    assert search(CentreBias(), given, Rules(**rules), seed=0).equals(
        search(CentreBias(), given, Rules(**rules), seed=1)
    )


def test_recognition_by_similarity():
    given = scenes(4)
    rules = Rules(inhibition="window", window_px=20, recognition="similarity", threshold=0.9, most_fixations=40)
    fixations = search(PixelMatch(), given, rules)
    ends = fixations[fixations["found"]]
    assert len(ends) == 4
    assert ends["target"].all()
    strict = search(PixelMatch(), given, replace(rules, threshold=1.0, most_fixations=4))
    assert not strict["found"].any() or strict[strict["found"]]["target"].all()
    likeness = search(topdown(), given, replace(rules, threshold=-1.0))
    # Everything is like enough: the first look ends it.
    assert likeness.groupby("trial").size().tolist() == [2] * 4


def test_no_activation_is_defined():
    empty = Scenes(
        np.full((2, 100, 100), 128, np.uint8), (np.full((20, 20), 128, np.uint8),), np.zeros(2, int),
        np.array([[0, 0, 20, 20]] * 2), None, 128,
    )  # fmt: skip
    for model in (topdown(), PixelMatch()):
        fixations = search(model, empty, Rules(inhibition="window", most_fixations=4))
        assert np.isfinite(fixations[["x", "y"]]).all().all()


def test_bad_scenes_and_rules():
    good = scenes(2)
    with pytest.raises(DataError, match="target 0 has 200 x 20 px"):
        replace(good, targets=(np.zeros((200, 20), np.uint8),))
    with pytest.raises(DataError, match="images of type float64"):
        replace(good, images=good.images.astype(float))
    with pytest.raises(DataError, match="images of shape"):
        replace(good, images=good.images[0])
    with pytest.raises(DataError, match="boxes"):
        replace(good, boxes=good.boxes[:1])
    with pytest.raises(DataError, match="have none"):
        search(Chance(), good)
    with pytest.raises(DataError, match="most_fixations below 2, memory below 1"):
        Rules(most_fixations=1, memory=0)
    with pytest.raises(DataError, match="no layer pair is switched on"):
        TopDown(None, None, (LayerPair("a", "b", 0.0),))
    with pytest.raises(DataError, match="prior `none`"):
        BayesianSearcher(prior="none")
    broken = PixelMatch()
    broken.priority = lambda view: torch.full((len(view.trials), 120, 120), torch.nan)
    with pytest.raises(DataError, match="not finite"):
        search(broken, good, Rules(inhibition="window"))


def test_vgg16_as_published_runs_with_random_weights():
    pairs = tuple(LayerPair(f"block{k}_pool", f"block{k}_conv3") for k in (3, 4, 5))
    model = TopDown(
        Backbone("vgg16", "random", sampling=Sampling()), Backbone("vgg16", "random", sampling=Sampling()), pairs
    )
    displays = draw_displays(LIGHTING, repeats=2)
    whole = scenes_of_displays(displays)
    few = replace(whole, images=whole.images[:1], target_of=whole.target_of[:1], boxes=whole.boxes[:1])
    fixations = search(model, few, Rules(most_fixations=3))
    assert len(fixations) >= 2
    # The target's 31 px become one cell of the last scale, the scene's 524 px a map of 33 x 33.
    assert [tuple(k[0].shape[1:]) for k in model._kernels] == [(1, 1)] * 3


def test_a_halving_of_the_target_is_the_pool_that_vgg16_has_there():
    displays = draw_displays(LIGHTING, repeats=1)
    given = scenes_of_displays(displays)
    net = Backbone("vgg16", "random", pooling="average")
    kernels = []
    for layer, halvings in (("pool", 0), ("conv3", 1)):
        pairs = tuple(LayerPair(f"block{k}_{layer}", f"block{k}_conv3") for k in (3, 4, 5))
        model = TopDown(net, net, pairs, target_halvings=halvings)
        model.start(given, 0)
        kernels.append([kernel for of_pair in model._kernels for kernel in of_pair])
    assert len(kernels[0]) == 3 * len(displays.targets)
    for pooled, halved in zip(*kernels, strict=True):
        torch.testing.assert_close(pooled, halved)
    with pytest.raises(DataError, match="-1 halvings"):
        TopDown(net, net, PAIRS, target_halvings=-1)


@pytest.mark.parametrize("name", ["lighting", "orientation-homogeneous"])
def test_the_middle_of_what_is_like_the_target_is_looked_at(name):
    displays = draw_displays(EXPERIMENTS[name], repeats=10, seed=7)
    alone = (displays.trials["set_size"] == 1).to_numpy()
    whole = scenes_of_displays(displays)
    single = replace(whole, images=whole.images[alone], target_of=whole.target_of[alone], boxes=whole.boxes[alone])
    middles = displays.items.loc[displays.items["trial"].isin(displays.trials.loc[alone, "trial"]), ["x", "y"]]
    layers = ("block3_expand", "block5_expand", "block11_expand")
    apart = {}
    for centred in (True, False):
        net = Backbone("efficientnet_lite0")
        model = TopDown(net, net, tuple(LayerPair(layer, layer) for layer in layers), centred=centred)
        # Only the first look counts.
        fixations = search(model, single, Rules(most_fixations=2))
        first = fixations[fixations["index"] == 1]
        apart[centred] = first[["x", "y"]].to_numpy() - middles.to_numpy()
        if centred:
            assert first["found"].mean() > 0.95
    # A cell is 16 px wide: a look is within half of one, give or take, and lies to no side.
    assert np.abs(apart[True].mean(0)).max() < 4
    assert np.abs(apart[True]).max() < 16
    assert (apart[False].mean(0) < -6).all()
