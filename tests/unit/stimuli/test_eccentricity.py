"""Windows of the reference's table, and pools against plain loops."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cogmodels.errors import DataError
from cogmodels.stimuli.eccentricity import EccentricPool, Sampling, halve, ring_windows

# Side of the image, layer -> windows, inner to outer (eccNET, published code).
WINDOWS = {
    (806, 3): [2, 3, 3, 4, 4, 5, 5, 6, 6, 7],
    (806, 4): [2, 3, 3, 4, 5, 5, 6, 6, 7, 8],
    (806, 5): [2, 3, 3, 4, 5, 5, 6, 6, 7, 8],
    (1358, 3): [2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 8, 9, 9, 10, 10, 11, 12, 12],
    (1358, 4): [2, 3, 3, 4, 5, 5, 6, 6, 7, 8, 8, 9, 10, 10, 11, 12, 12, 13, 14],
    (1358, 5): [2, 3, 3, 4, 5, 5, 6, 6, 7, 8, 8, 9, 10, 10, 11, 12, 12, 13, 14],
    (524, 3): [2, 3, 3, 4, 4, 5],
    (524, 4): [2, 3, 3, 4, 5, 5],
    (524, 5): [2, 3, 3, 4, 5, 5],
}


@pytest.mark.parametrize(("image", "layer"), WINDOWS)
def test_windows_are_those_of_the_reference(image, layer):
    side = image
    for _ in range(layer - 1):
        side = (side + 1) // 2
    assert [window for _, window in ring_windows(side, layer)] == WINDOWS[image, layer]


def test_first_two_layers_are_ordinary_pools():
    for side, layer in ((806, 1), (403, 2), (1358, 1), (679, 2)):
        assert {window for _, window in ring_windows(side, layer)} == {2}
    # A target is all fovea.
    assert ring_windows(24, 3) == [(np.inf, 2)]


def plain(maps, layer, base):
    """The same by loops over outputs; maps (h, w)."""
    height, width = maps.shape
    rings = ring_windows(max(height, width), layer, base=base)
    out = np.zeros(((height + 1) // 2, (width + 1) // 2))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            square = (i - out.shape[0] // 2) ** 2 + (j - out.shape[1] // 2) ** 2
            window = next(w for radius, w in rings if square < radius**2)
            starts = []
            for at, n in ((i, height), (j, width)):
                pad = max(((n + 1) // 2 - 1) * 2 + window - n, 0)
                before = pad // 2 if base == 2 else (window - 1) // 2 - (n + 1) % 2
                starts.append(2 * at - before)
            (a, b), n = starts, window
            out[i, j] = maps[max(a, 0) : a + n, max(b, 0) : b + n].mean()
    return out


@settings(max_examples=12, deadline=None)
@given(st.integers(30, 90), st.integers(30, 90), st.integers(3, 5), st.sampled_from([1, 2]), st.integers(0, 99))
def test_pool_equals_plain_loops(height, width, layer, base, seed):
    maps = np.random.default_rng(seed).normal(size=(height, width))
    found = EccentricPool(layer, base=base)(torch.from_numpy(maps)[None, None])[0, 0].numpy()
    np.testing.assert_allclose(found, plain(maps, layer, base), atol=1e-12)


def test_wrong_sampling():
    with pytest.raises(DataError, match="px_per_degree 0"):
        Sampling(px_per_degree=0)
    with pytest.raises(DataError, match="no layer 6"):
        ring_windows(100, 6)


def test_halve_lets_an_odd_last_row_stand_for_itself():
    maps = torch.arange(9.0).view(1, 1, 3, 3)
    torch.testing.assert_close(halve(maps, 1)[0, 0], torch.tensor([[2.0, 3.5], [6.5, 8.0]]))
    assert torch.equal(halve(maps, 0), maps)
