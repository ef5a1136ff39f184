"""Slice timing, smoothing, regressors and cleaning in one projection, with known answers."""

import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import clean_run, detrend_standardize, filter_basis, orthonormal
from cogmodels.fmri.confounds import (
    anatomical_components,
    motion_regressors,
    outlier_volumes,
    spike_regressors,
    temporal_components,
)
from cogmodels.fmri.slice_timing import correct_slice_timing
from cogmodels.fmri.smoothing import gaussian_kernel, smooth_in_mask

TR = 2.0


def phase_error(corrected, frequency, reference):
    """Delay (s) of each series beside a sine taken at ``k TR + reference``; the run's ends are left out."""
    times = (np.arange(corrected.shape[-1]) * TR + reference)[10:-10]
    basis = np.stack([np.sin(2 * np.pi * frequency * times), np.cos(2 * np.pi * frequency * times), times * 0 + 1], 1)
    weights = np.linalg.lstsq(basis, corrected[..., 10:-10].reshape(-1, len(times)).T, rcond=None)[0]
    return np.arctan2(weights[1], weights[0]) / (2 * np.pi * frequency)


# -- slice timing ------------------------------------------------------------------------------------------------------


# Up to .45 cycles a volume of 2 s.
@pytest.mark.parametrize("frequency", [0.005, 0.05, 0.1, 0.15, 0.2, 0.21, 0.22, 0.225])
@pytest.mark.parametrize("axis", [0, 2])
def test_slice_timing_of_a_sine_is_within_1_percent_of_a_volume(frequency, axis):
    slice_times = np.array([0, 2, 4, 6, 8, 1, 3, 5, 7, 9]) * 0.2
    taken = np.arange(200) * TR + slice_times[:, None]
    series = 100 + np.sin(2 * np.pi * frequency * taken)
    shape = [2, 3, 10, 200] if axis == 2 else [10, 3, 2, 200]
    data = np.broadcast_to(series[:, None, None] if axis == 0 else series[None, None], shape).copy()
    before = np.abs(phase_error(data, frequency, 0.9)).max()
    corrected, reference = correct_slice_timing(data, slice_times, TR, axis=axis)
    assert reference == pytest.approx(0.9)
    assert before > 0.4 * TR
    assert np.abs(phase_error(corrected, frequency, reference)).max() < 0.01 * TR


def test_slice_timing_moves_a_straight_line_by_the_time_between():
    slice_times = np.array([0, 0.5, 1, 1.5])
    data = np.broadcast_to(100 + 3 * (np.arange(60) * TR + slice_times[:, None]), (2, 2, 4, 60))
    corrected, reference = correct_slice_timing(data, slice_times, TR)
    expected = np.broadcast_to(100 + 3 * (np.arange(60) * TR + reference), (2, 2, 4, 60))
    # Where the kernel is whole: at its ends the run is mirrored.
    np.testing.assert_allclose(corrected[..., 17:-17], expected[..., 17:-17], rtol=1e-6)


@pytest.mark.parametrize("n_volumes", [4, 12, 40])
def test_slice_timing_leaves_constants_in_short_runs_too(n_volumes):
    data = np.broadcast_to(np.array([812.3, 0.1], np.float32)[:, None, None, None], (2, 1, 3, n_volumes))
    np.testing.assert_array_equal(correct_slice_timing(data, [0, 1.9, 0.7], TR)[0], data)


def test_slice_timing_leaves_constants_and_the_reference_slice():
    rng = np.random.default_rng(0)
    data = np.broadcast_to(rng.uniform(100, 2000, (3, 2, 4, 1)), (3, 2, 4, 30)).astype(np.float32)
    np.testing.assert_array_equal(correct_slice_timing(data, [0, 0.5, 1, 1.5], TR)[0], data)
    noise = rng.standard_normal((3, 2, 4, 30)).astype(np.float32)
    corrected, _ = correct_slice_timing(noise, [0, 0.5, 1, 1.5], TR, reference_s=0.5)
    np.testing.assert_allclose(corrected[:, :, 1], noise[:, :, 1], atol=1e-6)
    assert np.abs(corrected[:, :, 3] - noise[:, :, 3]).max() > 0.1


def test_slice_timing_refuses_other_units_and_counts():
    data = np.zeros((2, 2, 3, 10))
    with pytest.raises(DataError, match="in seconds"):
        correct_slice_timing(data, [0, 600, 1200], TR)
    with pytest.raises(DataError, match="2 slice times for 3 slices"):
        correct_slice_timing(data, [0, 0.5], TR)
    data[0, 0, 1, 2] = np.nan
    with pytest.raises(DataError, match="slice 1 holds 1 values"):
        correct_slice_timing(data, [0, 0.5, 1], TR)


