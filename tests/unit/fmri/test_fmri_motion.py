"""Realignment of heads whose motion is known, splines, DVARS."""

import io
import tarfile

import numpy as np
import pandas as pd
import pytest
from scipy.ndimage import affine_transform

from cogmodels.errors import DataError
from cogmodels.fmri._resample_kernels import sample_gradient, sample_volume, spline_volume
from cogmodels.fmri.motion import (
    estimate_motion,
    grid_centre,
    resample_volumes,
    rigid_matrix,
)
from cogmodels.fmri.quality import dvars, framewise_displacement

SHAPE = (26, 30, 20)
AFFINE = np.array([[-3.0, 0, 0, 38], [0, 3, 0.2, -45], [0, -0.2, 3.5, -30], [0, 0, 0, 1]])


class Head:
    """A head as a formula, so that motion is applied exactly and no interpolation is shared with what is tested."""

    def __init__(self, shape=SHAPE, affine=AFFINE, seed=0):
        rng = np.random.default_rng(seed)
        self.affine, self.centre = affine, grid_centre(shape, affine)
        self.grid = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) @ affine[:3, :3].T + affine[:3, 3]
        self.blobs = rng.uniform(-40, 40, (40, 3))
        self.sizes, self.heights = rng.uniform(5, 12, 40), rng.uniform(-0.5, 0.5, 40)

    def volume(self, parameters):
        back = np.linalg.inv(rigid_matrix(np.asarray(parameters, float), self.centre))
        places = self.grid @ back[:3, :3].T + back[:3, 3] - self.centre
        edge = 1 / (1 + np.exp((np.sqrt(((places / [32, 37, 28]) ** 2).sum(-1)) - 1) / 0.06))
        texture = sum(
            h * np.exp(-((places - b) ** 2).sum(-1) / (2 * s * s))
            for h, b, s in zip(self.heights, self.blobs, self.sizes, strict=True)
        )
        return 1000 * edge * (1 + texture)

    def run(self, trace, noise=0.0, seed=0):
        run = np.stack([self.volume(row) for row in trace], axis=-1)
        return run + noise * np.random.default_rng(seed).standard_normal(run.shape)


def relative(parameters, centre):
    """Motion since the first volume: shifts of the centre (mm) and the axis of the turn (radians)."""
    moves = [rigid_matrix(row, centre) for row in parameters]
    found = []
    for move in moves:
        step = move @ np.linalg.inv(moves[0])
        turn = (step[:3, :3] - step[:3, :3].T) / 2
        shift = step[:3, :3] @ centre + step[:3, 3] - centre
        found.append([*shift, turn[2, 1], turn[0, 2], turn[1, 0]])
    return np.array(found)


def camcan_traces(mirror, people, every):
    """Head positions (mm, radians) of people spread over the 645 of camcan-motion, every so many volumes."""
    with tarfile.open(mirror / "camcan-motion/Confounds/confounds.tar.gz") as archive:
        names = sorted(n for n in archive.getnames() if n.endswith("_confounds.csv"))
        for name in names[:: len(names) // people][:people]:
            table = pd.read_csv(io.BytesIO(archive.extractfile(name).read()), skipinitialspace=True)
            yield table[["x", "y", "z", "r", "p", "j"]].to_numpy()[::every]


# -- splines -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(9, 11, 7), (6, 5, 1), (2, 3, 4)])
def test_the_spline_is_that_of_scipy(shape):
    rng = np.random.default_rng(1)
    volume = rng.standard_normal(shape)
    matrix = np.hstack([np.eye(3) + 0.02 * rng.standard_normal((3, 3)), 0.3 * rng.standard_normal((3, 1))])
    if shape[2] == 1:
        matrix[2], matrix[:, 2] = [0, 0, 1, 0], [0, 0, 1]
    coefficients, target = volume.copy(), np.empty(shape)
    spline_volume(coefficients)
    sample_volume(coefficients, matrix, target)
    places = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) @ matrix[:, :3].T + matrix[:, 3]
    inside = ((places >= 0) & (places <= np.array(shape) - 1)).all(axis=-1)
    assert inside.mean() > 0.2
    if shape[2] == 1:
        # scipy fits no spline along one sample: the slice by itself.
        expected = affine_transform(volume[..., 0], matrix[:2, :2], matrix[:2, 3], order=3, mode="mirror")[..., None]
    else:
        expected = affine_transform(volume, matrix[:, :3], matrix[:, 3], order=3, mode="mirror")
    np.testing.assert_allclose(target[inside], expected[inside], atol=1e-12)


