"""Quality of runs, and which of them are flagged."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import detrend_standardize
from cogmodels.fmri.masks import has_signal, is_demeaned, mean_intensity_mask
from cogmodels.fmri.quality import FLAGGED, describe_flags, dvars, flag_runs, measure_run, temporal_snr
from cogmodels.report.fmri import plot_quality
from cogmodels.report.style import save_figure

VOLUMES, VOXELS = 60, 40


def run(seed=0):
    return (1000 + 10 * np.random.default_rng(seed).standard_normal((VOLUMES, VOXELS))).astype(np.float32)


def runs(**changed):
    """Eight runs that differ a little."""
    spread = np.linspace(-1, 1, 8)
    table = pd.DataFrame({name: 0.1 + 0.01 * spread for name in FLAGGED})
    table["median_tsnr"] = 80 + spread
    for name, value in changed.items():
        table.loc[3, name] = value
    return table


def test_a_run_in_numbers():
    data, motion = run(), np.zeros((VOLUMES, 6))
    motion[30:, 0], motion[40:, 5] = 0.7, np.radians(1.0)
    volumes, found = measure_run(data, motion)
    steps = np.zeros(VOLUMES)
    steps[30], steps[40] = 0.7, 50 * np.radians(1.0)
    np.testing.assert_allclose(volumes["framewise_displacement"], steps, atol=1e-12)
    np.testing.assert_array_equal(np.flatnonzero(volumes["outlier"]), [30, 40])
    np.testing.assert_array_equal(volumes["std_dvars"], dvars(data).standardized)
    assert found["mean_fd_mm"] == pytest.approx(steps[1:].mean())
    assert found["max_fd_mm"] == pytest.approx(steps.max())
    assert found["outlier_share"] == pytest.approx(2 / (VOLUMES - 1))
    assert found["motion_range_mm"] == pytest.approx(0.7)
    assert found["motion_range_deg"] == pytest.approx(1.0)
    assert found["median_tsnr"] == pytest.approx(np.median(temporal_snr(data)))


def test_without_motion_nothing_is_made_up_of_it():
    data = run()
    data[20] += 60
    volumes, found = measure_run(data)
    assert volumes["framewise_displacement"].isna().all()
    assert all(np.isnan(found[name]) for name in ("mean_fd_mm", "max_fd_mm", "motion_range_mm", "motion_range_deg"))
    # The jump there and back is seen in the image.
    np.testing.assert_array_equal(np.flatnonzero(volumes["outlier"]), [20, 21])
    with pytest.raises(DataError, match="59 rows of motion for 60 volumes"):
        measure_run(data, np.zeros((VOLUMES - 1, 6)))


@pytest.mark.parametrize("standardize", [False, True])
def test_a_run_without_its_mean_has_no_measure_of_it(standardize):
    whole = run()
    volumes, found = measure_run(detrend_standardize(whole, order=0, standardize=standardize))
    assert np.isnan(found["median_tsnr"])
    assert volumes["dvars"].isna().all()
    # Voxels that have been brought to one scale weigh otherwise in the mean over them.
    np.testing.assert_allclose(volumes["std_dvars"], dvars(whole).standardized, rtol=0.1 if standardize else 1e-4)
    np.testing.assert_allclose(volumes["voxelwise_std_dvars"], dvars(whole).voxelwise, rtol=1e-3)
    assert is_demeaned(whole - whole.mean(axis=0))
    assert not is_demeaned(whole)
    table = flag_runs(pd.DataFrame([found] * 6))
    assert not table["outlier"].any()


def test_the_page_of_a_run_without_its_mean(tmp_path):
    data, mask = detrend_standardize(run()), np.ones((5, 4, 2), bool)
    volumes, found = measure_run(data)
    figure = plot_quality(data, data, mask, 2.0, volumes=volumes, quality=found)
    assert "Before: its mean has been removed" in [axes.get_title(loc="left") for axes in figure.axes]
    save_figure(figure, tmp_path / "page.png")


def test_alike_runs_are_not_flagged():
    found = flag_runs(runs())
    assert not found["outlier"].any()
    assert found["outlier_measures"].isna().all()


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"mean_fd_mm": 0.3}, "mean_fd_mm (z)"),
        ({"mean_fd_mm": 0.6}, "mean_fd_mm (limit)"),
        ({"median_tsnr": 40.0}, "median_tsnr (z)"),
        ({"motion_range_mm": 4.0, "mean_std_dvars": 2.0}, "mean_std_dvars (z), motion_range_mm (limit)"),
    ],
)
def test_the_run_that_differs_is_flagged_and_no_other(changed, reason):
    found = flag_runs(runs(**changed))
    assert found["outlier_measures"][3] == reason
    np.testing.assert_array_equal(np.flatnonzero(found["outlier"]), [3])


def test_good_runs_few_runs_and_unknown_motion_are_not_flagged():
    assert not flag_runs(runs(median_tsnr=200.0, mean_fd_mm=0.0))["outlier"].any()
    assert not flag_runs(runs(mean_fd_mm=0.3)[2:6])["outlier"].any()
    assert flag_runs(runs(mean_fd_mm=0.3)[2:7])["outlier"].sum() == 1
    assert not flag_runs(runs().assign(mean_fd_mm=np.nan))["outlier"].any()
    with pytest.raises(DataError, match="lacks median_tsnr"):
        flag_runs(runs().drop(columns="median_tsnr"))


def test_the_sidecar_names_every_column():
    _, found = measure_run(run())
    assert set(describe_flags()) == {"recording", *found, "outlier", "outlier_measures"}


def test_the_page_says_where_motion_is_not_known(tmp_path):
    data, mask = run(), np.zeros((5, 4, 3), bool)
    mask[:, :, :2] = True
    volumes, found = measure_run(data)
    figure = plot_quality(data, detrend_standardize(data), mask, 2.0, volumes=volumes, quality=found)
    said = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert said.count("not known: the pipeline does not realign") == 2
    assert said.count("n/a") == 4
    motion = pd.DataFrame(
        0.0, index=range(VOLUMES), columns=["trans_x", "trans_y", "trans_z", "rot_x", "rot_y", "rot_z"]
    )
    volumes, found = measure_run(data, motion)
    figure = plot_quality(data, detrend_standardize(data), mask, 2.0, volumes=volumes, quality=found, motion=motion)
    assert not any("not known" in text.get_text() for axes in figure.axes for text in axes.texts)
    save_figure(figure, tmp_path / "page.png")
    with pytest.raises(DataError, match="a mask of 60 voxels"):
        plot_quality(data, data, np.ones((5, 4, 3), bool), 2.0, volumes=volumes, quality=found)


def test_masks_of_runs_without_their_mean():
    data = run()
    data[:, 5] = 0
    np.testing.assert_array_equal(has_signal(data - data.mean(axis=0)), np.arange(VOXELS) != 5)
    mean = (data - data.mean(axis=0)).mean(axis=0, dtype=float).reshape(5, 4, 2)
    with pytest.raises(DataError, match="has been removed"):
        mean_intensity_mask(mean)


def test_volumes_that_are_not_steady_do_not_count():
    data, motion = (
        run(),
        np.cumsum(np.random.default_rng(3).normal(0, 0.02, (VOLUMES, 6)) * [1, 1, 1, 0.01, 0.01, 0.01], 0),
    )
    loud = data.copy()
    loud[:3] += 1000
    moved = motion.copy()
    moved[:3, :3] += 9
    steady = np.arange(VOLUMES) >= 3
    volumes, found = measure_run(loud, moved, steady)
    expected, rest = measure_run(data[3:], motion[3:])
    assert found == {**rest, "n_volumes": VOLUMES}
    assert volumes.drop(columns="outlier")[:3].isna().all(axis=None)
    assert not volumes["outlier"][:3].any()
    pd.testing.assert_frame_equal(volumes[3:].reset_index(drop=True), expected)
    # Where they count, they are seen.
    assert measure_run(loud, moved)[1]["motion_range_mm"] > 8
    assert measure_run(data, motion, np.ones(VOLUMES, dtype=bool))[1] == measure_run(data, motion)[1]