# -- smoothing ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fwhm", "sizes"),
    [
        (6.0, (3.0, 3.0, 3.5)),
        (8.0, (2.0, 2.5, 4.0)),
        (4.0, (3.0, 3.3, 2.0)),
        (4.5, (3.0, 2.25, 1.5)),
        (5.0, (4.0, 5.0, 3.0)),
    ],
)
def test_smoothed_noise_has_the_width_that_was_asked_for(fwhm, sizes):
    rng = np.random.default_rng(1)
    mask = np.ones((24, 22, 20), bool)
    smoothed = smooth_in_mask(rng.standard_normal((*mask.shape, 60)), mask, fwhm, np.array(sizes)).astype(float)
    # Forman et al. 1995: from the correlation of neighbours; far from the edge, where the kernel is whole.
    inner = smoothed[6:-6, 6:-6, 6:-6]
    for axis, size in enumerate(sizes):
        ratio = np.diff(inner, axis=axis).var() / inner.var()
        found = size * np.sqrt(-2 * np.log(2) / np.log(1 - ratio / 2))
        assert found == pytest.approx(fwhm, rel=0.05)


def test_smoothing_keeps_a_constant_and_sees_nothing_outside():
    rng = np.random.default_rng(2)
    mask = rng.random((10, 9, 8)) > 0.4
    data = np.where(mask, 500.0, np.nan)
    smoothed = smooth_in_mask(data, mask, 7.0, np.full(3, 3.0))
    np.testing.assert_allclose(smoothed[mask], 500, rtol=1e-5)
    assert (smoothed[~mask] == 0).all()
    np.testing.assert_allclose(smooth_in_mask(data, mask, 0.0, np.full(3, 3.0))[mask], 500, rtol=1e-6)


def test_smoothing_is_the_explicit_weighted_mean():
    rng = np.random.default_rng(3)
    mask = rng.random((7, 6, 5)) > 0.3
    data = rng.standard_normal((7, 6, 5, 2))
    # From three voxels on the kernel is the Gaussian of the name.
    sizes, fwhm = np.array([1.0, 1.25, 1.5]), 5.0
    smoothed = smooth_in_mask(data, mask, fwhm, sizes)
    places = np.argwhere(mask)
    sigma = fwhm / np.sqrt(8 * np.log(2))
    for here in places[::17]:
        steps = places - here
        # The kernel is cut where four standard deviations end.
        near = (np.abs(steps) <= np.ceil(4 * sigma / sizes)).all(axis=1)
        weights = np.exp(-0.5 * ((steps[near] * sizes) ** 2).sum(axis=1) / sigma**2)
        expected = weights @ data[tuple(places[near].T)] / weights.sum()
        np.testing.assert_allclose(smoothed[tuple(here)], expected, atol=2e-6)


@pytest.mark.parametrize("width", [0.4, 0.8, 1.2, 4 / 3, 2.0, 3.0, 8.0])
def test_neighbours_of_smoothed_noise_are_as_alike_as_a_gaussian_of_the_width_makes_them(width):
    half = gaussian_kernel(width)
    kernel = np.concatenate([half[:0:-1], half])
    assert kernel.sum() == pytest.approx(1)
    alike = (kernel[1:] * kernel[:-1]).sum() / (kernel**2).sum()
    assert alike == pytest.approx(0.5 ** (2 / width**2), rel=1e-6)


def test_widths_far_below_a_voxel_smooth_nothing():
    assert gaussian_kernel(0.0).tolist() == gaussian_kernel(0.2).tolist() == [1.0]


def test_smoothing_in_blocks_is_smoothing_at_once(monkeypatch):
    mask = np.ones((5, 5, 5), bool)
    data = np.random.default_rng(4).standard_normal((5, 5, 5, 9))
    whole = smooth_in_mask(data, mask, 5.0, np.full(3, 2.0))
    monkeypatch.setattr("cogmodels.fmri.smoothing.BLOCK", 2 * mask.size)
    np.testing.assert_array_equal(smooth_in_mask(data, mask, 5.0, np.full(3, 2.0)), whole)


def test_smoothing_refuses_what_it_cannot_smooth():
    mask = np.ones((4, 4, 4), bool)
    with pytest.raises(DataError, match="0 voxels"):
        smooth_in_mask(np.ones((4, 4, 4)), ~mask, 5.0, np.full(3, 2.0))
    data = np.ones((4, 4, 4, 3))
    data[0, 0, 0, 2] = np.inf
    with pytest.raises(DataError, match="volume 2"):
        smooth_in_mask(data, mask, 5.0, np.full(3, 2.0))


