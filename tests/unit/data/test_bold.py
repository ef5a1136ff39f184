"""BOLD images: what is written comes back, what is broken is named."""

import nibabel as nib
import numpy as np
import pytest

from cogmodels.data.bold import (
    collect_volumes,
    fill_mask,
    read_bold,
    read_mask,
    read_mean,
    read_slice_times,
    voxel_sizes,
    write_bold,
    write_mask,
)
from cogmodels.errors import DataError
from cogmodels.files import digest


@pytest.fixture
def run(tmp_path):
    data = np.random.default_rng(0).normal(1000, 10, (4, 5, 3, 20)).astype(np.float32)
    path = tmp_path / "sub-01" / "func" / "sub-01_task-x_run-1_bold.nii.gz"
    write_bold(path, data, np.diag([3.0, 3.0, 3.0, 1.0]), 1.97)
    return path, data


def test_a_run_comes_back_and_two_writes_are_the_same_bytes(run):
    path, data = run
    bold = read_bold(path)
    np.testing.assert_array_equal(bold.data, data)
    assert bold.repetition_time == 1.97
    before = digest(path)
    write_bold(path, data, bold.affine, 1.97)
    assert digest(path) == before


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.98])
def test_a_truncated_image_is_refused(run, kept):
    path, _ = run
    content = path.read_bytes()
    path.write_bytes(content[: kept if kept > 1 or kept == 0 else int(len(content) * kept)])
    with pytest.raises(DataError, match="damaged or cut short") as caught:
        read_bold(path)
    assert str(path) in str(caught.value)


def test_values_that_are_not_finite_are_counted_inside_the_mask_only(run):
    path, data = run
    data[1, 2, 0, 7] = np.nan
    write_bold(path, data, np.eye(4), 2.0)
    with pytest.raises(DataError, match="1 voxels hold values that are not finite"):
        read_bold(path)
    mask = np.ones(data.shape[:3], bool)
    mask[1, 2, 0] = False
    assert np.isfinite(read_bold(path, mask=mask).data[mask]).all()


def test_no_repetition_time_is_an_error_and_the_header_stands_in(run):
    path, data = run
    path.with_name("sub-01_task-x_run-1_bold.json").unlink()
    assert read_bold(path).repetition_time == pytest.approx(1.97)
    image = nib.Nifti1Image(data, np.eye(4))
    nib.save(image, path)
    with pytest.raises(DataError, match="no repetition time"):
        read_bold(path)


def test_wrong_shapes_are_named(run, tmp_path):
    path, data = run
    with pytest.raises(DataError, match=r"the mask \(2, 2, 2\)"):
        read_bold(path, mask=np.ones((2, 2, 2), bool))
    flat = tmp_path / "sub-01" / "func" / "sub-01_task-x_run-2_bold.nii.gz"
    nib.save(nib.Nifti1Image(data[..., 0], np.eye(4)), flat)
    with pytest.raises(DataError, match="has 3"):
        read_bold(flat)
    with pytest.raises(DataError, match="does not exist"):
        read_bold(path.with_name("sub-01_task-none_bold.nii.gz"))


def test_the_mean_runs_over_all_volumes_of_all_runs(run):
    path, data = run
    affine = read_bold(path).affine
    other = path.with_name("sub-01_task-x_run-2_bold.nii.gz")
    write_bold(other, data[..., :5] + 100, affine, 2.0)
    mean, _ = read_mean([path, other])
    np.testing.assert_allclose(mean, np.concatenate([data, data[..., :5] + 100], axis=3).mean(axis=3), rtol=1e-6)
    write_bold(other, data[:2], affine, 2.0)
    with pytest.raises(DataError, match="the runs before it"):
        read_mean([path, other])
    write_bold(other, data, affine + np.diag([0, 0, 0.2, 0]), 2.0)
    with pytest.raises(DataError, match=r"lies elsewhere.*0.2 mm"):
        read_mean([path, other])
    with pytest.raises(DataError, match="no BOLD runs"):
        read_mean([])


def test_masks_come_back_and_empty_ones_are_refused(tmp_path):
    mask = np.zeros((3, 3, 2), bool)
    mask[1, 1] = True
    write_mask(tmp_path / "m.nii.gz", mask, np.eye(4))
    np.testing.assert_array_equal(read_mask(tmp_path / "m.nii.gz")[0], mask)
    values = np.arange(6.0).reshape(3, 2)
    np.testing.assert_array_equal(fill_mask(values, mask)[mask].T, values)
    write_mask(tmp_path / "m.nii.gz", ~mask & False, np.eye(4))
    with pytest.raises(DataError, match="empty"):
        read_mask(tmp_path / "m.nii.gz")


@pytest.mark.parametrize(("direction", "axis", "turned"), [("k", 2, False), ("k-", 2, True), ("i", 0, False)])
def test_slice_times_come_in_the_order_of_the_slices(run, direction, axis, turned):
    path, data = run
    times = list(np.linspace(0, 1.5, data.shape[axis]))
    write_bold(path, data, np.eye(4), 2.0, {"SliceTiming": times, "SliceEncodingDirection": direction})
    found, found_axis = read_slice_times(path, data.shape)
    np.testing.assert_allclose(found, times[::-1] if turned else times)
    assert found_axis == axis


def test_slice_times_that_are_missing_or_too_few_are_named(run):
    path, data = run
    with pytest.raises(DataError, match="there are no slice times"):
        read_slice_times(path, data.shape)
    write_bold(path, data, np.eye(4), 2.0, {"SliceTiming": [0.0, 1.0]})
    with pytest.raises(DataError, match="2 slice times for 3 slices"):
        read_slice_times(path, data.shape)


def test_the_moment_that_slices_were_brought_to_is_kept(run):
    path, data = run
    write_bold(path, data, np.eye(4), 2.0, {"SliceTimingCorrected": True, "StartTime": 0.9})
    assert read_bold(path).timing == {"SliceTimingCorrected": True, "StartTime": 0.9}


def test_volumes_become_a_run_and_voxels_have_sizes(run):
    _, data = run
    np.testing.assert_array_equal(collect_volumes((data[..., t] for t in range(20)), data.shape), data)
    turn = np.array([[0, -3.0, 0, 1], [2, 0, 0, 1], [0, 0, 4, 1], [0, 0, 0, 1]])
    np.testing.assert_allclose(voxel_sizes(turn), [2, 3, 4])
