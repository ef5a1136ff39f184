"""Head motion against shipped columns: SIMULATED traces whose pairing is known."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.confounds import MOTION
from cogmodels.fmri.motion_agreement import motion_agreement
from cogmodels.report.fmri_motion import plot_motion

RUNS, VOLUMES = 8, 60


def traces(seed=0):
    """Six parameters a run, trans_z constant; shipped: `a` is trans_x turned over with noise, `b` unrelated."""
    rng = np.random.default_rng(seed)
    estimated, shipped = [], []
    for run in range(RUNS):
        values = np.cumsum(rng.normal(0, 0.02, (VOLUMES + run, 6)), axis=0)
        values[:, 2] = 0.3
        estimated.append(pd.DataFrame(values, columns=MOTION))
        noise = values[:, 0].std() * rng.standard_normal(len(values))
        drift = np.cumsum(rng.standard_normal(len(values)))
        shipped.append(pd.DataFrame({"a": -2 * values[:, 0] + 0.5 * noise, "b": drift}))
    return estimated, shipped


def test_the_pair_that_belongs_together_is_found_with_its_sign():
    estimated, shipped = traces()
    table = motion_agreement(estimated, shipped).set_index(["estimated", "shipped"])
    pair = table.loc[("trans_x", "a")]
    by_hand = [np.corrcoef(m["trans_x"], s["a"])[0, 1] for m, s in zip(estimated, shipped, strict=True)]
    assert pair["median_abs_r"] == pytest.approx(np.median(np.abs(by_hand)))
    assert pair["median_r"] == pytest.approx(np.median(by_hand))
    assert pair["median_r"] < -0.9
    assert pair["ci_low"] <= pair["median_abs_r"] <= pair["ci_high"]
    assert pair["p"] < 0.01
    assert pair["chance"] < 0.8 < pair["median_abs_r"]
    assert pair["n"] == RUNS


def test_drifts_that_have_nothing_in_common_are_no_agreement():
    p = [motion_agreement(*traces(seed), draws=200).set_index("shipped").loc["b", "p"].dropna() for seed in range(8)]
    assert np.mean(np.concatenate(p) < 0.05) < 0.2


def test_a_constant_parameter_has_no_number():
    table = motion_agreement(*traces())
    assert table.loc[table["estimated"] == "trans_z", "median_abs_r"].isna().all()
    assert table.loc[table["estimated"] != "trans_z", "median_abs_r"].notna().all()


def test_tables_that_do_not_fit_are_refused():
    estimated, shipped = traces()
    for wrong in (shipped[:-1], [*shipped[:-1], shipped[-1].iloc[1:]], [*shipped[:-1], shipped[-1][["b", "a"]]]):
        with pytest.raises(DataError, match="agreement of motion"):
            motion_agreement(estimated, wrong)
    estimated[0].iloc[3, 0] = np.nan
    with pytest.raises(DataError, match="not finite"):
        motion_agreement(estimated, shipped)


def test_the_figure_names_the_column_most_alike():
    estimated, shipped = traces()
    figure = plot_motion(estimated, shipped, motion_agreement(estimated, shipped), title="SIMULATED")
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert "shipped a turned over" in titles[0]
    assert titles[2].startswith("trans_z: not estimated")
    (line,) = [line for line in figure.axes[0].lines[1:2]]
    assert np.corrcoef(line.get_ydata(), estimated[0]["trans_x"])[0, 1] > 0.9
