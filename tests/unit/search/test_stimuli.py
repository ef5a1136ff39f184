"""Displays have the published sizes, numbers of items, and one target in one cell."""

import numpy as np
import pytest

from cogmodels.data.displays import read_displays, write_displays
from cogmodels.errors import DataError
from cogmodels.search.items import draw_item
from cogmodels.search.scenes import scenes_of_displays
from cogmodels.search.stimuli import EXPERIMENTS, Condition, Experiment, draw_displays, experiment_of, make_display

# Stimulus, cell, object, jitter (published code, 30 px a degree).
SIZES = {
    "curvature": (339, 56, 48, 7), "lighting": (198, 49, 31, 18), "intersection": (615, 205, 177, 28),
    "t-l": (615, 205, 177, 28), "orientation-homogeneous": (339, 84, 69, 15), "orientation-heterogeneous": (339, 84, 69, 15),
}  # fmt: skip


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_displays(name):
    experiment = EXPERIMENTS[name]
    side, cell, item, _ = SIZES[name]
    assert (experiment.display_px, experiment.cell_px, experiment.item_px) == (side, cell, item)
    for condition in experiment.conditions:
        for size in experiment.set_sizes:
            display = make_display(experiment, condition.name, size, 3)
            assert display.image.shape == (side, side)
            assert display.image.dtype == np.uint8
            assert len(display.items) == size
            assert display.items["is_target"].sum() == 1
            assert display.items["cell"].is_unique
            drawn = display.image != experiment.background
            inside = []
            for at in display.items["cell"]:
                top, left, bottom, right = display.cells[at]
                inside.append(drawn[top:bottom, left:right].sum())
            # Every item lies within its own cell, and nothing beside.
            assert min(inside) > 0
            assert sum(inside) == drawn.sum()
            target = display.items[display.items["is_target"]].iloc[0]
            assert target["cell"] == display.target_cell
            again = make_display(experiment, condition.name, size, 3)
            assert np.array_equal(again.image, display.image)
            assert not np.array_equal(make_display(experiment, condition.name, size, 4).image, display.image)


def rows_and_columns(image, background):
    where = np.argwhere(image != background)
    return (*where.min(0).tolist(), *where.max(0).tolist())


def test_items_cover_the_published_pixels():
    line = draw_item("bar", side=48, background=0, length=36, width=6, upright=False)
    assert rows_and_columns(line, 0) == (21, 6, 26, 41)
    bar = draw_item("bar", side=69, background=255, length=60, width=9)
    assert rows_and_columns(bar, 255) == (4, 30, 63, 38)
    assert set(np.unique(bar)) == {0, 255}
    cross = draw_item("strokes", side=177, background=255, figure="cross", border=6)
    expected = np.zeros((165, 165), bool)
    expected[:, 74:90] = expected[49:66] = True
    assert np.array_equal(cross[6:-6, 6:-6] == 0, expected)
    other = draw_item("strokes", side=177, background=255, figure="non_cross", border=6)[6:-6, 6:-6] == 0
    assert other.sum() == 165 * 16 + 74 * 17 + 75 * 16
    disc = draw_item("shaded_disc", side=31, background=27)
    assert disc[:, 15].tolist() == [level for level in range(0, 255, 17) for _ in range(2)] + [255]
    assert np.array_equal(draw_item("shaded_disc", side=31, background=27, light="top"), disc[::-1])
    curve = draw_item("arc", side=48, background=0, radius=30, drop=26, start=52, stop=127, width=5)
    # Centre 2 px above the item's top edge, radius 30, stroke 5.
    assert rows_and_columns(curve, 0)[2] in (29, 30)


def test_variants_are_flips():
    figures = [draw_item("strokes", side=165, background=255, figure="L", variant=v) for v in range(4)]
    assert np.array_equal(figures[1], figures[0][::-1])
    assert np.array_equal(figures[2], figures[0].T)
    assert np.array_equal(figures[3], figures[0].T[:, ::-1])


def test_heterogeneous_distractors_come_without_replacement():
    experiment = EXPERIMENTS["orientation-heterogeneous"]
    for name, target in (("hetero_t0", 0.0), ("hetero_t20", -20.0)):
        angles = make_display(experiment, name, 12, 0).items["angle"].tolist()
        assert angles[0] == target
        counts = np.unique(angles[1:], return_counts=True)
        assert len(counts[0]) == 8
        assert sorted(counts[1]) == [1] * 5 + [2] * 3
        assert target not in counts[0]


def test_files_and_back(tmp_path):
    drawn = draw_displays(EXPERIMENTS["lighting"], repeats=2)
    write_displays(tmp_path, drawn)
    found = read_displays(tmp_path)
    assert np.array_equal(found.images, drawn.images)
    assert found.trials.equals(drawn.trials)
    assert (found.items["is_target"].to_numpy(bool) == drawn.items["is_target"].to_numpy(bool)).all()
    assert found.items["is_target"].sum() == 12
    assert {name: image.tobytes() for name, image in found.targets.items()} == {
        name: image.tobytes() for name, image in drawn.targets.items()
    }
    assert experiment_of(found.about) == EXPERIMENTS["lighting"]
    scenes = scenes_of_displays(found)
    assert len(scenes) == 12
    assert (scenes.boxes[:, 2] - scenes.boxes[:, 0] == 49).all()
    (tmp_path / "images" / found.trials["image"][0]).write_bytes(b"no image")
    with pytest.raises(DataError, match="cannot be read"):
        read_displays(tmp_path)


def test_own_experiment_and_wrong_ones():
    bars = {"shape": "bar", "length": 20, "width": 4}
    numbers = {
        "name": "own", "title": "Own", "display_px": 100, "cell_px": 30, "grid": (3, 3), "item_px": 25, "background": 0,
        "set_sizes": (2, 4),
        "conditions": (Condition("a", (bars,), ({**bars, "angle": 90.0},)), Condition("b", ({**bars, "angle": 90.0},), (bars,))),
    }  # fmt: skip
    assert draw_displays(Experiment(**numbers), repeats=2).images.shape == (8, 100, 100)
    with pytest.raises(DataError, match="set sizes"):
        Experiment(**{**numbers, "set_sizes": (2, 10)})
    with pytest.raises(DataError, match="do not fit"):
        Experiment(**{**numbers, "item_px": 40})
    with pytest.raises(DataError, match="no shape"):
        draw_item("star", side=10, background=0)
    with pytest.raises(DataError, match="wrong parameters"):
        draw_item("bar", side=10, background=0, size=3)
    with pytest.raises(DataError, match="no condition"):
        make_display(EXPERIMENTS["lighting"], "up", 1, 0)
    with pytest.raises(DataError, match="no set size 5"):
        make_display(EXPERIMENTS["lighting"], "top_down", 5, 0)
