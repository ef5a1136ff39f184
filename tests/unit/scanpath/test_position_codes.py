"""Position codes: their cosines, lengths, and what cannot be."""

import numpy as np
import pytest

from cogmodels.errors import ConfigError
from cogmodels.scanpath.position_codes import position_codes


@pytest.mark.parametrize(
    ("rows", "width", "within"), [(14, 86, 1e-6), (11, 86, 1e-6), (40, 86, 1e-6), (30, 20, 1e-3), (1, 4, 1e-6)]
)
def test_cosines_fall_as_a_gaussian(rows, width, within):
    codes = position_codes(rows, width).astype(float)
    assert codes.shape == (rows, width)
    lengths = np.linalg.norm(codes, axis=1)
    assert np.allclose(lengths, 8.764, rtol=1e-6)
    i, j = np.indices((rows, rows))
    found = codes @ codes.T / np.outer(lengths, lengths)
    assert np.abs(found - np.exp(-((i - j) ** 2) / 8)).max() < within


def test_codes_are_the_same_each_time_and_fill_their_dimensions():
    codes = position_codes(14)
    assert np.array_equal(codes, position_codes(14))
    assert (np.abs(codes).max(0) > 0).all()
    wide = position_codes(14, sigma=4.0, length=1.0)
    assert wide[0] @ wide[4] == pytest.approx(np.exp(-0.5), abs=1e-6)


@pytest.mark.parametrize(
    ("options", "match"),
    [({"rows": 0}, "above 0"), ({"rows": 5, "sigma": 0.0}, "above 0"), ({"rows": 40, "width": 6}, "more dimensions")],
)
def test_what_cannot_be_is_refused(options, match):
    with pytest.raises(ConfigError, match=match):
        position_codes(**options)
