"""Slopes and asymmetries: people's row, the published model's, and what permutations say of chance."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.report.search import plot_asymmetries
from cogmodels.report.style import house_style
from cogmodels.search.analysis import (
    asymmetry_index,
    asymmetry_table,
    cumulative_found,
    efficiency,
    hard_and_easy,
    human_slopes,
    score_searches,
    slope,
    slope_correlation,
    slopes_of_trials,
)
from cogmodels.search.searcher import RT_MS_PER_FIXATION
from cogmodels.search.stimuli import EXPERIMENTS
from cogmodels.search.units import display_units

HUMAN = [0.809, 0.701, 0.362, 0.404, 0.611, 0.500]
# eccNET's mean fixations (published outputs, rounded), and its indices.
ECCNET = {
    "curve_in_lines": [1.00, 1.00, 1.00], "line_in_curves": [1.17, 1.37, 1.60], "top_down": [1.00, 1.00, 1.00],
    "left_right": [1.00, 1.40, 1.37], "non_cross": [1.53, 1.86, 2.31], "cross": [2.00, 3.25, 4.31],
    "Ts": [1.03, 1.14, 1.31], "Ls": [1.75, 2.72, 4.11], "homo_t20": [1.00, 1.97, 3.63, 5.33], "homo_t0": [1.0] * 4,
    "hetero_t0": [1.00, 1.00, 1.03, 1.07], "hetero_t20": [1.00, 1.17, 1.40, 1.60],
}  # fmt: skip
INDICES = [1.000, 1.000, 0.495, 0.789, -1.000, 0.791]


def indices(times):
    found = []
    for experiment in EXPERIMENTS.values():
        pair = [slope(experiment.set_sizes, times[condition.name]) for condition in hard_and_easy(experiment)]
        found.append(asymmetry_index(*pair))
    return found


def test_peoples_row():
    people = {name: times for e in EXPERIMENTS.values() for name, times in e.human_rt_ms.items()}
    found = indices(people)
    np.testing.assert_allclose(found, HUMAN, atol=5e-4)
    assert np.mean(found) == pytest.approx(0.564, abs=5e-4)
    slopes = [value for e in EXPERIMENTS.values() for value in human_slopes(e).values()]
    expected = [0.800, 7.589, 4.205, 23.883, 45, 96, 14, 33, 2.377, 9.856, 23.732, 71.120]
    np.testing.assert_allclose(slopes, expected, atol=5e-4)


def test_the_published_models_row():
    found = indices(ECCNET)
    np.testing.assert_allclose(found, INDICES, atol=0.01)
    assert np.mean(found) == pytest.approx(0.513, abs=0.01)
    rows = [
        {"human": human_slopes(e)[c.name], "slope": RT_MS_PER_FIXATION * slope(e.set_sizes, ECCNET[c.name])}
        for e in EXPERIMENTS.values()
        for c in e.conditions
    ]
    r, p, n = slope_correlation(pd.DataFrame(rows))
    assert (r, p, n) == (pytest.approx(0.400, abs=0.01), pytest.approx(0.20, abs=0.01), 12)


def test_by_hand():
    assert slope([1, 2, 3], [10, 20, 30]) == pytest.approx(10)
    assert asymmetry_index(3, 1) == 0.5
    assert asymmetry_index(5, -1) == 1
    assert asymmetry_index(-5, 1) == -1
    assert asymmetry_index(-1, -2) == 0
    assert [efficiency(value) for value in (4, 7, 20)] == ["efficient", "intermediate", "inefficient"]
    np.testing.assert_allclose(cumulative_found([1, 1, 0, 1], [1, 3, 9, 2], 4), [0.25, 0.5, 0.75, 0.75])
    with pytest.raises(DataError, match="one set size"):
        slope([4, 4], [1, 2])


def trials(gains, repeats=30, seed=0):
    """Reaction times with a slope of one's own in each condition, and noise."""
    rng = np.random.default_rng(seed)
    rows = []
    for experiment in EXPERIMENTS.values():
        for condition in experiment.conditions:
            for n in experiment.set_sizes:
                times = 400 + gains[condition.name] * n + rng.normal(0, 100, repeats)
                rows += [
                    {
                        "experiment": experiment.name,
                        "condition": condition.name,
                        "set_size": n,
                        "rt_ms": t,
                        "found": True,
                        "n_fixations": 1,
                    }
                    for t in times
                ]
    return pd.DataFrame(rows)


