"""Scores of scanpath models: known answers, people as the ceiling, comparison image by image."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import wasserstein_distance

from cogmodels.metrics.scanpath.consistency import ComparisonSettings
from cogmodels.scanpath.evaluate import _wasserstein, score_runs
from cogmodels.scanpath.grid import Grid
from cogmodels.scanpath.run import run_model
from cogmodels.scanpath.score import score_likeness
from cogmodels.scanpath.summary import compare_models, image_units, summarise_images
from cogmodels.scanpath.tables import paths_by_image

SETTINGS = ComparisonSettings((160.0, 120.0), 10.0)


def random_paths(rng, n):
    return [
        np.column_stack([rng.uniform(0, 159, 5), rng.uniform(0, 119, 5), rng.uniform(0.1, 0.4, 5)]) for _ in range(n)
    ]


def test_people_as_a_model_of_themselves_reach_the_ceiling_and_other_images_do_not():
    rng = np.random.default_rng(0)
    base = {name: random_paths(rng, 1)[0] for name in ("a", "b", "c", "d")}
    people, samples = (
        {
            name: [np.maximum(path + [3, 3, 0.01] * rng.normal(size=path.shape), 0.01) for _ in range(6)]
            for name, path in base.items()
        }
        for _ in range(2)
    )
    images = score_likeness(people, samples, SETTINGS)
    means = images.groupby("metric")[["value", "chance", "ceiling"]].mean()
    assert means.loc["scanmatch", "value"] == pytest.approx(means.loc["scanmatch", "ceiling"], abs=0.03)
    assert means.loc["scanmatch", "value"] > means.loc["scanmatch", "chance"] + 0.3
    assert means.loc["crps_scanmatch", "value"] < means.loc["crps_scanmatch", "chance"] - 0.2
    scores = summarise_images(images, bootstrap=200).set_index("metric")
    means = image_units(images).groupby("metric")["value"].mean()
    pd.testing.assert_series_equal(means[scores.index], scores["value"], check_names=False)
    assert (scores["n"] == 4).all()
    assert scores.loc["sequence_score", "p"] == pytest.approx(1 / 16)
    assert (scores["ci_low"] <= scores["value"]).all()
    assert (scores["value"] <= scores["ci_high"]).all()


def test_images_without_a_chance_have_no_say_in_p():
    rows = [(f"i{k}", "multimatch_position", 0.8 + 0.01 * k, np.nan if k == 0 else 0.5, 0.9) for k in range(9)]
    rows += [(f"i{k}", "cig_bits", 0.0, 0.0, 1.0) for k in range(9)]
    rows += [(f"i{k}", "duration_log_likelihood", 1.0, np.nan, np.nan) for k in range(9)]
    columns = ["stimulus", "metric", "value", "chance", "ceiling"]
    scores = summarise_images(pd.DataFrame(rows, columns=columns), bootstrap=100).set_index("metric")["p"]
    assert scores["multimatch_position"] == pytest.approx(1 / 2**8)
    assert scores["cig_bits"] == 1
    assert np.isnan(scores["duration_log_likelihood"])


def test_the_better_model_wins_whichever_way_the_metric_goes():
    rows = [
        (f"i{k}", metric, value + 0.01 * k)
        for k in range(10)
        for metric, value in (("scanmatch", 0.3), ("crps_dtw", 5.0))
    ]
    good = pd.DataFrame(rows, columns=["stimulus", "metric", "value"])
    poor = good.assign(value=good["value"] + np.where(good["metric"] == "scanmatch", -0.1, 0.1))
    table = compare_models({"good": good, "poor": poor}, bootstrap=200).set_index(["metric", "experiment"])
    np.testing.assert_allclose(table["difference"].xs("good", level="experiment"), 0.1)
    assert (table["p"].xs("good", level="experiment") < 0.01).all()
    assert (table["p"].xs("poor", level="experiment") > 0.9).all()


def test_a_run_is_scored_from_its_files(fixations, splits):
    config = {"model": "centre_bias", "cell_px": 10.0, "samples": 4, "typical_of": 6, "seed": 0, "maps": {}}
    run = run_model(config, fixations, splits, [], size_px=(160, 120))
    assert run.steps["cig_bits"].dropna().abs().max() < 1e-9
    images, distances, persons = score_runs(
        [run.predictions] * 2, [run.typical] * 2, [run.steps] * 2, fixations, splits, SETTINGS, cell_px=10.0
    )
    assert sorted(images["run"].unique()) == [0, 1]
    # A person's values, averaged over people, are the image's.
    wished = images[(images["metric"] == "scanmatch") & (images["run"] == 0)].set_index("stimulus")["value"]
    mine = persons[(persons["metric"] == "scanmatch") & (persons["run"] == 0)]
    pd.testing.assert_series_equal(mine.groupby("stimulus")["value"].mean(), wished.sort_index(), rtol=1e-9)
    assert set(distances["quantity"]) == {"amplitude", "direction", "duration", "length"}
    assert {"log_likelihood_bits", "cnss", "cauc", "sequence_score", "crps_scanmatch", "scanmatch_typical"} <= set(
        images["metric"]
    )
    assert all(len(mine) == 4 for mine in paths_by_image(run.predictions).values())


def test_distances_of_distributions_are_scipys():
    rng = np.random.default_rng(2)
    for sizes in ((40, 40), (7, 90), (1, 5)):
        one, other = rng.normal(size=sizes[0]), rng.gamma(2.0, size=sizes[1]).round(1)
        assert _wasserstein(one, other) == pytest.approx(wasserstein_distance(one, other), rel=1e-12)


def test_cells_hold_the_whole_image():
    grid = Grid.of_side((160.0, 120.0), 10.0)
    assert grid.cells == (12, 16)
    assert [int(v) for v in np.ravel(grid.index([-0.5, 159.4, 9.4, 9.6], [-0.5, 119.4, 0, 0]))] == [
        0,
        11,
        0,
        0,
        0,
        15,
        0,
        1,
    ]
    places = grid.draw(np.eye(12, 16), 50, np.random.default_rng(0))
    row, column = grid.index(*places.T)
    assert (row == column).all()
