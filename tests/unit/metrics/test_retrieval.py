"""Retrieval scores against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.stats import rankdata

from cogmodels.metrics.retrieval import (
    candidates_ahead,
    correlation_matrix,
    cosine_matrix,
    top_k,
    top_k_of_pool,
    two_way,
)

SIMILARITY = np.array([[0.9, 0.1, 0.2], [0.5, 0.4, 0.6], [0.3, 0.3, 0.3]])


def test_top_k_by_hand_and_ties_count_against():
    np.testing.assert_array_equal(np.diagonal(top_k(SIMILARITY, 1)), [1, 0, 0])
    np.testing.assert_array_equal(np.diagonal(top_k(SIMILARITY, 2)), [1, 0, 0])
    np.testing.assert_array_equal(np.diagonal(top_k(SIMILARITY, 3)), [1, 1, 1])


def test_two_way_by_hand_and_ties_count_half():
    np.testing.assert_allclose(np.diagonal(two_way(SIMILARITY)), [1.0, 0.0, 0.5])


def test_two_way_needs_two_candidates():
    with pytest.raises(ValueError, match="two candidates"):
        two_way(np.ones((1, 1)))


def test_correlation_matrix_equals_numpy_and_constant_rows_give_zero():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 7)), rng.normal(size=(5, 7))
    np.testing.assert_allclose(correlation_matrix(a, b), np.corrcoef(a, b)[:4, 4:], atol=1e-12)
    a[1] = 3.3
    assert np.all(correlation_matrix(a, b)[1] == 0)


@given(arrays(np.float64, (6, 6), elements=st.floats(-1, 1)))
def test_scores_over_all_candidates_sum_to_what_chance_says(similarity):
    # Averaged over every candidate, two-way is 1/2 whatever the similarities; top-k is at most k / n.
    np.testing.assert_allclose(two_way(similarity).mean(axis=1), 0.5, atol=1e-12)
    assert np.all(top_k(similarity, 2).mean(axis=1) <= 2 / 6 + 1e-12)


def test_cosine_by_hand_and_zeros_give_zero():
    found = cosine_matrix([[3.0, 4.0], [0.0, 0.0]], [[1.0, 0.0], [4.0, 3.0]])
    np.testing.assert_allclose(found, [[0.6, 0.96], [0, 0]])


def test_a_smaller_pool_is_the_mean_over_draws_and_by_hand():
    # Four candidates, one ahead: among two of which one is itself, it is first in two of three draws.
    ahead = candidates_ahead(np.array([[0.5, 0.9, 0.1, 0.2]]))
    assert top_k_of_pool(ahead, 1, 2)[0, 0] == pytest.approx(2 / 3)
    rng = np.random.default_rng(0)
    similarity = rng.normal(size=(40, 40)) + 2 * np.eye(40)
    for matrix in (similarity, similarity.T):
        draws = []
        for _ in range(400):
            kept = rng.permutation(40)[:15]
            draws.append(np.diagonal(top_k(matrix[np.ix_(kept, kept)], 5)).mean())
        exact = np.diagonal(top_k_of_pool(candidates_ahead(matrix), 5, 15)).mean()
        assert np.mean(draws) == pytest.approx(exact, abs=4 * np.std(draws) / 20)
    ahead = candidates_ahead(similarity)
    np.testing.assert_array_equal(top_k_of_pool(ahead, 5, 40), top_k(similarity, 5))
    with pytest.raises(ValueError, match="pool of 41"):
        top_k_of_pool(ahead, 1, 41)


@pytest.mark.parametrize("shape", [(5, 1), (7, 2), (20, 30)])
def test_ranks_are_those_of_scipy_with_ties_and_without(shape):
    rng = np.random.default_rng(4)
    for values in (rng.standard_normal(shape), rng.integers(0, 4, shape).astype(float), np.zeros(shape)):
        assert np.array_equal(candidates_ahead(values), shape[1] - rankdata(values, method="min", axis=1))
        if shape[1] > 1:
            assert np.array_equal(two_way(values), (rankdata(values, axis=1) - 1) / (shape[1] - 1))


def test_a_row_with_a_missing_similarity_has_no_ranks():
    values = np.array([[0.1, np.nan, 0.3], [0.1, 0.2, 0.3]])
    assert np.isnan(candidates_ahead(values)).tolist() == [[True] * 3, [False] * 3]
