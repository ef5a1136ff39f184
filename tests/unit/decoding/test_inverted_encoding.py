"""Encoding models turned round: known weights and posteriors, what a prior is worth, what others may lend."""

import numpy as np
import pytest

from cogmodels.decoding import inverted_encoding
from cogmodels.decoding.inverted_encoding import fit_encoding, invert_encoding
from cogmodels.errors import DataError


def trials(n, noise, weights, seed=0):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, len(weights)))
    return z, z @ weights + 2 + noise * rng.standard_normal((n, weights.shape[1])), np.repeat(np.arange(n // 2), 2)


WEIGHTS = np.random.default_rng(9).standard_normal((4, 30))


def test_without_noise_weights_and_targets_return():
    z, x, groups = trials(400, 1e-3, WEIGHTS)
    found = fit_encoding(z, x, groups)
    np.testing.assert_allclose(found.weights, WEIGHTS, atol=0.15)
    weight, bias = invert_encoding(found, z, x, np.eye(4))
    new, answers, _ = trials(50, 1e-3, WEIGHTS, seed=1)
    np.testing.assert_allclose(answers @ weight.T + bias, new, atol=0.15)


@pytest.mark.parametrize("n", [20, 200])
def test_the_posterior_mean_is_that_of_the_joint_gaussian(n, monkeypatch):
    """Both sides of the smaller-side rule; all noise independent, so that the formula is short."""
    monkeypatch.setattr(inverted_encoding, "INDEPENDENT", 1 - 1e-12)
    z, x, groups = trials(n, 1.0, WEIGHTS)
    found = fit_encoding(z, x, groups)
    left = x - found.mean - (z - found.centre) @ found.weights
    prior, noise = np.diag([1.0, 2, 3, 4]), np.diag(left.var(axis=0))
    gain = prior @ found.weights @ np.linalg.inv(found.weights.T @ prior @ found.weights + noise)
    weight, bias = invert_encoding(found, z, x, prior)
    np.testing.assert_allclose(weight, gain, rtol=1e-5, atol=1e-8)
    # A response as the mean target would give says: the mean target.
    np.testing.assert_allclose(gain @ (found.mean - found.centre @ found.weights) + bias, 0, atol=1e-8)


def test_noise_that_responses_share_is_discounted():
    rng = np.random.default_rng(3)
    z, x, groups = trials(300, 0.5, WEIGHTS)
    pattern = rng.standard_normal(30)
    x = x + 5 * rng.standard_normal((300, 1)) * pattern
    weight, _ = invert_encoding(fit_encoding(z, x, groups), z, x, np.eye(4))
    assert np.abs(weight @ pattern).max() < 0.1 * np.abs(weight).sum(axis=1).max()


def test_a_prior_is_believed_as_far_as_it_predicts():
    z, x, groups = trials(24, 3.0, WEIGHTS)
    alone, right, wrong = (fit_encoding(z, x, groups, prior) for prior in (None, WEIGHTS, -WEIGHTS))
    assert (right.share, wrong.share) == (1.0, 0.0)
    error = [np.abs(found.weights - WEIGHTS).mean() for found in (alone, right, wrong)]
    assert error[1] < 0.5 * error[0]
    assert error[2] == pytest.approx(error[0])


def test_what_cannot_be_turned_round_is_refused(monkeypatch):
    z, x, groups = trials(24, 1.0, WEIGHTS)
    with pytest.raises(DataError, match="one stimulus"):
        fit_encoding(z, x, np.zeros(24, int))
    monkeypatch.setattr(inverted_encoding, "MOST_DIMENSIONS", 3)
    with pytest.raises(DataError, match="targets of 4 dimensions"):
        fit_encoding(z, x, groups)
