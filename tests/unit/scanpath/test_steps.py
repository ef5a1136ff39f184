"""What a network expects by fixation: which scanpaths are shown, that maps are the model's, figures."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.data.tables import Features
from cogmodels.report.scanpath_steps import plot_next_fixations, plot_steps, step_curve
from cogmodels.scanpath.generate import expected_fixations
from cogmodels.scanpath.registry import make_model

CONFIG = {
    "model": "transformer", "cell_px": 20.0, "options": {"width": 16, "heads": 2, "waves": 8}, "features": ["0", "1"],
    "recipe": {"epochs": 1, "accelerator": "cpu", "batch_size": 3, "schedule": "cosine"}, "size_px": [160, 120],
}  # fmt: skip


def test_expected_fixations_are_the_models_and_are_chosen_by_place(pictures, parts, fixations, splits, tmp_path):
    model = make_model(CONFIG)
    model.fit(pictures, parts["train"], parts["validation"], folder=tmp_path)
    tables = [Features(str(k), list(pictures.names), one.reshape(12, -1)) for k, one in enumerate(pictures.maps)]
    config = CONFIG | {"maps": {str(k): {"grid": one.shape[2:]} for k, one in enumerate(pictures.maps)}}
    found = expected_fixations(config, model.weights(), tables, fixations, splits, rows=2, steps=3)
    names = sorted({pictures.names[k] for k in parts["test"].image})
    assert [one.view for one in found] == names[:2]
    test = parts["test"]
    for one in found:
        row = np.flatnonzero(np.array([pictures.names[k] for k in test.image]) == one.view)[0]
        k = len(one.xy)
        assert k == min(3, test.lengths[row])
        assert one.subject == test.people[test.person[row]]
        np.testing.assert_allclose(one.maps.sum((1, 2)), 1, rtol=1e-5)
        wished = model.log_density(pictures, test.of(np.array([row])))[0, :k] / np.log(2) + np.log2(160 * 120)
        np.testing.assert_allclose(one.bits, wished, rtol=1e-5)
    images = {name: np.zeros((120, 160, 3), np.uint8) for name in names}
    figure = plot_next_fixations(images, found, title="SIMULATED")
    figure.savefig(tmp_path / "a.png")
    assert len(figure.axes) == 2 * max(len(one.xy) for one in found)


def test_curves_by_fixation_are_means_of_images(tmp_path):
    rows = [(f"i{i}", index, float(i + index), person) for i in range(12) for index in range(3) for person in "ab"]
    # One image alone has a fourth fixation.
    steps = pd.DataFrame([*rows, ("i0", 3, 9.0, "a")], columns=["stimulus", "index", "cig_bits", "subject"])
    curve = step_curve(steps, "cig_bits")
    assert curve["step"].tolist() == [1, 2, 3]
    assert curve["value"].tolist() == pytest.approx([5.5, 6.5, 7.5])
    assert (curve["ci_low"] < curve["value"]).all()
    assert curve["n"].tolist() == [12, 12, 12]
    whole = steps.assign(log_likelihood_bits=1.0, cnss=1.0, cauc=0.9)
    figure = plot_steps({"one": whole, "none": whole.assign(log_likelihood_bits=np.nan)}, title="SIMULATED")
    figure.savefig(tmp_path / "a.png")
    assert [line.get_label() for line in figure.axes[0].get_lines()][0] == "one"
    assert len(figure.axes[0].get_lines()) == 2
