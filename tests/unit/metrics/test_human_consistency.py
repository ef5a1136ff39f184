"""Human consistency: every metric in one table, and its summary."""

import itertools

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.metrics.human_consistency import human_consistency, more_is_alike, summarise_consistency
from cogmodels.metrics.saliency.consistency import SALIENCY_METRICS
from cogmodels.metrics.scanpath.consistency import SCANPATH_METRICS
from cogmodels.metrics.uncertainty import sign_flip_p
from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.scanpath import plot_consistency

pytestmark = pytest.mark.slow


def fixations(people=5, images=4, shared=True):
    """People who look at the same three places of an image in the same order, or each at places of their own."""
    rows = []
    for image, person in itertools.product(range(images), range(people)):
        generator = np.random.default_rng([image, 0 if shared else person])
        places = generator.uniform([10, 10], [150, 110], (6, 2))
        places += np.random.default_rng([image, person]).normal(0, 3, (6, 2))
        for index, (x, y) in enumerate(places):
            rows.append((f"p{person}", f"i{image}", index, x, y, 0.2 + 0.02 * index))
    return pd.DataFrame(rows, columns=["subject", "stimulus", "index", "x", "y", "duration"])


@pytest.fixture(scope="module")
def persons():
    return human_consistency(fixations(), (160, 120), 8.0)


def test_every_metric_of_every_person(persons):
    own = {name for metric in SCANPATH_METRICS for name in metric.names}
    proper = {f"crps_{name}" for metric in SCANPATH_METRICS if metric.unit != "%" for name in metric.names}
    assert set(persons["metric"]) == own | proper | set(SALIENCY_METRICS)
    assert (persons.groupby("metric").size() == 5).all()
    assert set(persons["metric"]) <= set(METRIC_NAMES)


def test_people_who_look_alike_are_above_chance_in_each_metrics_direction(persons):
    scores = summarise_consistency(persons).set_index("metric")
    # Grouping merges the few saccades there are; laminarity needs dwelling.
    for metric in scores.index.difference(["cross_laminarity"]):
        if "grouped" in metric or metric.endswith(("_duration", "_length", "_vector")):
            continue
        row = scores.loc[metric]
        assert (row["value"] > row["chance"]) == more_is_alike(metric), metric
        # All 32 sign flips of five people.
        assert row["p"] == pytest.approx(1 / 32), metric
        assert row["ci_low"] <= row["value"] <= row["ci_high"], metric
    assert (scores["n"] == 5).all()


def test_people_who_share_nothing_are_at_chance():
    scores = summarise_consistency(human_consistency(fixations(shared=False), (160, 120), 8.0)).set_index("metric")
    assert (scores.drop(index=[name for name in scores.index if "multimatch" in name])["p"] > 0.03).mean() > 0.8
    for metric in ("scanmatch", "cc", "crps_dtw"):
        row = scores.loc[metric]
        assert abs(row["value"] - row["chance"]) < 0.25 * max(abs(row["chance"]), 1.0), metric


def test_one_process_or_two_give_the_same(persons):
    pd.testing.assert_frame_equal(persons, human_consistency(fixations(), (160, 120), 8.0, jobs=2))


def test_the_figure_has_a_row_a_metric(persons):
    figure = plot_consistency(persons, summarise_consistency(persons), title="x")
    rows = sum(len(axes.get_yticks()) for axes in figure.axes)
    assert rows == persons["metric"].nunique()


def test_a_single_person_is_refused():
    with pytest.raises(DataError, match="two people"):
        human_consistency(fixations(people=1), (160, 120), 8.0)


def test_sign_flips_by_hand():
    # Of eight flips of 1, 2, 3 only the data themselves reach their mean.
    assert sign_flip_p([1, 2, 3]) == 1 / 8
    assert sign_flip_p([-1, -2, -3]) == 1
    assert sign_flip_p([1, 1, -1]) == 4 / 8
    assert np.isnan(sign_flip_p([]))


def test_drawn_flips_agree_with_all_flips():
    values = np.random.default_rng(0).normal(0.25, 1, 13)
    exact = sign_flip_p(values)
    drawn = sign_flip_p(np.r_[values, 1e-12], draws=50_000)
    assert drawn == pytest.approx(exact, abs=0.01)


def test_sign_flips_keep_their_level():
    generator = np.random.default_rng(1)
    found = [sign_flip_p(generator.normal(0, 1, 10)) for _ in range(400)]
    assert np.mean(np.array(found) <= 0.05) == pytest.approx(0.05, abs=0.03)
