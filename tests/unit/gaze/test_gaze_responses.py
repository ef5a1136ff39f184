"""Responses of gaze: shares of the looking time, statistics, trials without a fixation."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.gaze.responses import STATISTICS, gaze_responses
from cogmodels.gaze.scanpaths import first_eyes


def recording(points, durations=(0.2, 0.6)):
    trials = pd.DataFrame({
        "subject": "01", "session": None, "run": "1", "trial": [1, 2], "stimulus": ["a", "b"], "label": "x",
        "split": "train",
    })  # fmt: skip
    fixations = pd.DataFrame(points, columns=["x", "y"]).assign(trial=1, onset=[0.3, 0.7], duration=durations)
    return fixations, trials


def test_looking_time_lies_where_the_person_looked():
    # Centres of the first cell of 2 x 4, and of the last one.
    fixations, trials = recording([(50, 50), (350, 150)])
    kept, values = gaze_responses(fixations, trials, size_px=(400, 200), rows=2, columns=4)
    assert kept["stimulus"].tolist() == ["a"]
    cells = values[0, :-STATISTICS].reshape(2, 4)
    assert cells[0, 0] == pytest.approx(0.25)
    assert cells[1, 3] == pytest.approx(0.75)
    assert cells.sum() == pytest.approx(1)
    away = np.hypot(150, 50) / 400
    np.testing.assert_allclose(values[0, -STATISTICS:], [2, 0.4, np.hypot(300, 100) / 400, away, 0.3], rtol=1e-5)


def test_a_fixation_between_cells_is_shared_out_and_one_off_the_screen_counts_at_its_edge():
    fixations, trials = recording([(100, 100), (-30, 999)], durations=(1.0, 1.0))
    _, values = gaze_responses(fixations, trials, size_px=(400, 200), rows=2, columns=4)
    cells = values[0, :-STATISTICS].reshape(2, 4)
    np.testing.assert_allclose(cells[:, :2], [[0.125, 0.125], [0.625, 0.125]])


def test_no_fixation_at_all_is_refused():
    fixations, trials = recording([(1, 1), (2, 2)])
    with pytest.raises(DataError, match="no fixation began in a trial"):
        gaze_responses(fixations[:0], trials, size_px=(400, 200), rows=2, columns=4)


def test_the_first_eye_of_each_run_is_taken():
    stems = [f"sub-01_task-a_run-{run}_recording-eye{eye}" for run in (1, 2) for eye in (2, 1)]
    assert first_eyes(stems) == [stems[1], stems[3]]
