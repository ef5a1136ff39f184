"""Scenes: one factor for all images, boxes and templates where they belong, and tables that are wrong."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cogmodels.config.search import TableScenes
from cogmodels.data.bids import read_json, write_tsv
from cogmodels.data.displays import ImageFiles, read_displays
from cogmodels.data.scenes import check_boxes, drawn_rows, table_scenes, write_scenes
from cogmodels.errors import DataError
from cogmodels.search.models import own_px
from cogmodels.search.scenes import scenes_of_displays, task_of

OPTIONS = {"title": "Rooms", "table": "scenes.tsv", "size": [100, 60], "px_per_degree": 20.0, "background": 7}


def options(**changes):
    return TableScenes.model_validate({**OPTIONS, **changes}).model_dump()


def write(folder, rows, images):
    for name, image in images.items():
        Image.fromarray(image).save(folder / name)
    write_tsv(folder / "scenes.tsv", pd.DataFrame(rows))


@pytest.fixture
def rooms(tmp_path):
    """A wide image in colour, a small grey one whose target is absent from a second row."""
    wide = np.zeros((100, 200, 3), np.uint8)
    wide[20:40, 60:100] = (255, 0, 0)
    small = np.full((80, 80), 50, np.uint8)
    small[40:60, 10:30] = 200
    rows = [
        {"image": "wide.png", "left": 60, "top": 20, "right": 100, "bottom": 40, "target": "red"},
        {"image": "small.png", "left": 10, "top": 40, "right": 30, "bottom": 60, "target": "light"},
        {"image": "wide.png", "left": np.nan, "top": np.nan, "right": np.nan, "bottom": np.nan, "target": "light"},
    ]
    write(tmp_path, rows, {"wide.png": wide, "small.png": small})
    write_scenes(tmp_path / "out", table_scenes(tmp_path, options()), options(), "rooms")
    return read_displays(tmp_path / "out")


def test_one_factor_and_padding_around(rooms):
    assert rooms.images.shape == (3, 60, 100, 3)
    # 200 x 100 into 100 x 60: a half, 5 px above and below.
    row = rooms.trials.iloc[0]
    assert (row["factor"], row["x0"], row["y0"]) == (0.5, 0, 5)
    assert row[["left", "top", "right", "bottom"]].tolist() == [30, 15, 50, 25]
    assert (rooms.images[0][:5] == 7).all()
    np.testing.assert_allclose(rooms.images[0][18:22, 34:46], np.broadcast_to((255, 0, 0), (4, 12, 3)), atol=3)
    small = rooms.trials.iloc[1]
    # The same factor: a degree has as many px in all scenes.
    assert (small["factor"], small["x0"], small["y0"]) == (0.5, 30, 10)
    assert small[["left", "top", "right", "bottom"]].tolist() == [35, 30, 45, 40]
    np.testing.assert_allclose(rooms.images[1][33:37, 38:42], 200, atol=3)
    assert rooms.trials.iloc[2][["left", "top", "right", "bottom"]].tolist() == [-1] * 4


def test_templates_are_as_large_as_in_the_scenes(rooms):
    assert rooms.targets["red"].shape == (10, 20, 3)
    assert (rooms.targets["red"] == (255, 0, 0)).all()
    assert rooms.targets["light"].shape == (10, 10, 3)


def test_scenes_know_task_area_and_place(rooms):
    task = task_of(rooms.about)
    # 2 degrees of 20 px, halved.
    assert (task.px_per_degree, task.window_px, task.found_px, task.at_start) == (10.0, 20, 20, True)
    scenes = scenes_of_displays(rooms)
    assert scenes.areas.tolist() == [[5, 0, 55, 100], [10, 30, 50, 70], [5, 0, 55, 100]]
    x, y = own_px(np.array([0.0, 69.0, 99.0]), np.array([5.0, 49.0, 54.0]), rooms.trials)
    # Middles of the pixels of a scene lie between two of the image's.
    np.testing.assert_allclose(x, [0.5, 78.5, 198.5])
    np.testing.assert_allclose(y, [0.5, 78.5, 98.5])
    assert rooms.items is None
    assert read_json(rooms.images.paths[0].parents[1] / "display.json")["name"] == "rooms"


def test_a_template_of_ones_own(tmp_path):
    picture = np.full((40, 20, 3), 90, np.uint8)
    write(
        tmp_path,
        [{"image": "a.png", "left": "n/a", "top": "n/a", "right": "n/a", "bottom": "n/a", "template": "t.png"}],
        {"a.png": np.zeros((120, 200), np.uint8), "t.png": picture},
    )
    write_scenes(tmp_path / "out", table_scenes(tmp_path, options()), options(), "x")
    displays = read_displays(tmp_path / "out")
    assert displays.targets["0000"].shape == (20, 10, 3)
    assert displays.images.shape == (1, 60, 100, 3)


def test_grey_stays_grey(tmp_path):
    rows = [{"image": "a.png", "left": 0, "top": 0, "right": 10, "bottom": 10}]
    write(tmp_path, rows, {"a.png": np.zeros((120, 200), np.uint8)})
    write_scenes(tmp_path / "out", table_scenes(tmp_path, options()), options(), "x")
    assert read_displays(tmp_path / "out").images.shape == (1, 60, 100)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"right": 201}, "does not lie in the image of 200 x 120"),
        ({"left": 10, "right": 10}, "does not lie in the image"),
        ({"left": np.nan}, "does not lie in the image"),
        ({"image": "b.png"}, "b.png"),
        ({"target": "a/b"}, "target `a/b`"),
        ({"left": np.nan, "top": np.nan, "right": np.nan, "bottom": np.nan}, "absent and has no template"),
    ],
)
def test_wrong_tables_are_named(tmp_path, change, expected):
    rows = [{"image": "a.png", "left": 0, "top": 0, "right": 10, "bottom": 10, **change}]
    write(tmp_path, rows, {"a.png": np.zeros((120, 200), np.uint8)})
    with pytest.raises(DataError, match=expected):
        table_scenes(tmp_path, options())


def test_a_missing_column_is_named(tmp_path):
    write(tmp_path, [{"image": "a.png", "left": 0}], {"a.png": np.zeros((120, 200), np.uint8)})
    with pytest.raises(DataError, match="column `top` is missing"):
        table_scenes(tmp_path, options())


def test_rows_are_drawn_by_the_seed():
    assert drawn_rows(5, None, 0).tolist() == drawn_rows(5, 9, 0).tolist() == [0, 1, 2, 3, 4]
    some = drawn_rows(700, 60, 3)
    assert len(set(some)) == 60
    assert (np.diff(some) > 0).all()
    assert some.tolist() == drawn_rows(700, 60, 3).tolist() != drawn_rows(700, 60, 4).tolist()


def test_images_on_disk_are_read_when_asked_for(tmp_path, monkeypatch):
    pictures = np.random.default_rng(0).integers(0, 255, (3, 8, 9), dtype=np.uint8)
    for k, picture in enumerate(pictures):
        Image.fromarray(picture).save(tmp_path / f"{k}.png")
    files = ImageFiles([tmp_path / f"{k}.png" for k in range(3)])
    assert (files.shape, files.ndim, len(files), files.dtype) == ((3, 8, 9), 3, 3, np.uint8)
    (tmp_path / "1.png").unlink()
    np.testing.assert_array_equal(files[2], pictures[2])
    with pytest.raises(DataError, match=r"1\.png"):
        files[1]
    Image.fromarray(pictures[0][:4]).save(tmp_path / "1.png")
    with pytest.raises(DataError, match="several sizes"):
        ImageFiles([tmp_path / f"{k}.png" for k in range(3)])
    with pytest.raises(DataError, match="or none"):
        ImageFiles([])


def test_boxes_that_lie_within():
    frame = pd.DataFrame(
        {"stimulus": ["a"], "width": [10], "height": [8], "left": [0], "top": [0], "right": [10], "bottom": [8]}
    )
    check_boxes(frame, "x")
    with pytest.raises(DataError, match="a: the box"):
        check_boxes(frame.assign(bottom=9), "x")
