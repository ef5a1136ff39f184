"""Semantic sequence score, intervals over people, search efficiency: answers worked out by hand."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cogmodels.data.segments import read_segments
from cogmodels.errors import DataError
from cogmodels.metrics.scanpath.consistency import ComparisonSettings
from cogmodels.metrics.scanpath.search_efficiency import (
    found_by_step,
    probability_mismatch,
    scanpath_ratio,
    steps_to_target,
)
from cogmodels.metrics.uncertainty import bootstrap_interval, crossed_interval
from cogmodels.scanpath.people import person_intervals, search_curves, search_images, target_boxes
from cogmodels.scanpath.score import score_likeness

SETTINGS = ComparisonSettings((160.0, 120.0), 10.0)
BOX = (100.0, 40.0, 140.0, 80.0)


def path(*places):
    return np.array([(x, y, 0.2) for x, y in places], float)


def test_the_semantic_score_counts_segments_in_order():
    # Left half 1, right half 2, a strip at the top 7.
    segments = np.ones((120, 160), int)
    segments[:, 80:], segments[:10] = 2, 7
    person = path((10, 50), (150, 50), (20, -0.4), (30, 100))  # 1 2 7 1
    model = path((70, 90), (79.9, 15), (159.4, 5), (90, 119.4))  # 1 1 7 2
    other = path((150, 3), (150, 3), (150, 3))  # 7 7 7 in these segments
    images = score_likeness(
        {"a": [person, person], "b": [other]}, {"a": [model] * 2, "b": [other] * 2}, SETTINGS, segments={"a": segments}
    )
    mine = images[images["metric"] == "semantic_sequence_score"].set_index("stimulus")
    assert list(mine.index) == ["a"]
    # 1 7 is common to both: 2 of 4; of 7 7 7 the 7: 1 of 4; people are alike.
    assert mine.loc["a", ["value", "chance", "ceiling"]].tolist() == [0.5, 0.25, 1.0]


def test_label_maps_are_read_by_the_name_of_the_image(tmp_path):
    Image.fromarray(np.full((4, 6), 300, np.uint16)).save(tmp_path / "a.jpg.png")
    Image.fromarray(np.full((4, 6), 3, np.uint8)).save(tmp_path / "b.png")
    found = read_segments(tmp_path, ["a.jpg", "b.jpg", "c.jpg"])
    assert {name: labels[0, 0] for name, labels in found.items()} == {"a.jpg": 300, "b.jpg": 3}
    with pytest.raises(DataError, match="no image has a map"):
        read_segments(tmp_path, ["c.jpg"])
    Image.new("RGB", (6, 4)).save(tmp_path / "c.png")
    with pytest.raises(DataError, match="in colour"):
        read_segments(tmp_path, ["c.jpg"])
    (tmp_path / "d.png").write_bytes(b"no map")
    with pytest.raises(DataError, match="cannot be read"):
        read_segments(tmp_path, ["d.jpg"])


def test_intervals_over_people_images_and_both():
    rng = np.random.default_rng(0)
    people, images = rng.normal(0, 1.0, 12), rng.normal(0, 0.2, 60)
    table = people[:, None] + images + rng.normal(0, 0.1, (12, 60))
    widths = {
        (rows, columns): np.ptp(crossed_interval(table, rows=rows, columns=columns))
        for rows, columns in ((True, False), (False, True), (True, True))
    }
    # What differs most between people is known least: sd / sqrt(12) and sd / sqrt(60).
    assert widths[True, False] == pytest.approx(3.92 * people.std() / np.sqrt(12), rel=0.15)
    assert widths[False, True] == pytest.approx(3.92 * images.std() / np.sqrt(60), rel=0.15)
    assert widths[True, True] >= widths[True, False] * 0.97
    low, high = bootstrap_interval(list(table.mean(1)[:, None]))
    assert crossed_interval(table, columns=False) == pytest.approx((low, high), abs=0.1)
    assert np.isnan(crossed_interval(table[:1])).all()
    holes = np.where(rng.random(table.shape) < 0.3, np.nan, table)
    assert np.isfinite(crossed_interval(holes)).all()


def test_person_intervals_say_their_unit():
    rows = [(f"i{i}", f"p{p}", "scanmatch", p + 10 * i) for i in range(3) for p in range(4) if (i, p) != (2, 3)]
    table = person_intervals(pd.DataFrame(rows, columns=["stimulus", "subject", "metric", "value"]), bootstrap=200)
    table = table.set_index("unit")
    assert table["n"].to_dict() == {"image": 3, "person": 4, "person x image": 11}
    assert table["value"].unique() == pytest.approx([np.mean([p + 10 * i for i in range(3) for p in range(4)][:-1])])
    assert (table["ci_low"] < table["value"]).all()
    assert (table["value"] < table["ci_high"]).all()


def test_search_efficiency_by_hand():
    start = (80, 60)
    at_once = path(start, (120, 60))
    third = path(start, (10, 10), (20, 20), (100, 40))
    never, late = path(start, (140, 80)), path((120, 60), (0, 0))
    steps = steps_to_target([at_once, third, never, late], BOX)
    # The box's right and bottom sides lie outside; what is fixated at the start is not found.
    assert steps.tolist() == [1, 3, np.inf, np.inf]
    curve = found_by_step(steps)
    assert curve.tolist() == [0.25, 0.25, 0.5, 0.5, 0.5, 0.5]
    assert probability_mismatch(curve, np.zeros(6)) == pytest.approx(2.5)
    assert steps_to_target([late], BOX, first_is_start=False).tolist() == [1]
    assert scanpath_ratio(at_once, BOX) == 1
    gone = np.hypot(70, 50) + np.hypot(10, 10) + np.hypot(80, 20)
    assert scanpath_ratio(third, BOX) == pytest.approx(40 / gone)
    assert np.isnan([scanpath_ratio(never, BOX), scanpath_ratio(late, BOX)]).all()
    assert np.isnan(scanpath_ratio(late, BOX, first_is_start=False))
    with pytest.raises(DataError, match="empty"):
        steps_to_target([never], (5, 5, 5, 9))
    with pytest.raises(DataError, match="no scanpaths"):
        found_by_step([])


def test_search_efficiency_of_a_model_beside_people():
    find, miss = path((80, 60), (120, 60)), path((80, 60), (10, 10), (20, 20))
    people = {f"i{k} [cup]": [find, miss] for k in range(4)} | {"free": [miss]}
    samples = {f"i{k} [cup]": [find] for k in range(4)} | {"free": [miss]}
    scenes = pd.DataFrame({"image": [f"i{k}" for k in range(4)], "target": "cup"})
    boxes = target_boxes(scenes.assign(**dict(zip(("left", "top", "right", "bottom"), BOX, strict=True))))
    boxes |= target_boxes(
        pd.DataFrame([{"image": "z", "target": "cup"} | dict.fromkeys(("left", "top", "right", "bottom"), "n/a")])
    )
    assert boxes == {f"i{k} [cup]": BOX for k in range(4)}
    images = search_images(people, samples, boxes)
    auc = images[images["metric"] == "tfp_auc"]
    assert auc[["value", "chance", "ceiling"]].drop_duplicates().to_numpy().tolist() == [[6, 6, 3]]
    curves = search_curves(people, samples, boxes, bootstrap=100).set_index(["who", "step"])
    assert curves.loc[("mismatch", 0), "value"] == pytest.approx(3)
    assert curves.loc[("people", 1), ["value", "ci_low", "ci_high"]].tolist() == [0.5, 0.5, 0.5]
    assert search_curves(people, samples, {}).empty
