"""The figure of decoders beside a reference and controls."""

import numpy as np
import pandas as pd

from cogmodels.report.decoder_comparison import plot_comparison


def test_every_person_and_number_is_drawn():
    people = {
        name: pd.DataFrame({"subject": list("abcde"), "roc_auc": np.linspace(low, low + 0.2, 5)})
        for name, low in (("lda", 0.5), ("net", 0.6), ("eyes", 0.45))
    }
    table = pd.DataFrame(
        {
            "experiment": list(people), "value": [0.6, 0.7, 0.55], "ci_low": 0.5, "ci_high": 0.8, "chance": 0.5, "p": 0.001, "shuffled_brain": 0.501,
            "p_refit": [0.005, np.nan, np.nan], "n": 5, "difference": [np.nan, 0.1, -0.05], "difference_low": -0.1,
            "difference_high": 0.2, "difference_p": 0.25, "control": [False, False, True],
        }
    )  # fmt: skip
    figure = plot_comparison(table, people, metric="roc_auc", title="t")
    axes, side = figure.axes
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["eyes (control)", "net", "lda"]
    dots = [line.get_xdata() for line in axes.lines if len(line.get_xdata()) == 5]
    np.testing.assert_allclose(
        np.sort(np.concatenate(dots)), np.sort(np.concatenate([t["roc_auc"] for t in people.values()]))
    )
    said = [text.get_text() for text in side.texts]
    assert "0.600 [0.500, 0.800], 0.501, 0.0010 (refits 0.005)" in said
    assert "+0.100 [-0.100, +0.200], 0.250" in said
    assert "reference" in said
