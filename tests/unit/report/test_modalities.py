"""The figure of a joint decoder that is given some of its modalities."""

import numpy as np
import pandas as pd

from cogmodels.report.modalities import plot_modalities


def test_every_choice_is_drawn_with_what_all_add():
    rows = [
        {"modalities": name, "metric": "two_way", "value": value, "ci_low": value - 0.1, "ci_high": value + 0.1,
         "chance": 0.5, "ceiling": ceiling, "p": p, "gain": gain, "gain_ci_low": gain - 0.05, "gain_ci_high": gain + 0.05,
         "gain_p": 0.0625}
        for name, value, ceiling, p, gain in (
            ("fmri+eeg", 0.8, np.nan, 0.01, np.nan), ("fmri", 0.7, 0.9, 0.01, 0.1), ("eeg", 0.55, 0.9, 0.4, 0.25)
        )
    ]  # fmt: skip
    figure = plot_modalities(pd.DataFrame(rows), title="t", metrics=("two_way",))
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["eeg", "fmri", "fmri+eeg"]
    np.testing.assert_allclose(left.collections[1].get_offsets()[:, 0], [0.55, 0.7, 0.8])
    assert [text.get_text() for text in right.texts] == ["p 0.062", "p 0.062", "all"]
