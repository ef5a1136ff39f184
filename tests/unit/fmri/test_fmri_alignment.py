"""Reliability and alignment across subjects on simulated brains whose shared responses are known."""

import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.alignment import (
    fit_hyperalignment,
    fit_ridge_map,
    fit_srm,
    identify_samples,
    procrustes_rotation,
)
from cogmodels.fmri.reliability import correlate_columns, noise_ceiling, split_half_reliability

VOXELS, FEATURES, SAMPLES = (40, 55, 33, 47), 6, 120


def repeats(ncsnr, n_stimuli=400, n_voxels=60, n_repeats=3, seed=0):
    rng = np.random.default_rng(seed)
    stimuli = np.repeat(np.arange(n_stimuli), n_repeats)
    signal = ncsnr * rng.standard_normal((n_stimuli, n_voxels))
    order = rng.permutation(len(stimuli))
    return (signal[stimuli] + rng.standard_normal((len(stimuli), n_voxels)) + 3)[order], stimuli[order]


# -- reliability -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ncsnr", [0.3, 0.7, 1.5])
@pytest.mark.parametrize("n_repeats", [2, 3])
def test_the_signal_to_noise_ratio_is_recovered(ncsnr, n_repeats):
    found = noise_ceiling(*repeats(ncsnr, n_stimuli=1500, n_repeats=n_repeats), n_averaged=3)
    assert found.ncsnr.mean() == pytest.approx(ncsnr, rel=0.05)
    expected = 100 * ncsnr**2 / (ncsnr**2 + 1 / 3)
    assert found.ceiling.mean() == pytest.approx(expected, rel=0.05)


def test_with_many_stimuli_it_is_the_published_formula():
    betas, stimuli = repeats(0.8, n_stimuli=3000, n_voxels=5)
    betas = (betas - betas.mean(axis=0)) / betas.std(axis=0)
    noise = np.mean([betas[stimuli == name].var(axis=0, ddof=1) for name in np.unique(stimuli)], axis=0)
    published = np.sqrt(np.maximum(1 - noise, 0)) / np.sqrt(noise)
    np.testing.assert_allclose(noise_ceiling(betas, stimuli).ncsnr, published, rtol=1e-3)


def test_the_ceiling_is_what_the_true_signal_explains():
    rng = np.random.default_rng(1)
    signal = 0.6 * rng.standard_normal((2000, 40))
    trials = signal[None] + rng.standard_normal((3, 2000, 40))
    stimuli = np.tile(np.arange(2000), 3)
    ceiling = noise_ceiling(trials.reshape(-1, 40), stimuli, n_averaged=3).ceiling
    explained = 100 * correlate_columns(signal, trials.mean(axis=0)) ** 2
    assert ceiling.mean() == pytest.approx(explained.mean(), rel=0.03)


def test_few_stimuli_and_unequal_repeats_do_not_bias():
    rng = np.random.default_rng(2)
    stimuli = np.repeat(np.arange(5), [2, 3, 6, 2, 9])
    squares = []
    for _ in range(400):
        betas = rng.standard_normal((5, 20))[stimuli] + rng.standard_normal((len(stimuli), 20))
        groups = [betas[stimuli == s] for s in range(5)]
        noise = sum(((g - g.mean(axis=0)) ** 2).sum(axis=0) for g in groups) / (len(stimuli) - 5)
        squares.append((noise_ceiling(betas, stimuli).ncsnr ** 2 * noise).mean())
    # Cut off at 0 now and then: a little above 1.
    assert np.mean(squares) == pytest.approx(1, abs=0.06)


def test_voxels_of_noise_alone_have_no_ceiling():
    found = noise_ceiling(*repeats(0.0))
    assert np.median(found.ceiling) < 1
    betas, stimuli = repeats(1.0, n_stimuli=50, n_voxels=4)
    betas[:, 1] = 7.0
    betas[:, 2] = stimuli
    found = noise_ceiling(betas, stimuli)
    assert found.ncsnr[1] == found.ceiling[1] == 0
    assert found.ceiling[2] == pytest.approx(100)


def test_the_ceiling_refuses_what_was_never_repeated():
    with pytest.raises(DataError, match="0 stimuli were shown more than once"):
        noise_ceiling(np.ones((4, 2)), np.arange(4))
    with pytest.raises(DataError, match="1 values not finite"):
        noise_ceiling(np.array([[1.0], [np.nan]]), np.zeros(2))


@pytest.mark.parametrize("n_repeats", [2, 4])
def test_halves_agree_as_much_as_their_noise_lets_them(n_repeats):
    betas, stimuli = repeats(0.8, n_stimuli=500, n_repeats=n_repeats, seed=3)
    half = 0.64 / (0.64 + 2 / n_repeats)
    plain = split_half_reliability(betas, stimuli, corrected=False)
    assert plain.mean() == pytest.approx(half, abs=0.02)
    assert split_half_reliability(betas, stimuli).mean() == pytest.approx(0.64 / (0.64 + 1 / n_repeats), abs=0.02)
    np.testing.assert_array_equal(plain, split_half_reliability(betas, stimuli, corrected=False))


