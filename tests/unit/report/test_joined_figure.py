"""Figures of clocks and of overlapping responses."""

import numpy as np
import pandas as pd

from cogmodels.report.joined import plot_deconvolution, plot_synchronisation


def test_clocks_with_and_without_a_horizontal_eog():
    facts = {
        "recording": ["sub-01", "sub-02"], "triggers_only_gaze": [1, 0], "triggers_only_eeg": [0, 2],
        "drift_ppm": [10.0, -3.0], "drift_se_ppm": [1.0, 2.0], "sample_ms": [4.0, 4.0],
        "heog_lag_ms": [0.3, None], "heog_correlation": [0.7, None],
    }  # fmt: skip
    triggers = pd.DataFrame(
        {"eeg_time": [1.0, 2.0, 3.0], "residual_ms": [0.5, 9.0, -0.5], "status": ["matched", "outlier", "matched"]}
    )
    lag = pd.DataFrame({"lag_ms": [-4.0, 0.0, 4.0], "correlation": [0.1, 0.7, 0.1]})
    figure = plot_synchronisation(pd.DataFrame(facts), [triggers] * 2, [lag, lag[:0]], title="SIMULATED, x")
    left, right, _, none = figure.axes
    assert [len(line.get_xdata()) for line in left.lines] == [2, 1]
    assert "1 in the gaze alone, 0 in the EEG alone" in left.get_title(loc="left")
    assert "0.30 ms" in right.get_title(loc="left")
    assert "no horizontal EOG" in [text.get_text() for text in none.texts]
    assert "SIMULATED" in figure.get_suptitle()


def test_responses_of_types_and_covariates():
    times = np.arange(-0.1, 0.3, 0.1)
    rows = []
    for name, size in (("fixation", 2.0), ("fixation: amplitude", 0.5), ("fixation (averaged)", 3.0)):
        for channel, gain in (("Cz", 1.0), ("Oz", -4.0)):
            for time in times:
                mean = size * gain
                rows.append((name, channel, time, mean, mean - 1, mean + 1, 3))
    columns = ["response", "channel", "time", "mean", "ci_low", "ci_high", "n_subjects"]
    fits = [{"events": {"fixation": 40}, "collinearity": []}, {"events": {"fixation": 2}, "collinearity": ["hardly"]}]
    figure = plot_deconvolution(pd.DataFrame(rows, columns=columns), fits, title="SIMULATED, x")
    response, covariate = figure.axes
    assert "42 events, 3 people; Oz, largest" in response.get_title(loc="left")
    corrected, averaged = response.lines[:2]
    assert set(corrected.get_ydata()) == {-8.0}
    assert set(averaged.get_ydata()) == {-12.0}
    assert covariate.get_ylabel() == "µV a degree"
    assert "1 of 2 recordings" in figure.get_suptitle()
    named = plot_deconvolution(pd.DataFrame(rows, columns=columns), fits, channels=["Cz"], title="x")
    assert "Cz" in named.axes[0].get_title(loc="left")
    assert "largest" not in named.axes[0].get_title(loc="left")
