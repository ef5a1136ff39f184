"""Figures of models of every voxel: drawn for one band and for several, with and without a ceiling."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.report.maps import plot_encoding, plot_searchlight

MASK = np.ones((5, 4, 3), bool)


def voxels(**columns):
    rng = np.random.default_rng(0)
    names = ("r", "ceiling", "r_normalised", "q", "r2", "r2_all")
    return pd.DataFrame({name: rng.random(MASK.sum()) for name in names}).assign(**columns)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "r over its ceiling"),
        ({"r2_other": -0.1}, "R2, mean of voxels"),
        ({"ceiling": np.nan, "r_normalised": np.nan}, "r"),
    ],
)
def test_an_encoding_model_is_drawn(columns, words):
    figure = plot_encoding(voxels(**columns), MASK, title="SIMULATED")
    figure.draw_without_rendering()
    labels = [axes.get_xlabel() for axes in figure.axes] + [axes.get_ylabel() for axes in figure.axes]
    assert words in labels
    found = (voxels()["q"] < 0.05).sum()
    assert f"{found} of 60 voxels" in figure.axes[0].get_title(loc="left")


def test_a_searchlight_is_drawn_with_its_chance():
    table = voxels(accuracy=np.linspace(0.1, 0.6, 60), chance=0.125, p_family=0.5)
    figure = plot_searchlight(table.assign(above_chance=table["accuracy"] - 0.125), MASK, title="light")
    figure.draw_without_rendering()
    assert "chance (0.125)" in [text.get_text() for text in figure.axes[1].get_legend().get_texts()]


def test_another_mask_is_refused():
    with pytest.raises(DataError, match="60 voxels for a mask of 30"):
        plot_encoding(voxels(), np.arange(60).reshape(5, 4, 3) % 2 > 0, title="")