# -- regressors --------------------------------------------------------------------------------------------------------


def test_motion_regressors_by_hand():
    motion = np.arange(18, dtype=float).reshape(3, 6) ** 2
    found = motion_regressors(motion, 24)
    assert found.shape == (3, 24)
    np.testing.assert_array_equal(found["rot_z"], [25, 121, 289])
    np.testing.assert_array_equal(found["rot_z_derivative1"], [0, 96, 168])
    np.testing.assert_array_equal(found["rot_z_derivative1_power2"], [0, 96**2, 168**2])
    np.testing.assert_array_equal(found["trans_y_power2"], [1, 49**2, 169**2])
    assert motion_regressors(motion, 12).shape == (3, 12)
    with pytest.raises(DataError, match="6, 12 or 24"):
        motion_regressors(motion, 18)


def test_outliers_and_their_spikes():
    displacement = np.array([0, 0.1, 0.9, 0.2, 0.1, 0.1])
    jumps = np.array([0, 1.0, 1.2, 1.0, 1.0, 1.8])
    np.testing.assert_array_equal(np.flatnonzero(outlier_volumes(displacement, jumps)), [2, 5])
    np.testing.assert_array_equal(np.flatnonzero(outlier_volumes(displacement, before=1, after=2)), [1, 2, 3, 4])
    spikes = spike_regressors(outlier_volumes(displacement, jumps))
    assert list(spikes) == ["motion_outlier00", "motion_outlier01"]
    np.testing.assert_array_equal(spikes.sum(axis=1), [0, 0, 1, 0, 0, 1])


@pytest.mark.parametrize("components", [anatomical_components, temporal_components])
def test_an_injected_component_is_recovered(components):
    rng = np.random.default_rng(5)
    course = rng.standard_normal(200)
    data = 1000 + 10 * rng.standard_normal((200, 3000)) + np.linspace(0, 200, 200)[:, None]
    data[:, :90] += 30 * course[:, None] * rng.uniform(0.5, 1.5, 90)
    if components is anatomical_components:
        data = data[:, :90]
    basis = filter_basis(200, TR)
    found = components(data, count=5, basis=basis)
    assert np.corrcoef(found.iloc[:, 0], course - basis @ (basis.T @ course))[0, 1] > 0.99
    np.testing.assert_allclose(found.T @ found, np.eye(5), atol=1e-10)
    assert np.abs(basis.T @ found.to_numpy()).max() < 1e-10


def test_components_for_half_of_the_variance():
    rng = np.random.default_rng(6)
    data = rng.standard_normal((60, 3)) @ np.diag([3.0, 2.0, 1.0]) @ rng.standard_normal((3, 40))
    found = anatomical_components(data, count=0.5)
    centred = data - data.mean(axis=0)
    centred /= centred.std(axis=0)
    values = np.linalg.svd(centred, compute_uv=False) ** 2
    assert (values[: found.shape[1]].sum() >= 0.5 * values.sum()) & (
        values[: found.shape[1] - 1].sum() < 0.5 * values.sum()
    )
    with pytest.raises(DataError, match="41 components"):
        anatomical_components(data, count=41)


# -- cleaning in one projection ----------------------------------------------------------------------------------------


def run_with(n_volumes=180, n_voxels=50, seed=7):
    rng = np.random.default_rng(seed)
    return 1000 + 10 * rng.standard_normal((n_volumes, n_voxels)) + 30 * np.linspace(-1, 1, n_volumes)[:, None] ** 2


@pytest.mark.parametrize("low_pass", [None, 0.1])
@pytest.mark.parametrize("censored", [False, True])
def test_what_is_cleaned_is_orthogonal_to_confounds_and_filter(low_pass, censored):
    rng = np.random.default_rng(8)
    confounds = rng.standard_normal((180, 12)).cumsum(axis=0) * 10.0 ** np.arange(-4, 8)
    # Columns that depend on others, and one of nothing.
    confounds = np.column_stack([confounds, confounds[:, 0] + confounds[:, 1], np.zeros(180)])
    keep = rng.random(180) > 0.1 if censored else None
    found = clean_run(
        run_with(), TR, confounds=confounds, low_pass_hz=low_pass, keep=keep, standardize=False, dtype=np.float64
    )
    assert found.data.shape[0] == found.kept.sum()
    basis = np.column_stack([filter_basis(180, TR, low_pass_hz=low_pass), confounds])[found.kept]
    basis = basis[:, np.linalg.norm(basis, axis=0) > 0]
    cosine = (basis / np.linalg.norm(basis, axis=0)).T @ found.data / np.linalg.norm(found.data, axis=0)
    assert np.abs(cosine).max() < 1e-8
    assert found.freedom == found.kept.sum() - np.linalg.matrix_rank(basis / np.linalg.norm(basis, axis=0), tol=1e-8)
    single = clean_run(run_with(), TR, confounds=confounds, low_pass_hz=low_pass, keep=keep)
    assert single.data.dtype == np.float32
    np.testing.assert_allclose(single.data, found.data / found.data.std(axis=0), atol=1e-6)


