"""Scanpath metrics beside multimatch-gaze, the MATLAB toolbox of MultiMatch, and GazeParser's ScanMatch."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.metrics.scanpath.multimatch import DIMENSIONS, multimatch
from cogmodels.metrics.scanpath.strings import scanmatch

SCREEN = (1280, 720)


@pytest.fixture(scope="module")
def segments(mirror):
    """Fixation vectors of both people on each of 55 film segments."""
    folder = mirror / "multimatch" / "data" / "fixvectors"
    return {
        number: [
            pd.read_csv(folder / f"segment_{number}_sub-{person}.tsv", sep="\t").to_numpy() for person in ("01", "19")
        ]
        for number in range(55)
    }


def test_multimatch_is_the_peers(mirror, segments):
    expected = pd.read_csv(mirror / "multimatch" / "expected" / "expected_multimatch_0.1.3.csv")
    compared = refused = 0
    for row in expected.itertuples():
        found = multimatch(*segments[row.segment], SCREEN, grouping=bool(row.grouping), amplitude_px=146.8)
        if row.vector == "IndexError":
            refused += 1
            assert ((found >= 0) & (found <= 1)).all()
            continue
        compared += 1
        theirs = [float(getattr(row, name)) for name in DIMENSIONS]
        np.testing.assert_allclose(found, theirs, rtol=0, atol=1e-9, err_msg=f"segment {row.segment}")
    assert (compared, refused) == (105, 5)


def test_multimatch_is_that_of_matlab(segments):
    first, second = segments[10][::-1]
    grouped = multimatch(first, second, (720, 1280), grouping=True, amplitude_px=146.8)
    np.testing.assert_allclose(grouped, [0.95076, 0.95638, 0.94082, 0.94491, 0.78261], rtol=0, atol=1e-5)
    plain = multimatch(first, second, (720, 1280))
    np.testing.assert_allclose(plain, [0.99082, 0.69902, 0.98927, 0.94767, 0.65563], rtol=0, atol=1e-5)


def test_scanmatch_is_that_of_gazeparser(mirror, segments):
    expected = pd.read_csv(mirror / "multimatch" / "expected" / "expected_scanmatch_gazeparser.csv")
    assert len(expected) == 55
    for row in expected.itertuples():
        # GazeParser cuts positions to whole pixels and durations to whole milliseconds.
        pair = [np.column_stack([np.floor(path[:, :2]), path[:, 2]]) for path in segments[row.segment]]
        assert scanmatch(*pair, SCREEN) == pytest.approx(row.score_no_duration, abs=1e-6)
        assert scanmatch(*pair, SCREEN, time_bin_s=0.1) == pytest.approx(row.score_tempbin100, abs=1e-6)
