"""Scenes that are made up: pieces of photographs, and collages of rendered covers."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cogmodels.config.search import CoverScenes, CutoutScenes
from cogmodels.data.bids import write_tsv
from cogmodels.data.displays import read_displays
from cogmodels.data.scenes import write_scenes
from cogmodels.errors import DataError
from cogmodels.stimuli.covers import cover_scenes, draw_collage, fit_cover, grid_cell, infer_grid
from cogmodels.stimuli.cutouts import choose_piece, cutout_scenes

SHARED = {"title": "x", "size": [120, 60], "px_per_degree": 10.0}


def half_textured(side=120):
    """Flat on the left, a chessboard of 4 px on the right."""
    image = np.full((side, side), 100, np.uint8)
    rows, columns = np.indices(image.shape) // 4
    image[:, side // 2 :] = (255 * ((rows + columns) % 2)).astype(np.uint8)[:, side // 2 :]
    return image


def test_a_piece_has_contrast_and_lies_away_from_the_middle():
    image = half_textured()
    places = np.array([choose_piece(image, 20, np.random.default_rng(k), away_px=30) for k in range(200)])
    lefts, tops = places.T
    # Flat pieces are below the median, which some texture has: none of them is chosen.
    assert (lefts + 20 > 60).all()
    assert (np.hypot(lefts + 9.5 - 59.5, tops + 9.5 - 59.5) >= 30).all()
    assert len(np.unique(places, axis=0)) > 20
    assert (places >= 0).all()
    assert (places <= 100).all()
    with pytest.raises(DataError, match="no place"):
        choose_piece(image, 20, np.random.default_rng(0), away_px=100)
    with pytest.raises(DataError, match="no place"):
        choose_piece(image, 130, np.random.default_rng(0))


def test_pieces_hang_on_the_picture_alone(tmp_path):
    rng = np.random.default_rng(1)
    for k in range(6):
        Image.fromarray(rng.integers(0, 255, (60, 120, 3), dtype=np.uint8)).save(tmp_path / f"{k}.png")
    options = CutoutScenes.model_validate(
        {**SHARED, "kind": "cutouts", "images": "*.png", "target_px": 16}
    ).model_dump()
    whole = cutout_scenes(tmp_path, options).trials.set_index("stimulus")
    some = cutout_scenes(tmp_path, {**options, "limit": 3}).trials.set_index("stimulus")
    box = ["left", "top", "right", "bottom"]
    assert len(some) == 3
    pd.testing.assert_frame_equal(some[box], whole.loc[some.index, box])
    write_scenes(tmp_path / "out", cutout_scenes(tmp_path, options), options, "pieces")
    displays = read_displays(tmp_path / "out")
    for trial, row in displays.trials.iterrows():
        piece = displays.images[trial][row["top"] : row["bottom"], row["left"] : row["right"]]
        np.testing.assert_array_equal(piece, displays.targets[row["target"]])
    with pytest.raises(DataError, match="no image fits"):
        cutout_scenes(tmp_path, {**options, "images": "*.jpg"})


def collages(n=40, rows=4, columns=9, seed=0):
    """Boxes of targets in a grid, each a little beside the middle of its cell."""
    rng = np.random.default_rng(seed)
    width, height = 900, 480
    found = []
    for k in range(n):
        row, column = divmod(k % (rows * columns), columns)
        x, y = (column + 0.5) * width / columns, (row + 0.5) * height / rows
        half = rng.integers(38, 46), rng.integers(48, 56)
        x, y = x + rng.integers(-6, 7), y + rng.integers(-4, 5)
        found.append(
            {
                "image": f"{k}.jpg", "width": width, "height": height, "target": f"t{k % 3}",
                "left": int(x - half[0]), "top": int(y - half[1]), "right": int(x + half[0]), "bottom": int(y + half[1]),
            }
        )  # fmt: skip
    return pd.DataFrame(found)


def test_the_grid_follows_from_the_boxes():
    assert infer_grid(collages()) == (4, 9)
    assert infer_grid(collages(rows=3, columns=5)) == (3, 5)
    assert grid_cell((0, 0, 10, 10), (900, 480), (4, 9)) == (0, 0)
    assert grid_cell((890, 470, 900, 480), (900, 480), (4, 9)) == (3, 8)


def test_collages_have_the_target_in_its_place_and_other_covers_elsewhere(tmp_path):
    write_tsv(tmp_path / "t.tsv", collages(n=6))
    options = CoverScenes.model_validate(
        {**SHARED, "size": [900, 480], "kind": "covers", "table": "t.tsv", "grid": [4, 9], "background": 255}
    ).model_dump()
    source = cover_scenes(tmp_path, options)
    assert (source.trials["set_size"] == 36).all()
    for k in (0, 3):
        image, row = source.image(k, (900, 480)), source.trials.iloc[k]
        shown = image[row["top"] : row["bottom"], row["left"] : row["right"]]
        template = source.template(row["target"], 1.0)
        resized = np.asarray(Image.fromarray(template).resize(shown.shape[1::-1]), dtype=float)
        alike = np.corrcoef(resized.ravel(), shown.ravel())[0, 1]
        assert alike > 0.95
        # Between the covers lies the ground.
        assert (image[:, 0] == 255).all()
    # All cells hold covers of their own.
    image = source.image(0, (900, 480))
    cells = [image[r * 120 + 20 : r * 120 + 100, c * 100 + 20 : c * 100 + 80] for r in range(4) for c in range(9)]
    assert len({cell.tobytes() for cell in cells}) == 36
    np.testing.assert_array_equal(image, cover_scenes(tmp_path, options).image(0, (900, 480)))
    assert (image != cover_scenes(tmp_path, {**options, "seed": 1}).image(0, (900, 480))).mean() > 0.5
    with pytest.raises(DataError, match="across the cells of a grid of 4 x 13"):
        cover_scenes(tmp_path, {**options, "grid": (4, 13)})


def test_covers_at_the_edge_are_cut():
    image = draw_collage((100, 60), (2, 4), (-5.0, -5.0, 15.0, 20.0), 1, list(range(8)))
    np.testing.assert_array_equal(image[:20, :15], fit_cover(1, (20, 25))[5:, 5:])
