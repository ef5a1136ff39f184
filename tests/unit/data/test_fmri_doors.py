"""Where BOLD pipelines start: runs read a few volumes at a time, runs on disk, and fMRIPrep's derivatives in a plan."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml

from cogmodels.config.load import load_study
from cogmodels.data import bold
from cogmodels.data.bold import read_bold, read_mask, read_masked, stored_runs, write_bold
from cogmodels.data.plan import Plan
from cogmodels.data.surfaces import gather_series, write_places
from cogmodels.errors import ConfigError, DataError
from cogmodels.fmri.confounds import pipeline_confounds
from cogmodels.fmri.masks import common_mask, has_signal

MASK = np.zeros((4, 5, 3), bool)
MASK[1:3, 1:, :2] = True


def write_run(folder, number=1, dtype=np.float32):
    data = np.random.default_rng(number).normal(1000, 10, (4, 5, 3, 20)).astype(dtype)
    path = folder / "sub-01" / "func" / f"sub-01_task-x_run-{number}_bold.nii.gz"
    write_bold(path, data, np.diag([3.0, 3.0, 3.0, 1.0]), 2.0, {"StartTime": 0.9})
    return path


@pytest.mark.parametrize("dtype", [np.float32, np.int16])
def test_a_few_volumes_at_a_time_are_the_whole_run(tmp_path, monkeypatch, dtype):
    monkeypatch.setattr(bold, "SLAB", 3 * MASK.size)
    path = write_run(tmp_path, dtype=dtype)
    whole, part = read_bold(path, mask=MASK), read_masked(path, MASK)
    np.testing.assert_array_equal(part.data, whole.data[MASK].T)
    assert (part.repetition_time, part.timing) == (whole.repetition_time, whole.timing) == (2.0, {"StartTime": 0.9})


def test_broken_runs_are_refused_alike(tmp_path):
    path = write_run(tmp_path)
    with pytest.raises(DataError, match="the mask"):
        read_masked(path, np.ones((2, 2, 2), bool))
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(DataError, match="damaged or cut short"):
        read_masked(path, MASK)


def test_runs_on_disk_give_their_voxels_and_vanish(tmp_path):
    paths = [write_run(tmp_path, number) for number in (1, 2)]
    with stored_runs(paths, MASK, tmp_path / "out") as (runs, timing):
        assert timing == [(2.0, 0.9)] * 2
        for path, run in zip(paths, runs, strict=True):
            expected = read_masked(path, MASK).data
            assert run.shape == expected.shape
            np.testing.assert_array_equal(run[:, 3:9], expected[:, 3:9])
            np.testing.assert_array_equal(run[:, :1], expected[:, :1])
            np.testing.assert_array_equal(run[:, 12:99], expected[:, 12:99])
            np.testing.assert_array_equal(np.asarray(run), expected)
    assert not list((tmp_path / "out").iterdir())


def test_masks_of_runs_in_common():
    other = MASK.copy()
    other[1] = False
    np.testing.assert_array_equal(common_mask([MASK, other]), other)
    with pytest.raises(DataError, match="no voxel in common"):
        common_mask([other, ~other])
    with pytest.raises(DataError, match="one grid"):
        common_mask([MASK, np.ones((2, 2, 2), bool)])
    np.testing.assert_array_equal(has_signal(np.array([[0, 5, 1, -3], [0, 5, 2, -4.0]])), [False, False, True, False])


def test_confounds_by_name_and_volumes_that_are_not_steady():
    table = pd.DataFrame(np.random.default_rng(0).standard_normal((6, 3)), columns=["csf", "white_matter", "mine"])
    table["non_steady_state_outlier00"] = [1.0, 0, 0, 0, 0, 0]
    table["motion_outlier00"] = [0, 0, 0, 1.0, 0, 0]
    found = pipeline_confounds(table, names=["tissue", "mine", "spikes"])
    np.testing.assert_array_equal(found[:, :3], table[["csf", "white_matter", "mine"]])
    np.testing.assert_array_equal(found[:, 3], table["motion_outlier00"])
    np.testing.assert_array_equal(found[:, 4], [1, 0, 0, 0, 0, 0])
    assert pipeline_confounds(table[["mine"]]) is None
    with pytest.raises(DataError, match="lack other"):
        pipeline_confounds(table, names=["other"])
    table.loc[2, "mine"] = np.nan
    with pytest.raises(DataError, match="mine hold missing values"):
        pipeline_confounds(table, names=["mine"])


def prepared_study(folder, spaces=("MNI", "T1w"), **options):
    """A plan of one run that fMRIPrep prepared in some spaces; empty files."""
    raw, made = folder / "bids/sub-01/func", folder / "fmriprep/sub-01/func"
    for place in (raw, made):
        place.mkdir(parents=True)
    (raw / "sub-01_task-x_run-1_bold.nii.gz").touch()
    (made / "sub-01_task-x_run-1_desc-confounds_timeseries.tsv").touch()
    for space in spaces:
        for kind in ("desc-preproc_bold", "desc-brain_mask"):
            (made / f"sub-01_task-x_run-1_space-{space}_{kind}.nii.gz").touch()
    return plan_prepared(folder, **options)


def plan_prepared(folder, **options):
    spec = {
        "name": "mine", "title": "x", "modalities": ["fmri"], "licence": {"name": "own", "redistributable": False},
        "source": {"kind": "folder", "path": str(folder / "bids")}, "fmriprep": str(folder / "fmriprep"),
    }  # fmt: skip
    (folder / "mine.yaml").write_text(yaml.safe_dump(spec))
    pipeline = {"modality": "fmri", "datasets": ["mine"], "source": "fmriprep", "high_pass_s": 128.0, **options}
    return Plan(load_study({"study": "s", "datasets": ["mine"], "pipelines": {"p": pipeline}}, "here"), folder)


def test_a_plan_finds_the_volumes_of_the_space(tmp_path):
    found = prepared_study(tmp_path, space="MNI").prepared("mine", "p", "sub-01_task-x_run-1")
    assert found.series.name == "sub-01_task-x_run-1_space-MNI_desc-preproc_bold.nii.gz"
    assert found.mask.name == "sub-01_task-x_run-1_space-MNI_desc-brain_mask.nii.gz"
    assert found.confounds.name == "sub-01_task-x_run-1_desc-confounds_timeseries.tsv"


def test_a_plan_asks_for_one_space(tmp_path):
    with pytest.raises(DataError, match="2 prepared volumes .*MNI, T1w"):
        prepared_study(tmp_path)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"realign": True}, "realigned already"),
        ({"high_pass_s": None}, "needs `high_pass_s`"),
        ({"source": "raw", "space": "MNI"}, "need `source: fmriprep`"),
        ({"contrasts": {"a": {"x": 0.0}}}, "no weight other than 0"),
    ],
)
def test_options_that_do_not_go_together(tmp_path, options, expected):
    with pytest.raises(ConfigError, match=expected):
        prepared_study(tmp_path, **options)


def test_smoothing_maps_and_figures_of_surfaces_are_refused(tmp_path):
    raw, made = tmp_path / "bids/sub-01/func", tmp_path / "fmriprep/sub-01/func"
    for place in (raw, made):
        place.mkdir(parents=True)
    (raw / "sub-01_task-x_run-1_bold.nii.gz").touch()
    (made / "sub-01_task-x_run-1_desc-confounds_timeseries.tsv").touch()
    (made / "sub-01_task-x_run-1_hemi-L_space-fsaverage5_bold.func.gii").touch()
    with pytest.raises(DataError, match="1 prepared surfaces"):
        plan_prepared(tmp_path)
    (made / "sub-01_task-x_run-1_hemi-R_space-fsaverage5_bold.func.gii").touch()
    plan = plan_prepared(tmp_path)
    assert plan.on_surface("mine", "p")
    found = plan.prepared("mine", "p", "sub-01_task-x_run-1")
    assert [path.name.split("_")[3] for path in found.files] == ["hemi-L", "hemi-R"]
    with pytest.raises(ConfigError, match="`smoothing_fwhm_mm`, `figures` of surfaces or grayordinates"):
        plan_prepared(tmp_path, smoothing_fwhm_mm=6.0, figures=True)


def test_hemispheres_become_one_series(tmp_path):
    data = np.random.default_rng(0).standard_normal((5, 2, 4)).astype(np.float32)
    data[2, 1, 0] = np.nan
    paths = [tmp_path / f"sub-01_task-x_hemi-{side}_space-fsaverage5_bold.func.gii" for side in "LR"]
    for part, path, side in zip(data.swapaxes(0, 1), paths, ("Left", "Right"), strict=True):
        meta = nib.gifti.GiftiMetaData({"AnatomicalStructurePrimary": f"Cortex{side}"})
        arrays = [nib.gifti.GiftiDataArray(row, meta={"TimeStep": "1500"}) for row in part]
        nib.save(nib.gifti.GiftiImage(meta=meta, darrays=arrays), path)
    series, known = gather_series(paths)
    np.testing.assert_array_equal(known, [True] * 4 + [False] + [True] * 3)
    np.testing.assert_array_equal(series.data[:, known], data.reshape(5, 8)[:, known])
    assert (series.data[:, 4] == 0).all()
    assert series.structures == [("CortexLeft", slice(0, 4)), ("CortexRight", slice(4, 8))]
    out, mask = (
        tmp_path / "sub-01_task-x_desc-gathered_bold.nii.gz",
        tmp_path / "sub-01_task-x_desc-gathered_mask.nii.gz",
    )
    write_places(out, mask, series, known, paths[0])
    np.testing.assert_array_equal(read_masked(out, read_mask(mask)[0]).data, series.data[:, known])
    nib.save(nib.gifti.GiftiImage(meta=meta, darrays=arrays[:-1]), paths[1])
    with pytest.raises(DataError, match="hemispheres differ: 4 volumes of 1.5 s and 5 volumes of 1.5 s"):
        gather_series(paths)


def test_more_places_than_nifti_1_can_say(tmp_path):
    data = np.arange(80_000, dtype=np.float32).reshape(40_000, 1, 1, 2)
    path = tmp_path / "sub-01_task-x_desc-gathered_bold.nii.gz"
    write_bold(path, data, np.eye(4), 2.0)
    np.testing.assert_array_equal(read_bold(path).data, data)