def test_halves_of_runs_do_not_share_the_noise_of_a_run():
    # Noise that the trials of a run share stimulus by stimulus passes for signal when repeats are split at random.
    rng = np.random.default_rng(4)
    stimuli, runs = np.tile(np.repeat(np.arange(30), 2), 2), np.repeat([0, 1], 60)
    shared = rng.standard_normal((2, 30, 50))
    betas = shared[runs, stimuli] + 0.1 * rng.standard_normal((120, 50))
    assert np.abs(split_half_reliability(betas, stimuli, runs=runs, corrected=False).mean()) < 0.1
    assert split_half_reliability(betas, stimuli, corrected=False).mean() > 0.3
    with pytest.raises(DataError, match="0 stimuli are in both halves"):
        split_half_reliability(betas, stimuli + 30 * runs, runs=runs)


# -- alignment ---------------------------------------------------------------------------------------------------------


def brains(noise=0.0, seed=0, samples=SAMPLES, shared=True, voxels=VOXELS):
    """Subjects with orthonormal maps of shared responses; the responses too."""
    rng = np.random.default_rng(seed)
    responses = rng.standard_normal((samples, FEATURES)) @ np.diag(np.linspace(3, 1, FEATURES)) if shared else None
    data = []
    for count in voxels:
        mapping = np.linalg.qr(rng.standard_normal((count, FEATURES)))[0]
        own = responses @ mapping.T if shared else 0.0
        data.append(own + noise * rng.standard_normal((samples, count)) + rng.standard_normal(count))
    return data, responses


def rotated_correlation(found, truth):
    """Correlation of the columns of the truth with the found space, best rotation."""
    found, truth = found - found.mean(axis=0), truth - truth.mean(axis=0)
    return correlate_columns(found @ procrustes_rotation(found, truth), truth)


@pytest.mark.parametrize("kind", ["deterministic", "probabilistic"])
def test_exact_responses_are_found_up_to_a_rotation(kind):
    data, truth = brains()
    space = fit_srm(data, features=FEATURES, kind=kind, iterations=100)
    assert rotated_correlation(space.shared, truth).min() > 0.999
    for subject, part in enumerate(data):
        np.testing.assert_allclose(space.maps[subject].T @ space.maps[subject], np.eye(FEATURES), atol=1e-10)
        assert rotated_correlation(space.transform(part, subject), truth).min() > 0.999
        np.testing.assert_allclose(space.predict(space.transform(part, subject), subject), part, atol=1e-2)


@pytest.mark.parametrize("kind", ["deterministic", "probabilistic"])
def test_no_iteration_makes_the_loss_larger(kind):
    data, _ = brains(noise=0.5, seed=10)
    samples = [np.arange(SAMPLES)[skip:] for skip in (0, 10, 5, 20)]
    parts = [part[labels] for part, labels in zip(data, samples, strict=True)]
    history = fit_srm(parts, samples, features=FEATURES, kind=kind, iterations=60, tolerance=0).history
    assert len(history) > 5
    assert (np.diff(history) <= 1e-12 * np.abs(history[0])).all()


@pytest.mark.parametrize("kind", ["deterministic", "probabilistic"])
def test_subjects_may_lack_samples(kind):
    data, truth = brains(noise=0.1, seed=1)
    rng = np.random.default_rng(2)
    samples = [rng.permutation(SAMPLES)[:count] for count in (120, 90, 100, 80)]
    space = fit_srm(
        [part[labels] for part, labels in zip(data, samples, strict=True)],
        samples,
        features=FEATURES,
        kind=kind,
        iterations=100,
    )
    np.testing.assert_array_equal(space.samples, np.arange(SAMPLES))
    assert rotated_correlation(space.shared, truth).min() > 0.98
    if kind == "probabilistic":
        np.testing.assert_allclose(space.noise, 0.01, rtol=0.2)


def test_the_probabilistic_model_trusts_quiet_subjects():
    quiet, truth = brains(noise=0.3, seed=3)
    loud, _ = brains(noise=3.0, seed=3)
    data = [quiet[0], loud[1], quiet[2], loud[3]]
    scores = {}
    for kind in ("deterministic", "probabilistic"):
        space = fit_srm(data, features=FEATURES, kind=kind, iterations=100)
        scores[kind] = rotated_correlation(space.shared, truth).mean()
    np.testing.assert_allclose(np.sqrt(space.noise), [0.3, 3.0, 0.3, 3.0], rtol=0.15)
    assert scores["probabilistic"] > scores["deterministic"]


def test_a_new_subject_joins_without_changing_the_space():
    data, truth = brains(noise=0.2, seed=4)
    space = fit_srm(data[:3], features=FEATURES)
    some = np.random.default_rng(5).permutation(SAMPLES)[:70]
    larger = space.add(data[3][some], some)
    assert larger.shared is space.shared
    assert len(larger.maps) == 4
    # Samples that the new subject did not join with.
    rest = np.setdiff1d(np.arange(SAMPLES), some)
    assert correlate_columns(larger.transform(data[3][rest], 3), space.shared[rest]).min() > 0.9
    with pytest.raises(DataError, match="no sample `500`"):
        space.add(data[3][:2], [0, 500])
    with pytest.raises(DataError, match="there twice"):
        space.add(data[3][:2], [3, 3])