def test_the_gradient_is_that_of_the_spline():
    volume = np.random.default_rng(2).standard_normal((7, 8, 6))
    coefficients = volume.copy()
    spline_volume(coefficients)
    points = np.array([[3.0, 4, 2], [1, 1, 4], [5, 6, 1]])
    values, gradients = np.empty(3), np.empty((3, 3))
    sample_gradient(coefficients, points, values, gradients)
    np.testing.assert_allclose(values, volume[tuple(points.astype(int).T)], atol=1e-12)
    for axis in range(3):
        sides = []
        for step in (1e-4, -1e-4):
            matrix = np.hstack([np.eye(3), step * np.eye(3)[:, axis : axis + 1]])
            target = np.empty(volume.shape)
            sample_volume(coefficients, matrix, target)
            sides.append(target[tuple(points.astype(int).T)])
        np.testing.assert_allclose(gradients[:, axis], (sides[0] - sides[1]) / 2e-4, atol=1e-6)


# -- realignment -------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_real_traces_of_20_people_are_recovered(mirror):
    head, errors = Head(), []
    for number, trace in enumerate(camcan_traces(mirror, 20, 26)):
        # Noise of 2 % of the brain's intensity in each voxel: a temporal SNR of 50 before smoothing.
        run = head.run(trace, noise=20.0, seed=number)
        found = estimate_motion(run, AFFINE)
        errors.append((relative(found.parameters, head.centre) - relative(trace, head.centre))[1:])
    assert len(errors) == 20
    errors = np.abs(np.concatenate(errors))
    assert np.median(errors[:, :3]) < 0.02
    assert np.rad2deg(np.median(errors[:, 3:])) < 0.1
    assert errors[:, :3].max() < 0.1
    assert np.rad2deg(errors[:, 3:].max()) < 0.6


@pytest.mark.parametrize("reference", ["mean", "middle", "first"])
def test_without_noise_large_motion_is_found(reference):
    head = Head()
    trace = np.zeros((5, 6))
    trace[1] = [2.0, -1.5, 3.0, 0.04, -0.03, 0.05]
    trace[2] = [-4.0, 2.0, 1.0, -0.05, 0.05, 0.02]
    trace[3, 3] = 0.1
    found = estimate_motion(head.run(trace), AFFINE, reference=reference)
    error = relative(found.parameters, head.centre) - relative(trace, head.centre)
    assert np.abs(error[:, :3]).max() < 0.05
    assert np.rad2deg(np.abs(error[:, 3:]).max()) < 0.05
    if reference == "first":
        assert np.abs(found.parameters[0]).max() < 1e-6
        np.testing.assert_allclose(found.parameters, trace, atol=0.02)


def test_a_gain_is_no_motion():
    head = Head()
    run = head.run(np.zeros((3, 6))) * [1.0, 1.2, 0.8]
    found = estimate_motion(run, AFFINE, reference="first")
    assert np.abs(found.parameters).max() < 1e-4


def test_resampling_undoes_the_motion():
    head = Head()
    trace = np.zeros((4, 6))
    trace[1:] = [[1.2, -0.7, 0.9, 0.02, -0.01, 0.015], [0, 0, 2.0, 0, 0, 0.03], [-1, 1, 0, -0.02, 0, 0]]
    run = head.run(trace)
    inner = (slice(4, -4),) * 3
    brought = np.stack(list(resample_volumes(run, AFFINE, trace)), axis=-1)
    assert brought.dtype == np.float32
    assert np.abs(brought - run[..., :1])[inner].max() < 0.1 * np.abs(run - run[..., :1])[inner].max()
    assert np.abs(brought - run[..., :1])[inner].mean() < 0.02 * np.abs(run - run[..., :1])[inner].mean()


def test_one_slice_moves_within_its_plane():
    affine = np.diag([3.0, 3.0, 3.5, 1.0])
    affine[:3, 3] = [-45, -51, 2]
    head = Head((32, 36, 1), affine)
    trace = np.zeros((4, 6))
    trace[1:, 0], trace[1:, 1], trace[1:, 5] = [1, -1, 0.5], [0.5, 1.5, -2], [0.02, 0.0, -0.03]
    found = estimate_motion(head.run(trace), affine, reference="first").parameters
    np.testing.assert_allclose(found, trace, atol=0.02)
    np.testing.assert_allclose(found[:, 2:5], 0, atol=1e-9)


