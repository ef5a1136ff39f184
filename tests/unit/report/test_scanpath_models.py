"""Figures of scanpath models: they are drawn, also where a model has no density."""

import numpy as np
import pandas as pd

from cogmodels.report.scanpath_models import plot_comparison, plot_overlay, plot_scanpaths
from cogmodels.report.style import save_figure

RNG = np.random.default_rng(0)


def paths(n):
    return [np.column_stack([RNG.uniform(0, 79, 5), RNG.uniform(0, 59, 5), RNG.uniform(0.1, 0.4, 5)]) for _ in range(n)]


def drawn(figure, path):
    save_figure(figure, path)
    return path.stat().st_size > 5000


def test_scanpaths_beside_peoples(tmp_path):
    names = ["a.jpg", "b.jpg", "c.jpg"]
    images = {name: RNG.integers(0, 255, (60, 80, 3), dtype=np.uint8) for name in names}
    values = {
        who: {name: RNG.normal(size=50) for name in ("amplitude", "direction", "duration")}
        for who in ("people", "model")
    }
    steps = pd.DataFrame({"index": np.tile(np.arange(5), 20), "cig_bits": RNG.normal(1, 1, 100)})
    for number, given in enumerate((steps, steps.assign(cig_bits=np.nan))):
        figure = plot_scanpaths(
            images, *({n: paths(3) for n in names} for _ in range(2)), {n: paths(1)[0] for n in names}, given, values,
            title="t",
        )  # fmt: skip
        assert drawn(figure, tmp_path / f"{number}.png")
    panel = figure.axes[8]
    assert "no density" in panel.texts[0].get_text()
    assert drawn(plot_overlay(images["a.jpg"], paths(5), title="a.jpg"), tmp_path / "overlay.png")


def test_models_beside_chance_and_people(tmp_path):
    rows = [
        (name, metric, value, value - 0.1, value + 0.1, 0.0, 0.9)
        for value, name in enumerate(("one", "two"))
        for metric in ("cig_bits", "sequence_score", "crps_scanmatch")
        if (name, metric) != ("one", "cig_bits")
    ]
    columns = ["experiment", "metric", "value", "ci_low", "ci_high", "chance", "ceiling"]
    figure = plot_comparison(pd.DataFrame(rows, columns=columns), title="t")
    assert drawn(figure, tmp_path / "models.png")
    assert [text.get_text() for text in figure.axes[0].texts] == ["no density"]
    assert "less is better" in figure.axes[2].get_title(loc="left")
