"""Layouts and sequences of objects: boxes, places, targets, what is refused; the published numbers on real data."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.metrics.scanpath.behaviour import behaviour, behavioural_delta
from cogmodels.scanpath.objects.layouts import fixated_objects, grid_objects, layouts_of, listed_objects
from cogmodels.scanpath.objects.sequences import prepare_objects, sequences_of

SPLIT = {"by": "image", "validation": 1, "test": 1}


def scenes(n=3):
    boxes = {"left": 62, "top": 55, "right": 75, "bottom": 72}
    return pd.DataFrame({"image": [f"s{k}" for k in range(n)], "width": 80, "height": 80, "target": "cat", **boxes})


def fixations(xy, n=3, target="cat"):
    rows = [
        ("p1", k, f"s{k}", index, np.nan, np.nan, x, y, target, None)
        for k in range(n)
        for index, (x, y) in enumerate(xy)
    ]
    names = ["subject", "trial", "stimulus", "index", "onset", "duration", "x", "y", "target", "found"]
    return pd.DataFrame(rows, columns=names)


def test_fixations_belong_to_the_first_box_that_holds_them_else_to_the_nearest():
    boxes = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [40, 0, 50, 10]])
    found = fixated_objects([7.0, 10.0, 12.0, 28.0, 26.0, 900.0], [5.0, 9.0, 9.0, 5.0, 5.0, -3.0], boxes)
    # In both; at the first's excluded edge; in the second; beside all, nearer to the third, to the second; far off.
    assert found.tolist() == [0, 1, 1, 2, 1, 2]
    with pytest.raises(DataError, match="no boxes"):
        fixated_objects([1.0], [1.0], np.zeros((0, 4)))
    with pytest.raises(DataError, match="without a place"):
        fixated_objects([np.nan], [1.0], boxes)


def test_a_grid_has_its_target_where_the_box_is():
    objects = grid_objects(scenes(1), (2, 4))
    assert objects["target"].tolist() == [False] * 7 + [True]
    assert objects.loc[5, ["row", "column", "left", "top", "right", "bottom"]].tolist() == [1, 1, 20, 40, 40, 80]
    layouts = layouts_of(objects, scenes(1))
    assert layouts.target.tolist() == [7]
    assert layouts.rows_columns == (2, 4)
    assert layouts.centres(0)[6].tolist() == [50, 60]


def test_boxes_that_stagger_stay_in_one_row():
    boxes = pd.DataFrame(
        {
            "image": "s0",
            "left": [42, 2, 22, 60, 5],
            "top": [8, 11, 4, 52, 50],
            "right": [58, 18, 38, 78, 25],
            "bottom": [28, 31, 24, 74, 70],
        }
    )
    found = listed_objects(boxes, scenes(1))
    assert found["left"].tolist() == [2, 22, 42, 5, 60]
    assert found["row"].tolist() == [0, 0, 0, 1, 1]
    assert found["column"].tolist() == [0, 1, 2, 0, 1]
    assert found["target"].tolist() == [False] * 4 + [True]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"boxes": None, "grid": None}, "neither boxes nor a grid"),
        ({"boxes": pd.DataFrame(columns=["image", "left", "top", "right", "bottom"])}, "3 scenes have no boxes"),
        ({"boxes": pd.DataFrame([{"image": f"s{k}", "left": 5, "top": 0, "right": 5, "bottom": 9} for k in range(3)])}, "no area"),
        ({"boxes": pd.DataFrame([{"image": f"s{k}", "left": 0, "top": 0, "right": 9, "bottom": 9} for k in range(3)])}, "target of s0 is on no object"),
        ({"grid": (2, 4), "target": "dog"}, "looked for `dog` on s0"),
        ({"grid": (2, 4), "n": 4}, "1 stimuli have no image"),
        ({"grid": (2, 4), "xy": [(5, 5), (500, 5)]}, "lie beside their image"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(change, said):
    table = fixations(change.get("xy", [(5, 5), (70, 60)]), change.get("n", 3), change.get("target", "cat"))
    with pytest.raises(DataError, match=said):
        prepare_objects(table, scenes(), change.get("boxes"), grid=change.get("grid"), **SPLIT)


def test_a_fixation_beside_the_scene_is_moved_to_its_edge_and_counted():
    table = fixations([(5, 5), (70, 60), (15, 9), (15, 9)] * 3 + [(85, 9)])
    found = prepare_objects(table, scenes(), grid=(2, 4), **SPLIT)
    assert found.defects.loc[0, ["n", "of"]].tolist() == [3, 39]
    assert found.sequences["object"].tolist()[:13] == [0, 7, 0, 0] * 3 + [3]
    parts = sequences_of(found.sequences, found.split, layouts_of(found.objects, scenes()))
    assert {name: len(one) for name, one in parts.items()} == {"train": 1, "validation": 1, "test": 1}
    assert parts["test"].path(0).tolist() == [0, 7, 0, 0] * 3 + [3]


def test_scenes_without_one_target_are_refused():
    objects = grid_objects(scenes(2), (2, 4))
    with pytest.raises(DataError, match="s1 has 0 targets"):
        layouts_of(objects.assign(target=objects["target"] & (objects["image"] == "s0")), scenes(2))
    with pytest.raises(DataError, match="no objects"):
        layouts_of(objects[:0], scenes(2))


def test_behaviour_of_known_sequences():
    #                          new new stays new back new stays back stays
    found = behaviour(np.array([4, 7, 7, 2, 4, 9, 9, 7, 7]), 7)
    np.testing.assert_allclose(found, [1, 9, 4 / 9, 3 / 9, 2 / 9])
    assert behaviour(np.array([3]), 1).tolist() == [0, 1, 1, 0, 0]
    rng = np.random.default_rng(0)
    for _ in range(50):
        assert behaviour(rng.integers(0, 6, rng.integers(1, 30)), 2)[2:].sum() == pytest.approx(1, abs=1e-12)
    with pytest.raises(DataError, match="one fixation or more"):
        behaviour(np.array([], int), 0)


def test_behaviours_that_people_never_show_are_left_out_of_the_delta():
    human = np.array([0.8, 10.0, 0.8, 0.2, 0.0])
    assert behavioural_delta(human, human) == 0
    assert behavioural_delta(human * 1.5, human) == pytest.approx(0.5)
    assert behavioural_delta(np.array([0.4, 10.0, 0.8, 0.2, 0.5]), human) == pytest.approx(0.5 / 4)
    assert np.isnan(behavioural_delta(human, np.zeros(5)))