def test_one_step_after_the_other_brings_back_what_one_projection_removes():
    # The reason for one projection: filter, then regress unfiltered confounds, and slow drift is back.
    rng = np.random.default_rng(9)
    confounds = rng.standard_normal((180, 6)).cumsum(axis=0)
    basis = filter_basis(180, TR)
    data = run_with() - run_with().mean(axis=0)
    stepwise = data - basis @ (basis.T @ data)
    other = orthonormal(confounds)
    stepwise -= other @ (other.T @ stepwise)
    assert np.abs(basis.T @ stepwise).max() > 0.1
    once = clean_run(run_with(), TR, confounds=confounds, standardize=False, dtype=np.float64).data
    assert np.abs(basis.T @ once).max() < 1e-9


def test_the_band_that_stays():
    times = np.arange(300) * TR
    slow, inside, fast = (np.cos(2 * np.pi * f * (times + TR / 2)) for f in (4 / 1200, 48 / 1200, 180 / 1200))
    data = 100 + np.stack([slow, inside, fast, slow + inside + fast], axis=1)
    kept = clean_run(data[:, 1:2], TR, low_pass_hz=0.08, standardize=False).data
    np.testing.assert_allclose(kept[:, 0], inside, atol=1e-5)
    with pytest.warns(UserWarning, match="2 of 4 voxels"):
        mixed = clean_run(data, TR, low_pass_hz=0.08, standardize=False).data
    np.testing.assert_allclose(mixed[:, 3], inside, atol=1e-5)
    assert np.abs(mixed[:, [0, 2]]).max() < 1e-5


def test_the_high_pass_is_that_of_spm():
    # floor(2 n TR / cutoff) cosines and the mean.
    for n, repetition, cutoff in ((261, 1.97, 128.0), (121, 2.5, 100.0), (300, 2.0, 128.0)):
        assert filter_basis(n, repetition, high_pass_s=cutoff).shape[1] == int(2 * n * repetition / cutoff) + 1
    basis = filter_basis(90, TR, low_pass_hz=0.1)
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-12)
    assert filter_basis(90, TR, high_pass_s=None).shape == (90, 1)


def test_censored_volumes_touch_nothing():
    data = run_with()
    wild = data.copy()
    keep = np.ones(180, bool)
    keep[[30, 31, 90]] = False
    wild[~keep] = 1e5
    np.testing.assert_array_equal(clean_run(data, TR, keep=keep).data, clean_run(wild, TR, keep=keep).data)


def test_without_confounds_and_filter_only_the_mean_goes():
    np.testing.assert_allclose(
        clean_run(run_with(), TR, high_pass_s=None).data, detrend_standardize(run_with(), order=0), atol=1e-6
    )


def test_cleaning_refuses_confounds_it_cannot_use():
    confounds = np.zeros((180, 3))
    confounds[0, 1] = np.nan
    with pytest.raises(DataError, match=r"1 columns of confounds hold values that are not finite \(first: column 1\)"):
        clean_run(run_with(), TR, confounds=confounds)
    keep = np.arange(180) > 0
    assert clean_run(run_with(), TR, confounds=confounds, keep=keep).data.shape == (179, 50)
    with pytest.raises(DataError, match="degrees of freedom"):
        clean_run(run_with(), TR, confounds=np.random.default_rng(0).standard_normal((180, 175)))
    with pytest.raises(DataError, match="one row a volume"):
        clean_run(run_with(), TR, confounds=np.zeros((100, 2)))
    with pytest.raises(DataError, match="no frequency lies between"):
        clean_run(run_with(), TR, high_pass_s=50.0, low_pass_hz=0.01)
    with pytest.raises(DataError, match="volumes are kept"):
        clean_run(run_with(), TR, keep=np.zeros(180, bool))
