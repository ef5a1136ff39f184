"""Figures of models of objects: they are drawn, and say that pictures are rendered."""

import numpy as np
import pandas as pd

from cogmodels.metrics.scanpath.behaviour import BEHAVIOUR
from cogmodels.report.objects import plot_objects
from cogmodels.report.style import save_figure
from cogmodels.scanpath.objects.layouts import grid_objects, layouts_of
from cogmodels.scanpath.objects.sequences import sequence_table
from cogmodels.stimuli.covers import cover_patches


def test_scanpaths_over_rendered_layouts(tmp_path):
    rng = np.random.default_rng(0)
    box = {"left": 62, "top": 32, "right": 78, "bottom": 58}
    scenes = pd.DataFrame({"image": [f"s{k}" for k in range(3)], "width": 80, "height": 60, "target": "cat", **box})
    objects = grid_objects(scenes, (2, 4))
    pictures = cover_patches(objects, dict.fromkeys(scenes["image"], "cat"), (20, 30))
    # Seven other objects in each scene; the target looks the same in all.
    assert pictures["patches"].shape == (3 * 7 + 1, 30, 20, 3)
    assert len(set(pictures["patch"][objects["target"]])) == 1
    assert (np.bincount(pictures["patch"]) == 1).sum() == 3 * 7
    layouts = layouts_of(objects, scenes, pictures)
    drawn = {name: [rng.integers(0, 8, 6) for _ in range(3)] for name in layouts.names}
    tables = [sequence_table(drawn, layouts, who) for who in ("p", "sample", "greedy")]
    steps = pd.DataFrame({"index": np.tile(np.arange(5), 20), "probability": rng.uniform(size=100)})
    shares = {who: [0.5, 6.0, 0.7, 0.2, 0.1] for who in ("model", "people", "chance")}
    behaviour = pd.DataFrame({"behaviour": BEHAVIOUR, **shares})
    figure = plot_objects(layouts, tables[0], pd.concat(tables[1:]), steps, behaviour, title="oat")
    assert "RENDERED" in figure.get_suptitle()
    # What is drawn of each scene: two paths, and the frame around the target.
    assert [len(panel.lines) for panel in figure.axes[:3]] == [3, 3, 3]
    save_figure(figure, tmp_path / "objects.png")
    assert (tmp_path / "objects.png").stat().st_size > 5000