def held_out_gain(data, kind):
    """Identification of held-out samples before and after alignment on the others."""
    half = len(data[0]) // 2
    train, test = [part[:half] for part in data], [part[half:] for part in data]
    if kind == "hyperalignment":
        space = fit_hyperalignment(train, features=FEATURES)
    else:
        space = fit_srm(train, features=FEATURES, kind=kind)
    aligned = [space.transform(part, subject) for subject, part in enumerate(test)]
    narrow = min(part.shape[1] for part in test)
    trained = identify_samples([space.transform(part, subject) for subject, part in enumerate(train)])
    return identify_samples([part[:, :narrow] for part in test]), identify_samples(aligned), trained


@pytest.mark.parametrize("kind", ["deterministic", "probabilistic", "hyperalignment"])
def test_alignment_identifies_held_out_samples_and_gains_nothing_from_noise(kind):
    before, after, _ = held_out_gain(brains(noise=0.3, seed=6, samples=240)[0], kind)
    assert before.mean() < 0.05
    assert after.mean() > 0.8
    gains, chance = [], 1 / 120
    for seed in range(6):
        before, after, trained = held_out_gain(brains(noise=1.0, seed=seed, samples=240, shared=False)[0], kind)
        gains.append(after.mean() - before.mean())
        # The samples it was fitted on look aligned even so: why held-out ones are to be looked at.
        assert trained.mean() > 2 * chance
    error = np.std(gains, ddof=1) / np.sqrt(len(gains))
    assert np.abs(np.mean(gains)) < max(3 * error, 0.5 * chance)


def test_hyperalignment_finds_rotations():
    rng = np.random.default_rng(7)
    common = rng.standard_normal((80, 12))
    turns = [np.linalg.qr(rng.standard_normal((12, 12)))[0] for _ in range(4)]
    space = fit_hyperalignment([common @ turn for turn in turns])
    for turn, mapping in zip(turns, space.maps, strict=True):
        np.testing.assert_allclose(turn @ mapping, turns[0] @ space.maps[0], atol=1e-8)
    assert space.history[-1] < 1e-12
    order = rng.permutation(80)
    shuffled = fit_hyperalignment([(common @ t)[order] for t in turns], [order] * 4)
    np.testing.assert_allclose(shuffled.maps[2], space.maps[2], atol=1e-8)
    with pytest.raises(DataError, match="subjects have 80, 70 of 80 samples"):
        fit_hyperalignment([common, common[:70]], [np.arange(80), np.arange(70)])


def test_procrustes_undoes_a_rotation_and_embeds_in_more_voxels():
    rng = np.random.default_rng(8)
    source = rng.standard_normal((50, 8))
    turn = np.linalg.qr(rng.standard_normal((8, 8)))[0]
    np.testing.assert_allclose(procrustes_rotation(source, source @ turn), turn, atol=1e-10)
    wide = np.linalg.qr(rng.standard_normal((14, 8)))[0].T
    np.testing.assert_allclose(procrustes_rotation(source, source @ wide), wide, atol=1e-10)


def test_the_ridge_map_is_that_of_explicit_leave_one_out():
    rng = np.random.default_rng(9)
    source = rng.standard_normal((30, 40)) + 5
    target = source @ rng.standard_normal((40, 3)) * [1, 0.3, 0] + 6 * rng.standard_normal((30, 3)) - 2
    alphas = np.array([1.0, 30.0, 1000.0])
    weights, chosen = fit_ridge_map(source, target, alphas=alphas)

    def ridge(x, y, alpha):
        mean = x.mean(axis=0)
        slope = np.linalg.solve((x - mean).T @ (x - mean) + alpha * np.eye(40), (x - mean).T @ (y - y.mean(axis=0)))
        return np.vstack([slope, y.mean(axis=0) - mean @ slope])

    errors = np.zeros((3, 3))
    for number, alpha in enumerate(alphas):
        for left in range(30):
            rest = np.arange(30) != left
            fitted = ridge(source[rest], target[rest], alpha)
            errors[number] += (np.append(source[left], 1) @ fitted - target[left]) ** 2
    np.testing.assert_array_equal(chosen, alphas[errors.argmin(axis=0)])
    for voxel in range(3):
        np.testing.assert_allclose(weights[:, voxel], ridge(source, target, chosen[voxel])[:, voxel], atol=1e-8)


def test_alignment_refuses_what_it_cannot_align():
    data, _ = brains()
    with pytest.raises(DataError, match="34 features of subjects with at least 33"):
        fit_srm(data, features=34)
    with pytest.raises(DataError, match="subjects have 120, 100 samples"):
        fit_srm([data[0], data[1][:100]], features=3)
    with pytest.raises(DataError, match="1 subjects"):
        fit_srm(data[:1], features=3)
    with pytest.raises(DataError, match="no shared response model"):
        fit_srm(data, features=3, kind="other")
    data[2][0, 0] = np.nan
    with pytest.raises(DataError, match="1 values not finite"):
        fit_hyperalignment(data)
