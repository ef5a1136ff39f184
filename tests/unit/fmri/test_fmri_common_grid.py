"""Features brought to a common grid: known maps return, noise keeps its size, bad positions are refused."""

import numpy as np
import pytest

from cogmodels.data.betas import read_positions, write_positions
from cogmodels.errors import DataError
from cogmodels.fmri.common_grid import grid_weights

SQUARE = {"low": [0.0, 0.0], "high": [1.0, 1.0]}


def test_a_feature_in_the_middle_of_each_cell_stays_as_it_is():
    """With narrow weights; the first axis runs slowest."""
    x, y = np.meshgrid([1.0, 3.0, 5.0], [10.0, 30.0], indexing="ij")
    positions = np.stack([x.ravel(), y.ravel()], axis=1)
    order = np.random.default_rng(0).permutation(6)
    weights = grid_weights(positions[order], cells=[3, 2], low=[0, 0], high=[6, 40], width=0.1)
    np.testing.assert_allclose(np.arange(6)[order] @ weights, np.arange(6), atol=1e-5)


@pytest.mark.parametrize("features", [40, 3000])
def test_two_subjects_with_the_same_map_agree_on_the_grid(features):
    rng = np.random.default_rng(features)
    positions = rng.uniform(0, 1, (features, 2))
    weights = grid_weights(positions, cells=[8, 8], **SQUARE)
    centres = (np.stack(np.meshgrid(*[np.arange(8)] * 2, indexing="ij"), -1).reshape(-1, 2) + 0.5) / 8
    found = np.sin(3 * positions[:, 0]) * np.cos(4 * positions[:, 1]) @ weights / weights.sum(axis=0)
    assert np.corrcoef(found, np.sin(3 * centres[:, 0]) * np.cos(4 * centres[:, 1]))[0, 1] > 0.95
    # Independent noise keeps its variance, wherever features are dense.
    np.testing.assert_allclose((weights**2).sum(axis=0), 1, rtol=1e-5)


def test_a_cell_far_from_every_feature_has_the_nearest_one():
    weights = grid_weights([[0.05, 0.05], [0.2, 0.05]], cells=[10, 10], **SQUARE)
    np.testing.assert_allclose(weights[:, -1], [0, 1], atol=1e-6)


def test_volumes_have_three_axes():
    positions = np.random.default_rng(0).uniform(-60, 60, (500, 3))
    found = grid_weights(positions, cells=[4, 3, 2], low=[-60] * 3, high=[60] * 3)
    assert found.shape == (500, 24)
    assert found.dtype == np.float32


@pytest.mark.parametrize(
    ("positions", "said"), [(np.zeros((5, 3)), "3 axes, the grid 2"), (np.full((5, 2), 40.0), "no position lies on")]
)
def test_positions_that_do_not_fit_the_grid_are_refused(positions, said):
    with pytest.raises(DataError, match=said):
        grid_weights(positions, cells=[4, 4], **SQUARE)


def test_positions_lie_beside_the_responses(tmp_path):
    path, positions = tmp_path / "sub-01_task-x_betas.npy", np.random.default_rng(0).uniform(size=(7, 2))
    assert write_positions(path, positions).name == "sub-01_task-x_positions.tsv"
    np.testing.assert_allclose(read_positions(path, 7), positions, atol=1e-6)
    with pytest.raises(DataError, match="each of the 8 features"):
        read_positions(path, 8)
    with pytest.raises(DataError, match="no positions of the features"):
        read_positions(tmp_path / "sub-02_task-x_betas.npy", 7)
