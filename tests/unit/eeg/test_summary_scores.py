"""Rows of the comparison from tables of recordings and people."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.eeg.summary_scores import summarise_time_decoding, summarise_truth
from cogmodels.errors import DataError
from cogmodels.report.compare import SCORE_COLUMNS

NAMES = {"study": "s", "dataset": "d", "experiment": "e"}


def truth(values, measure="relative_error", of="fixation, corrected"):
    rows = [{"recording": f"sub-{k}", "measure": measure, "of": of, "value": v} for k, v in enumerate(values)]
    return pd.DataFrame(rows)


def test_truth_is_averaged_with_an_interval_and_says_that_it_is_simulated():
    found = summarise_truth(pd.concat([truth([0.1, 0.2, 0.3]), truth([2.0], "drift_error_ppm", "clocks")]), **NAMES)
    assert list(found) == SCORE_COLUMNS
    assert set(found["protocol"]) == {"truth of SIMULATED EEG"}
    rows = found.set_index("metric")
    row = rows.loc["relative_error_fixation_corrected"]
    # t(0.975, 2) = 4.3027, SD 0.1.
    assert row["ci_high"] == pytest.approx(0.2 + 4.302653 * 0.1 / np.sqrt(3), abs=1e-6)
    assert (row["value"], row["chance"], row["ceiling"], row["n"]) == (pytest.approx(0.2), 1.0, 0.0, 3)
    assert np.isnan(rows.loc["drift_error_ppm", "ci_low"])


def test_components_of_other_numbers_are_one_measure():
    parts = [truth([0.9], "saccade_variance_removed", f"ICA, {k} components") for k in (2, 3)]
    found = summarise_truth(pd.concat(parts), **NAMES)
    assert found["metric"].tolist() == ["saccade_variance_removed"]
    assert found["n"].tolist() == [2]


def curve(after):
    times = np.array([-0.1, 0.0, 0.1])
    return pd.DataFrame({"train_time": times, "time": times, "score": [1.0, after - 0.1, after + 0.1]})


def test_decoding_is_the_mean_after_the_event_with_a_sign_flip_p():
    found = summarise_time_decoding({str(k): curve(0.6 + 0.02 * k) for k in range(5)}, **NAMES)
    assert list(found) == SCORE_COLUMNS
    row = found.iloc[0]
    assert row["value"] == pytest.approx(0.64)
    # All 32 flips; only the one of no flip is as large.
    assert (row["p"], row["chance"], row["n"]) == (1 / 32, 0.5, 5)
    many = summarise_time_decoding({str(k): curve(0.5 + 0.1 * (-1) ** k) for k in range(20)}, **NAMES).iloc[0]
    assert many["p"] > 0.3
    with pytest.raises(DataError, match="no time from the event on"):
        summarise_time_decoding({"1": curve(0.6).iloc[:1]}, **NAMES)
