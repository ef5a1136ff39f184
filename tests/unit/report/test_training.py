"""Figures of training show the numbers that they are given."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.report.style import save_figure
from cogmodels.report.training import plot_diet, plot_diet_comparison, plot_training


def curves(shift=0.0):
    epochs = np.arange(1, 5)
    return pd.DataFrame(
        {
            "epoch": epochs, "learning_rate": 0.1, "train_loss": 1 / epochs, "validation_loss": 1.2 / epochs,
            "train_accuracy": epochs / 5, "validation_accuracy": epochs / 6 + shift,
        }
    )  # fmt: skip


def test_learning_curves_have_a_line_a_seed_and_a_point_a_network(tmp_path):
    metrics = [{"accuracy": {"value": value, "chance": 0.125}} for value in (0.7, 0.8)]
    figure = plot_training([curves(), curves(0.1)], metrics, title="T")
    loss, accuracy, kept = figure.axes
    lines = [line for line in accuracy.lines if len(line.get_xdata()) == 4]
    assert len(lines) == 4
    np.testing.assert_allclose(lines[3].get_ydata(), np.arange(1, 5) / 6 + 0.1)
    np.testing.assert_allclose(kept.lines[0].get_ydata(), [0.7, 0.8])
    np.testing.assert_allclose(kept.lines[1].get_ydata(), 0.125)
    save_figure(figure, tmp_path / "curves.png")


def test_a_contact_sheet_shows_every_image(tmp_path):
    images = {name: [np.full((8, 8, 3), k, np.uint8) for k in range(3)] for name in ("a", "b")}
    figure = plot_diet(images, title="T")
    shown = [panel.images[0].get_array()[0, 0, 0] for panel in figure.axes if panel.images]
    assert shown == [0, 1, 2] * 2
    save_figure(figure, tmp_path / "diet.png")


@pytest.fixture
def compared():
    rows, networks = [], []
    for diet, index in (("up", 0.5), ("turned", -0.5)):
        for measure, value in (("index", index), ("hard", 20 * (1 + index)), ("easy", 20 * (1 - index))):
            rows.append(
                {
                    "diet": diet,
                    "experiment": "lighting",
                    "measure": measure,
                    "mean": value,
                    "ci_low": value - 0.2,
                    "ci_high": value + 0.2,
                    "human": 0.7,
                }
            )
        for seed in range(3):
            networks.append(
                {
                    "diet": diet,
                    "experiment": "lighting",
                    "seed": seed,
                    "index": index + (seed - 1) / 10,
                    "hard": 20 * (1 + index),
                    "easy": 20 * (1 - index),
                }
            )
    return pd.DataFrame(networks), pd.DataFrame(rows)


def test_diets_are_rows_from_the_top_with_points_mean_and_people(compared, tmp_path):
    figure = plot_diet_comparison(*compared, {"lighting": "Lighting"}, title="T")
    index, slopes = figure.axes
    assert [label.get_text() for label in index.get_yticklabels()] == ["turned", "up"]
    points = [line for line in index.lines if len(line.get_xdata()) == 3]
    np.testing.assert_allclose(points[0].get_xdata(), [-0.6, -0.5, -0.4])
    np.testing.assert_allclose(np.mean(points[1].get_ydata()), 1)
    assert any(np.allclose(line.get_xdata(), 0.7) for line in index.lines)
    means = [line for line in slopes.lines if line.get_marker() == "D"]
    assert sorted(float(line.get_xdata()[0]) for line in means) == [10, 10, 30, 30]
    save_figure(figure, tmp_path / "comparison.png")
