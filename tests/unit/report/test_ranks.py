"""Tests between experiments, ranks and their figure, on tables whose answers are known."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.data.units import UNIT_COLUMNS, read_units, write_units
from cogmodels.errors import DataError
from cogmodels.report.compare import comparison_page
from cogmodels.report.learning import gather_curves, plot_learning
from cogmodels.report.ranks import PAIR_COLUMNS, RANK_COLUMNS, compare_pairs, plot_ranks, rank_experiments


def units_of(values, metric="accuracy", dataset="d", protocol="p", unit="subject"):
    """Values of each experiment, one a unit."""
    rows = [
        ("s", "decoding", dataset, name, protocol, metric, unit, f"{place:02d}", value)
        for name, some in values.items()
        for place, value in enumerate(some)
    ]
    return pd.DataFrame(rows, columns=UNIT_COLUMNS)


BEST, SECOND, WORST = np.arange(6) / 10 + 0.3, np.arange(6) / 10 + 0.2, np.arange(6) / 10


def test_every_pair_once_with_its_direction():
    pairs = compare_pairs(units_of({"a": BEST, "b": SECOND, "c": WORST}))
    assert list(pairs) == PAIR_COLUMNS
    assert pairs[["experiment", "versus", "better"]].to_numpy().tolist() == [
        ["a", "b", "a"], ["a", "c", "a"], ["b", "c", "b"],
    ]  # fmt: skip
    np.testing.assert_allclose(pairs["difference"], [0.1, 0.3, 0.2])
    # All six units differ alike: 2 / 2^6, and three tests.
    np.testing.assert_allclose(pairs["p"], 1 / 32)
    np.testing.assert_allclose(pairs["p_holm"], 3 / 32)
    assert set(pairs["smallest_p"]) == {1 / 32}
    assert set(pairs["tests"]) == {3}
    # Six units, three tests: even units that all differ alike are not told apart at .05.
    np.testing.assert_allclose(pairs["smallest_p_holm"], 3 / 32)


def test_the_page_says_where_no_difference_can_be_told():
    three, two = {"a": BEST, "b": SECOND, "c": WORST}, {"a": BEST, "b": SECOND}
    units = pd.concat([units_of(three), units_of(two, metric="cosine")])
    first = units.iloc[0]
    keys = [*units[["family", "dataset", "protocol", "experiment", "metric"]].drop_duplicates().itertuples(index=False)]
    scores = pd.DataFrame(keys).assign(value=0.5, ci_low=0.4, ci_high=0.6, chance=0.1, ceiling=1.0, p=0.01, n=6)
    differences = pd.DataFrame(index=pd.Index(list(three), name="experiment"))
    page = comparison_page(scores, differences, first["study"], pairs=compare_pairs(units))
    assert "No difference of accuracy can be told here" in page


def test_less_is_better_where_it_is():
    units = units_of({"a": BEST, "b": SECOND, "c": WORST}, metric="fixations_to_find")
    assert compare_pairs(units)["better"].tolist() == ["b", "c", "c"]
    assert rank_experiments(units)["experiment"].tolist() == ["c", "b", "a"]


def test_holm_is_over_protocols_and_not_over_metrics():
    one = units_of({"a": BEST, "b": SECOND})
    pairs = compare_pairs(pd.concat([one, one.assign(protocol="q"), one.assign(metric="cosine")]))
    assert pairs.set_index(["metric", "protocol"])["tests"].to_dict() == {
        ("accuracy", "p"): 2, ("accuracy", "q"): 2, ("cosine", "p"): 1,
    }  # fmt: skip
    # Other protocols, data sets and units are never paired.
    assert len(pairs) == 3


def test_only_shared_units_are_compared():
    units = units_of({"a": BEST, "b": [*SECOND[:5], np.nan], "c": WORST}).dropna()
    pairs = compare_pairs(units).set_index(["experiment", "versus"])["n"]
    assert pairs.to_dict() == {("a", "b"): 5, ("a", "c"): 6, ("b", "c"): 5}
    assert set(rank_experiments(units)["n"]) == {5}


def test_one_unit_has_no_p():
    pairs = compare_pairs(units_of({"a": [0.5], "b": [0.4]}))
    assert pairs[["p", "p_holm", "ci_low"]].isna().all(axis=None)
    assert pairs["tests"].tolist() == [0]


def test_ranks_with_ties_and_uncertainty():
    ranks = rank_experiments(units_of({"a": [1, 1, 1, 0, 1], "b": [1, 0, 0, 1, 0], "c": [0, 0, 0, 0, 0]}))
    assert list(ranks) == RANK_COLUMNS
    table = ranks.set_index("experiment")
    # By hand: unit by unit a = 1.5, 1, 1, 2.5, 1; b = 1.5, 2.5, 2.5, 1, 2.5; c = 3, 2.5, 2.5, 2.5, 2.5.
    np.testing.assert_allclose(table.loc[["a", "b", "c"], "mean_rank"], [1.4, 2.0, 2.6])
    assert (table["ci_low"] <= table["mean_rank"]).all()
    assert (table["mean_rank"] <= table["ci_high"]).all()
    np.testing.assert_allclose(table["critical_difference"], 2.3437 * np.sqrt(12 / 30), atol=1e-3)


def test_two_experiments_have_no_critical_difference():
    ranks = rank_experiments(units_of({"a": BEST, "b": WORST}))
    assert ranks[["friedman_p", "critical_difference"]].isna().all(axis=None)


def test_nothing_to_compare_is_an_empty_table():
    for units in (units_of({}), units_of({"a": BEST})):
        assert list(compare_pairs(units)) == PAIR_COLUMNS
        assert compare_pairs(units).empty
        assert rank_experiments(units).empty
    assert "no critical differences" in plot_ranks(rank_experiments(units_of({}))).texts[0].get_text()


def test_bars_join_those_that_are_not_told_apart():
    generator = np.random.default_rng(0)
    base = generator.normal(size=30)
    units = units_of({"a": base + 2, "b": base + generator.normal(0, 0.1, 30), "c": base}, dataset="sim")
    figure = plot_ranks(rank_experiments(units), simulated={"sim"})
    (panel,) = figure.axes
    assert "(simulated)" in panel.get_title(loc="left")
    bars = [line for line in panel.lines if line.get_linewidth() == 3]
    assert len(bars) == 1
    assert bars[0].get_xdata()[0] > 1.5
    said = " ".join(text.get_text() for text in panel.texts)
    assert "n = 30 subjects" in said
    # A diagram needs three experiments and five units.
    assert not plot_ranks(rank_experiments(units_of({"a": BEST[:4], "b": SECOND[:4], "c": WORST[:4]}))).axes


def test_units_survive_writing_and_labels_stay_text(tmp_path):
    table = units_of({"none": [0.5, 0.25]})
    values = table[["metric", "unit_of_n", "unit", "value"]]
    names = {"study": "s", "family": "decoding", "dataset": "d", "experiment": "none", "protocol": "p"}
    write_units(tmp_path / "units.csv", pd.concat([values, values.assign(value=np.nan)]), **names)
    pd.testing.assert_frame_equal(read_units([tmp_path / "units.csv"]), table, check_dtype=False)
    assert read_units([]).empty
    write_units(tmp_path / "twice.csv", pd.concat([values, values]), **names)
    with pytest.raises(DataError, match=r"unit `00` was scored twice"):
        read_units([tmp_path / "twice.csv"])
    (tmp_path / "old.csv").write_text("metric,value\naccuracy,1\n")
    with pytest.raises(DataError, match="column `study` is missing"):
        read_units([tmp_path / "old.csv"])


def test_curves_are_laid_over_each_other():
    epochs = pd.DataFrame({"epoch": [1, 2, 3], "train_loss": 1.0, "validation_loss": [3.0, 2, 1]})
    folds = pd.concat(
        [epochs.assign(fold=f, draw=0, stage="train", validation_cosine=[0.1 * f, 0.2, 0.3]) for f in (1, 2)]
    )
    shorter = folds[(folds["fold"] == 1) | (folds["epoch"] < 3)]
    names = {"family": "decoding", "dataset": "sim", "run": "fold-all_seed-0"}
    curves = gather_curves(
        [
            ({**names, "experiment": "net"}, shorter),
            ({**names, "dataset": "other", "experiment": "plain"}, epochs),
            ({**names, "experiment": "baseline"}, pd.DataFrame({"penalty": [1.0]})),
        ]
    )
    assert set(curves["experiment"]) == {"net", "plain"}
    assert sorted(curves.loc[curves["experiment"] == "net", "training"].unique()) == ["1/0", "2/0"]
    plain, net = plot_learning(curves, simulated={"sim"}).axes
    assert [panel.get_ylabel() for panel in (plain, net)] == ["validation loss", "validation cosine"]
    assert net.get_title(loc="left") == "decoding: sim (simulated)"
    # The mean goes as far as both trainings.
    thick = [line for line in net.lines if line.get_linewidth() == 1.8]
    np.testing.assert_allclose(thick[0].get_ydata(), [0.15, 0.2])
    assert plot_learning(gather_curves([])).axes
