"""Means, tangent vectors and alignment of covariances against their definitions."""

import numpy as np
import pytest

from cogmodels.decoding.models.tangent_space import TangentSpace
from cogmodels.decoding.riemann import (
    align,
    covariances,
    geometric_mean,
    inverse_root,
    matrix_function,
    tangent_vectors,
)
from cogmodels.errors import DataError


def signals(n=20, channels=5, times=200, seed=0):
    rng = np.random.default_rng(seed)
    mixing = rng.normal(size=(channels, channels))
    return mixing @ (rng.normal(size=(n, channels, times)) * rng.uniform(0.5, 2, size=(n, channels, 1)))


def test_geometric_mean_is_where_tangent_vectors_cancel():
    found = covariances(signals(), shrink=False)
    mean = geometric_mean(found)
    np.testing.assert_allclose(tangent_vectors(found, mean).mean(axis=0), 0, atol=1e-8)
    # Of matrices that commute it is the geometric mean of each eigenvalue.
    diagonal = np.random.default_rng(1).uniform(0.5, 4, size=(7, 3))
    mean = geometric_mean(np.stack([np.diag(one) for one in diagonal]))
    np.testing.assert_allclose(mean, np.diag(np.exp(np.log(diagonal).mean(axis=0))), atol=1e-10)


def test_length_of_a_tangent_vector_is_the_affine_invariant_distance():
    from scipy.linalg import eigvalsh

    one, other = covariances(signals(2), shrink=False)
    distance = np.sqrt((np.log(eigvalsh(one, other)) ** 2).sum())
    assert np.linalg.norm(tangent_vectors(one[None], other)[0]) == pytest.approx(distance, rel=1e-10)


def test_common_linear_mixing_changes_no_distance_in_the_tangent_space():
    values, mixing = signals(), np.random.default_rng(3).normal(size=(5, 5))
    pairs = []
    for one in (values, mixing @ values):
        found = covariances(one, shrink=False)
        vectors = tangent_vectors(found, geometric_mean(found))
        pairs.append(vectors @ vectors.T)
    np.testing.assert_allclose(*pairs, rtol=1e-6, atol=1e-8)


def test_euclidean_alignment_makes_the_mean_covariance_the_identity():
    aligned = align(signals(), "euclidean")
    mean = (aligned @ aligned.transpose(0, 2, 1)).mean(axis=0) / aligned.shape[-1]
    np.testing.assert_allclose(mean, np.eye(5), atol=1e-12)
    # And of an average reference, the projection on what is left.
    referenced = signals() - signals().mean(axis=1, keepdims=True)
    aligned = align(referenced, "euclidean")
    mean = (aligned @ aligned.transpose(0, 2, 1)).mean(axis=0) / aligned.shape[-1]
    np.testing.assert_allclose(mean, np.eye(5) - 1 / 5, atol=1e-10)


def test_riemannian_alignment_makes_the_geometric_mean_the_identity():
    # Many times, so that shrinkage has nothing to do.
    values = signals(times=40_000)
    mean = geometric_mean(covariances(align(values, "riemannian"), shrink=False))
    np.testing.assert_allclose(mean, np.eye(5), atol=0.02)


def test_flat_signals_are_refused():
    with pytest.raises(DataError, match="no variance"):
        align(np.zeros((3, 4, 10)), "euclidean")


def test_roots():
    matrix = covariances(signals(1), shrink=False)[0]
    root = inverse_root(matrix)
    np.testing.assert_allclose(root @ matrix @ root, np.eye(5), atol=1e-8)
    np.testing.assert_allclose(matrix_function(matrix, np.sqrt) @ matrix_function(matrix, np.sqrt), matrix, atol=1e-8)


def test_evoked_covariances_see_when_things_happen_and_scatter_does_not():
    rng = np.random.default_rng(5)
    codes = np.tile([0, 1], 60)
    wave = np.hanning(20)
    values = rng.normal(size=(120, 6, 80))
    for trial, code in zip(values, codes, strict=True):
        # The same wave at the same channels, earlier or later.
        start = 10 if code else 50
        trial[:2, start : start + 20] += wave
    scores = {}
    for kind in ("scatter", "evoked"):
        model = TangentSpace(covariance=kind, filters=2).fit(values[:80], codes[:80], 2)
        scores[kind] = (model.log_odds(values[80:]).argmax(axis=1) == codes[80:]).mean()
    assert scores["evoked"] > 0.9
    assert scores["scatter"] < 0.7
    with pytest.raises(DataError, match="7 spatial filters of 6 channels"):
        TangentSpace(covariance="evoked", filters=7).fit(values, codes, 2)
