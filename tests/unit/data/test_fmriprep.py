"""Derivatives of fMRIPrep: constructed folders with the names and gaps that real ones have."""

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from cogmodels.data.fmriprep import find_prepared_runs, modern_name, read_confounds, read_series
from cogmodels.errors import DataError
from cogmodels.fmri.confounds import select_confounds

N = 12


def list_of(names):
    return names.split()


OLD = list_of(
    "CSF WhiteMatter GlobalSignal stdDVARS non-stdDVARS vx-wisestdDVARS FramewiseDisplacement tCompCor00 aCompCor00 "
    "aCompCor01 Cosine00 NonSteadyStateOutlier00 X Y Z RotX RotY RotZ AROMAAggrComp02"
)
NEW = list_of(
    "csf white_matter global_signal std_dvars dvars voxelwise_std_dvars framewise_displacement t_comp_cor_00 a_comp_cor_00 "
    "a_comp_cor_01 cosine00 non_steady_state_outlier00 trans_x trans_y trans_z rot_x rot_y rot_z aroma_motion_02"
)


def confounds(names=NEW, seed=0):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(rng.standard_normal((N, len(names))), columns=names)
    steady = next(name for name in names if name.lower().startswith(("non_steady", "nonsteady")))
    table[steady] = np.arange(N) < 1
    for name in names:
        if any(part in name.lower() for part in ("dvars", "displacement", "derivative1")):
            table.loc[0, name] = np.nan
    return table.astype(float)


def write(path, table):
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, sep="\t", index=False, na_rep="n/a")
    return path


def folder(root, kind="timeseries"):
    func = root / "sub-01" / "ses-2" / "func"
    func.mkdir(parents=True)
    stem = "sub-01_ses-2_task-see_run-1"
    for space in ("", "_space-T1w", "_space-MNI152NLin2009cAsym_res-2"):
        for name in ("desc-preproc_bold", "desc-brain_mask"):
            (func / f"{stem}{space}_{name}.nii.gz").touch()
    (func / f"{stem}_boldref.nii.gz").touch()
    (func / f"{stem}_hemi-L_space-fsaverage5_bold.func.gii").touch()
    (func / f"{stem}_space-fsLR_den-91k_bold.dtseries.nii").touch()
    write(func / f"{stem}_desc-confounds_{kind}.tsv", confounds())
    return func


@pytest.mark.parametrize("kind", ["timeseries", "regressors"])
def test_runs_are_found_by_their_names(tmp_path, kind):
    func = folder(tmp_path, kind)
    found = find_prepared_runs(tmp_path, "01")
    assert len(found) == 5
    assert {run.entities["space"] for run in found} == {"fsaverage5", "func", "fsLR", "MNI152NLin2009cAsym", "T1w"}
    assert {run.confounds.name for run in found} == {f"sub-01_ses-2_task-see_run-1_desc-confounds_{kind}.tsv"}
    (run,) = find_prepared_runs(tmp_path, "01", task="see", space="MNI152NLin2009cAsym")
    assert run.mask == func / "sub-01_ses-2_task-see_run-1_space-MNI152NLin2009cAsym_res-2_desc-brain_mask.nii.gz"
    assert run.entities == {
        "subject": "01", "session": "2", "task": "see", "run": "1", "space": "MNI152NLin2009cAsym"
    }  # fmt: skip
    assert find_prepared_runs(tmp_path, "01", space="fsaverage5")[0].mask is None


def test_what_is_not_there_is_said(tmp_path):
    func = folder(tmp_path)
    with pytest.raises(DataError, match="spaces that are there: MNI152NLin2009cAsym, T1w, fsLR, fsaverage5, func"):
        find_prepared_runs(tmp_path, "01", space="MNI305")
    with pytest.raises(DataError, match="spaces that are there: none"):
        find_prepared_runs(tmp_path, "02")
    (func / "sub-01_ses-2_task-see_run-1_space-T1w_desc-brain_mask.nii.gz").unlink()
    with pytest.raises(DataError, match="no brain mask"):
        find_prepared_runs(tmp_path, "01", space="T1w")
    (func / "sub-01_ses-2_task-see_run-1_desc-confounds_timeseries.tsv").unlink()
    with pytest.raises(DataError, match="no confounds"):
        find_prepared_runs(tmp_path, "01", space="func")


