"""What attention costs and brings: known differences over images, seeds and costs."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.report.attention_costs import plot_costs
from cogmodels.report.style import save_figure
from cogmodels.scanpath.costs import attention_costs

PLAIN = {"encoder": "softmax", "decoder": "softmax", "cross": "softmax"}
ATTENTION = {
    "plain": {**PLAIN, "versus": "plain"},
    "better": {**PLAIN, "encoder": "agent", "versus": "plain"},
    "same": {**PLAIN, "decoder": "gaussian", "versus": "plain"},
    "alone": {**PLAIN, "cross": "key_driven", "versus": None},
}


def images(gain, seeds, wobble=0.0):
    rng = np.random.default_rng(0)
    base = rng.normal(size=30)
    rows = [
        (run, f"i{k}", metric, base[k] + gain + (run - (seeds - 1) / 2) * 0.2 + wobble * rng.normal(), 0.0, 3.0)
        for run in range(seeds)
        for k in range(30)
        for metric in ("cig_bits", "sequence_score", "cnss")
    ]
    return pd.DataFrame(rows, columns=["run", "stimulus", "metric", "value", "chance", "ceiling"])


@pytest.fixture(scope="module")
def costs():
    values = {
        "plain": images(0, 3), "better": images(0.5, 3, 0.05), "same": images(0, 3, 0.05), "alone": images(1, 1),
    }  # fmt: skip
    runs = {
        name: [
            {"ms_per_step": 10.0 + k, "fit_peak_mb": 900 + k, "fit_seconds": 60.0, "parameters": 5000} for k in range(3)
        ]
        for name in ATTENTION
    }
    runs["alone"] = [{"fit_peak_mb": 900}]
    return attention_costs(values, runs, ATTENTION, bootstrap=300).set_index("experiment")


def test_a_known_difference_is_found_image_by_image_and_no_other(costs):
    better, same = costs.loc["better"], costs.loc["same"]
    assert better["cig_bits_difference"] == pytest.approx(0.5, abs=0.02)
    assert better["cig_bits_difference_ci_low"] > 0.45
    # Images differ by a standard deviation of 1, pairs of them hardly do.
    assert better["cig_bits_ci_high"] - better["cig_bits_ci_low"] > 0.4
    assert better["cig_bits_p"] < 0.001
    assert same["cig_bits_p"] > 0.05
    # Two are compared with softmax: the smaller p counts twice.
    assert better["cig_bits_p_holm"] == pytest.approx(2 * better["cig_bits_p"])
    assert same["cig_bits_p_holm"] == pytest.approx(same["cig_bits_p"])


def test_seeds_spread_and_costs_are_told(costs):
    assert costs.loc["plain", "cig_bits_seed_sd"] == pytest.approx(0.2)
    assert costs.loc["plain", ["seeds", "images", "ms_per_step"]].tolist() == [3, 30, 11.0]
    assert costs.loc["plain", ["ms_per_step_min", "ms_per_step_max"]].tolist() == [10.0, 12.0]
    assert costs.loc["plain", ["peak_mb", "parameters"]].tolist() == [902, 5000]
    assert costs.loc["plain", "cig_bits_ceiling"] == 3


def test_a_network_without_a_reference_or_costs_has_no_such_numbers(costs):
    missing = ["cig_bits_difference", "cig_bits_p", "cig_bits_p_holm", "cig_bits_seed_sd", "ms_per_step", "parameters"]
    assert costs.loc["alone", missing].isna().all()
    assert np.isnan(costs.loc["plain", "cig_bits_difference"])


def test_the_figure_names_reference_and_mechanisms(costs, tmp_path):
    figure = plot_costs(costs.reset_index(), title="SIMULATED, attention")
    save_figure(figure, tmp_path / "costs.png")
    said = [text.get_text() for text in figure.axes[1].texts]
    assert said.count("reference") == said.count("none to compare with") == 1
    assert any("agent (encoder)" in label.get_text() for label in figure.axes[0].get_yticklabels())