def test_scores_of_a_model_like_people_and_of_one_without_asymmetry():
    experiments = list(EXPERIMENTS.values())
    people = {name: value for e in experiments for name, value in human_slopes(e).items()}
    scores = score_searches(trials(people), experiments, resamples=500).set_index(["protocol", "metric"])
    mean = scores.loc[("all", "mean_asymmetry_index")]
    assert mean["ci_low"] < 0.564 < mean["ci_high"]
    assert mean["ceiling"] == pytest.approx(0.564, abs=5e-4)
    assert mean["p"] < 0.01
    assert scores.loc[("all", "human_polarity_count"), "value"] == 6
    assert scores.loc[("all", "human_polarity_count"), "p"] < 0.05
    assert (scores.loc[[key for key in scores.index if key[1] == "slope_ms_per_item"], "p"] <= 1).all()
    assert scores.loc[("cross", "slope_ms_per_item"), "p"] < 0.01
    assert not scores.drop(columns="ceiling").isna().any().any()
    assert scores.loc[("all", "slope_correlation"), "value"] > 0.98
    same = score_searches(trials(dict.fromkeys(people, 20.0)), experiments, resamples=500)
    same = same.set_index(["protocol", "metric"])
    assert abs(same.loc[("all", "mean_asymmetry_index"), "value"]) < 0.15
    assert same.loc[("all", "mean_asymmetry_index"), "p"] > 0.01


def test_units_have_the_scores_as_their_means():
    experiments = list(EXPERIMENTS.values())
    people = {name: value for e in experiments for name, value in human_slopes(e).items()}
    found = trials(people, repeats=6)
    number = found.groupby(["condition", "set_size"]).cumcount()
    found = found.assign(number=number, found=number % 3 > 0)
    # Of two seeds one unit is made.
    twice = pd.concat([found, found.assign(found=True)])
    scores = score_searches(twice, experiments, resamples=20)
    units = display_units(twice, scores, experiments)
    sizes = units.groupby(["metric", "unit_of_n"]).size().to_dict()
    assert sizes[("mean_asymmetry_index", "display experiment")] == 6
    assert sizes[("found_rate", "display")] == sizes[("auc_performance", "display")] == len(found)
    whole = scores[scores["protocol"] == "all"].set_index("metric")["value"]
    means = units.groupby("metric")["value"].mean()
    pd.testing.assert_series_equal(means, whole[means.index], check_names=False)


def test_models_beside_people_in_one_table():
    experiments = list(EXPERIMENTS.values())
    people = {name: value for e in experiments for name, value in human_slopes(e).items()}
    scores = pd.concat(
        [
            score_searches(trials(gains), experiments, resamples=100).assign(experiment=name)
            for name, gains in (("alike", people), ("flat", dict.fromkeys(people, 20.0)))
        ]
    )
    table = asymmetry_table(scores, experiments).set_index("model")
    assert list(table.index) == ["people", "alike", "flat"]
    names = [experiment.name for experiment in experiments]
    np.testing.assert_allclose(table.loc["people", names].astype(float), HUMAN, atol=5e-4)
    assert table.loc["people", "human_polarity_count"] == table.loc["alike", "human_polarity_count"] == 6
    assert table.loc["alike", "mean_low"] < 0.564 < table.loc["alike", "mean_high"]
    assert np.isnan(table.loc["people", "mean_low"])
    apart = np.abs(table.loc["flat", names].astype(float) - HUMAN).mean()
    assert table.loc["flat", "distance_to_people"] == pytest.approx(apart, abs=1e-3)
    assert table.loc["people", "distance_to_people"] == 0
    # A model that has searched some of the displays has gaps, not zeros.
    some = scores[(scores["experiment"] == "alike") & (scores["protocol"] != "t-l")]
    assert np.isnan(asymmetry_table(some, experiments).set_index("model").loc["alike", "t-l"])
    with house_style():
        figure = plot_asymmetries(table.reset_index(), experiments, title="two models")
    shown = {text.get_text() for text in figure.axes[0].texts}
    assert {"+0.81", f"{table.loc['flat', 'mean']:+.2f}"} <= shown


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    experiment = EXPERIMENTS["t-l"]
    inside = 0
    for seed in range(60):
        mine = trials(dict.fromkeys((c.name for e in EXPERIMENTS.values() for c in e.conditions), 20.0), seed=seed)
        slopes = slopes_of_trials(mine[mine["experiment"] == "t-l"], [experiment], resamples=300).slopes
        inside += int(((slopes["ci_low"] <= 20) & (slopes["ci_high"] >= 20)).iloc[0])
    assert 50 <= inside <= 60


def test_flat_searches_are_flat():
    flat = trials(dict.fromkeys((c.name for e in EXPERIMENTS.values() for c in e.conditions), 0.0), repeats=2)
    scores = score_searches(flat.assign(rt_ms=630.0 + 1 / 3), list(EXPERIMENTS.values()), resamples=200)
    assert not scores.drop(columns="ceiling").isna().any().any()
    rates = scores["metric"].isin(["found_rate", "auc_performance"])
    assert (scores.loc[rates, ["value", "ci_low", "ci_high"]] == 1).all().all()
    assert (scores.loc[~rates, ["value", "ci_low", "ci_high"]] == 0).all().all()
    assert ((scores["ci_low"] <= scores["value"]) & (scores["value"] <= scores["ci_high"])).all()


def test_missing_cells_are_named():
    mine = trials(dict.fromkeys((c.name for e in EXPERIMENTS.values() for c in e.conditions), 20.0), repeats=2)
    mine = mine[~((mine["condition"] == "Ls") & (mine["set_size"] == 9))]
    with pytest.raises(DataError, match="no trials of Ls with 9 items"):
        slopes_of_trials(mine, [EXPERIMENTS["t-l"]])