def test_old_and_new_tables_are_one(tmp_path):
    old = read_confounds(write(tmp_path / "old.tsv", confounds(OLD)))
    new = read_confounds(write(tmp_path / "new.tsv", confounds(NEW)))
    pd.testing.assert_frame_equal(old, new)
    assert not old.isna().any().any()
    assert (old.loc[0, ["std_dvars", "dvars", "framewise_displacement"]] == 0).all()
    assert modern_name("NonSteadyState03") == "non_steady_state_outlier03"
    assert modern_name("cosine00") == "cosine00"


def test_missing_values_elsewhere_are_not_filled(tmp_path):
    table = confounds()
    table.loc[5, "framewise_displacement"] = np.nan
    table["csf"] = np.nan
    found = read_confounds(write(tmp_path / "table.tsv", table))
    assert np.isnan(found.loc[5, "framewise_displacement"])
    select_confounds(found, motion=6)
    with pytest.raises(DataError, match="csf hold missing values"):
        select_confounds(found, motion=6, tissue=True)
    table["rot_z"] = "high"
    with pytest.raises(DataError, match="`high` in column `rot_z`, row 1, is no number"):
        read_confounds(write(tmp_path / "wrong.tsv", table))


def test_chosen_confounds_and_volumes(tmp_path):
    table = read_confounds(write(tmp_path / "table.tsv", confounds()))
    regressors, keep = select_confounds(table, motion=24, tissue=True, global_signal=True, anatomical=2, temporal=1)
    assert regressors.shape == (N, 24 + 2 + 1 + 2 + 1)
    np.testing.assert_array_equal(keep, np.arange(N) > 0)
    np.testing.assert_allclose(regressors["trans_x_derivative1"][1:], np.diff(table["trans_x"]))
    np.testing.assert_array_equal(regressors["a_comp_cor_01"], table["a_comp_cor_01"])
    assert "cosine00" not in regressors
    with pytest.raises(DataError, match="lack a_comp_cor_02, a_comp_cor_03"):
        select_confounds(table, anatomical=4)
    plain, _ = select_confounds(table, motion=0)
    assert plain.shape[1] == 0


def test_a_surface_comes_back(tmp_path):
    data = np.random.default_rng(0).standard_normal((N, 40)).astype(np.float32)
    meta = nib.gifti.GiftiMetaData({"AnatomicalStructurePrimary": "CortexLeft"})
    arrays = [nib.gifti.GiftiDataArray(row, meta={"TimeStep": "1500"}) for row in data]
    path = tmp_path / "sub-01_task-see_hemi-L_space-fsaverage5_bold.func.gii"
    nib.save(nib.gifti.GiftiImage(meta=meta, darrays=arrays), path)
    found = read_series(path)
    np.testing.assert_array_equal(found.data, data)
    assert found.repetition_time == 1.5
    assert found.structures == [("CortexLeft", slice(0, 40))]
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(DataError, match="damaged or cut short"):
        read_series(path)


def test_grayordinates_come_back(tmp_path):
    data = np.random.default_rng(1).standard_normal((N, 9)).astype(np.float32)
    parts = [
        nib.cifti2.BrainModelAxis.from_mask(np.ones(count, bool), name=f"CIFTI_STRUCTURE_CORTEX_{side}")
        for count, side in ((5, "LEFT"), (4, "RIGHT"))
    ]
    axes = (nib.cifti2.SeriesAxis(0, 2.0, N, "SECOND"), parts[0] + parts[1])
    path = tmp_path / "sub-01_task-see_space-fsLR_den-91k_bold.dtseries.nii"
    nib.save(nib.Cifti2Image(data, axes), path)
    found = read_series(path)
    np.testing.assert_array_equal(found.data, data)
    assert found.repetition_time == 2.0
    assert found.structures == [
        ("CIFTI_STRUCTURE_CORTEX_LEFT", slice(0, 5)),
        ("CIFTI_STRUCTURE_CORTEX_RIGHT", slice(5, 9)),
    ]
    with pytest.raises(DataError, match="does not exist"):
        read_series(tmp_path / "other.dtseries.nii")