def test_volumes_are_read_one_at_a_time():
    head = Head()
    run = head.run(np.zeros((6, 6)), noise=5.0)

    class Lazy:
        shape, most = run.shape, 0

        def __getitem__(self, key):
            part = run[key]
            Lazy.most = max(Lazy.most, part.size)
            return part

    found = estimate_motion(Lazy(), AFFINE)
    np.testing.assert_array_equal(found.parameters, estimate_motion(run, AFFINE).parameters)
    assert Lazy.most == np.prod(SHAPE)


def test_realignment_refuses_what_it_cannot_align():
    run = np.ones((6, 6, 6, 3))
    with pytest.raises(DataError, match="same everywhere"):
        estimate_motion(run, np.eye(4))
    run[2, 2, 2, 1] = np.nan
    with pytest.raises(DataError, match="volume 1 holds 1 values"):
        estimate_motion(run, np.eye(4), reference="middle")
    with pytest.raises(DataError, match="no inverse"):
        estimate_motion(run, np.zeros((4, 4)))
    with pytest.raises(DataError, match="no reference"):
        estimate_motion(run, np.eye(4), reference="median")
    with pytest.raises(DataError, match="six finite parameters"):
        list(resample_volumes(run, np.eye(4), np.zeros((2, 6))))


# -- framewise displacement and DVARS ----------------------------------------------------------------------------------


def test_framewise_displacement_is_the_published_formula(mirror):
    for trace in camcan_traces(mirror, 5, 1):
        expected = [0.0]
        for before, after in zip(trace[:-1], trace[1:], strict=True):
            expected.append(sum(abs(a - b) for a, b in zip(after[:3], before[:3], strict=True)))
            expected[-1] += sum(50 * abs(a - b) for a, b in zip(after[3:], before[3:], strict=True))
        np.testing.assert_allclose(framewise_displacement(trace), expected, rtol=0, atol=1e-10)


def test_dvars_is_the_published_formula(monkeypatch):
    rng = np.random.default_rng(3)
    data = 800 + rng.standard_normal((80, 23)).cumsum(axis=0) + 30 * rng.random(23)
    data[:, 4] = 700.0
    monkeypatch.setattr("cogmodels.fmri.quality.CHUNK", 5)
    found = dvars(data)
    kept = np.delete(data, 4, axis=1)
    kept = kept / np.median(kept) * 1000
    changes, usual = [], []
    for voxel in kept.T:
        ordered = sorted(voxel)
        # Lower quartiles: the sample at the whole part of (n - 1) q.
        robust = (ordered[int(79 * 0.75)] - ordered[int(79 * 0.25)]) / 1.349
        centred = voxel - voxel.mean()
        rho = sum(a * b for a, b in zip(centred[1:], centred[:-1], strict=True)) / sum(centred**2)
        usual.append(np.sqrt(2 * (1 - rho)) * robust)
        changes.append(voxel[1:] - voxel[:-1])
    changes, usual = np.array(changes), np.array(usual)
    plain = np.sqrt((changes**2).mean(axis=0))
    np.testing.assert_allclose(found.plain[1:], plain, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.standardized[1:], plain / usual.mean(), rtol=0, atol=1e-10)
    np.testing.assert_allclose(
        found.voxelwise[1:], np.sqrt(((changes / usual[:, None]) ** 2).mean(axis=0)), rtol=0, atol=1e-10
    )
    assert found.plain[0] == found.standardized[0] == found.voxelwise[0] == 0


def test_standardized_dvars_of_noise_is_1_and_a_jerk_stands_out():
    rng = np.random.default_rng(4)
    data = 1000 + 10 * rng.standard_normal((300, 400))
    data[150] += 50
    found = dvars(data).standardized
    assert np.median(found[1:]) == pytest.approx(1, abs=0.03)
    assert set(np.argsort(found)[-2:]) == {150, 151}


def test_dvars_refuses_what_it_cannot_scale():
    with pytest.raises(DataError, match="none of the 3 voxels varies"):
        dvars(np.ones((10, 3)))
    with pytest.raises(DataError, match="median of all values"):
        dvars(np.random.default_rng(0).standard_normal((20, 5)) - 10)
    with pytest.raises(DataError, match="3 volumes or more"):
        dvars(np.ones((2, 3)))
