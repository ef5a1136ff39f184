"""Voxels by labels and by reliability: known places, known signal, test trials kept out."""

import types

import nibabel as nib
import numpy as np
import pandas as pd
import pytest

from cogmodels.config.load import load_study
from cogmodels.data.regions import fetch_atlas, read_labels
from cogmodels.errors import ConfigError, DataError
from cogmodels.fmri.regions import choose_voxels

AFFINE = np.diag([3.0, 3, 3, 1])
MASK = np.zeros((6, 7, 4), bool)
MASK[1:5, 1:6, 1:] = True
IMAGE = np.zeros(MASK.shape, int)
IMAGE[:3, :, 1], IMAGE[3:, :, 2], IMAGE[0, 0, 0] = 1, 5, 9


def trials(repeats=2, stimuli=30, split="none"):
    return pd.DataFrame({"stimulus": np.tile(np.arange(stimuli), repeats).astype(str), "split": split})


def responses(n=60):
    return np.random.default_rng(0).normal(size=(n, int(MASK.sum()))).astype(np.float32)


def saved(path, data, affine=AFFINE):
    nib.save(nib.Nifti1Image(data, affine), path)
    return path


# -- labels ------------------------------------------------------------------------------------------------------------


def test_labels_by_value_and_by_name():
    names = {1: "V1", 5: "FFA"}
    chosen, table = choose_voxels(MASK, trials(), responses(), image=IMAGE, names=names, labels=["FFA", 1])
    np.testing.assert_array_equal(chosen, np.isin(IMAGE[MASK], [1, 5]))
    assert table.to_dict("list") == {
        "label": ["FFA", "V1"], "index": [5, 1], "n_image": [21, 21], "n_mask": [10, 10], "n_chosen": [10, 10],
    }  # fmt: skip


def test_without_labels_all_are_taken_and_those_outside_of_the_mask_count_none():
    chosen, table = choose_voxels(MASK, trials(), responses(), image=IMAGE)
    assert chosen.sum() == 20
    assert list(table["n_chosen"]) == [10, 10, 0]


@pytest.mark.parametrize(("labels", "match"), [(["FFA"], "no label `FFA`"), ([9], "no voxel of the mask")])
def test_labels_that_are_not_there_are_refused(labels, match):
    with pytest.raises(DataError, match=match):
        choose_voxels(MASK, trials(), responses(), image=IMAGE, labels=labels)


def test_a_label_image_on_the_grid_is_read_with_the_names_beside_it(tmp_path):
    path = saved(tmp_path / "regions.nii.gz", IMAGE.astype(np.float32))
    (tmp_path / "regions.tsv").write_text("index\tname\n1\tV1\n5\tFFA\n")
    labels = read_labels(path, MASK.shape, AFFINE)
    np.testing.assert_array_equal(labels.image, IMAGE)
    assert labels.names == {1: "V1", 5: "FFA"}
    assert not labels.resampled


def test_another_grid_is_resampled_to_the_nearest_voxel(tmp_path):
    # Voxels of 1.5 mm, two to an edge: each holds the label of the voxel of 3 mm that it lies in.
    fine = np.kron(IMAGE, np.ones((2, 2, 2))).astype(np.int16)
    affine = np.diag([1.5, 1.5, 1.5, 1])
    affine[:3, 3] = -0.75
    labels = read_labels(saved(tmp_path / "fine.nii.gz", fine, affine), MASK.shape, AFFINE)
    np.testing.assert_array_equal(labels.image, IMAGE)
    assert labels.resampled


def test_images_that_do_not_overlap_or_are_none_are_refused(tmp_path):
    far = AFFINE.copy()
    far[:3, 3] = 500
    with pytest.raises(DataError, match="no label on the grid"):
        read_labels(saved(tmp_path / "far.nii.gz", IMAGE.astype(np.int16), far), MASK.shape, AFFINE)
    with pytest.raises(DataError, match="3 dimensions"):
        read_labels(saved(tmp_path / "run.nii.gz", np.ones((4, 4, 4, 9), np.float32)), MASK.shape, AFFINE)
    with pytest.raises(DataError, match="does not exist"):
        read_labels(tmp_path / "none.nii.gz", MASK.shape, AFFINE)


def test_an_atlas_comes_through_nilearn(tmp_path, monkeypatch):
    from nilearn import datasets

    path = saved(tmp_path / "atlas.nii.gz", IMAGE.astype(np.int16))
    lut = pd.DataFrame({"index": [0, 1, 5], "name": ["Background", "V1", "FFA"]})
    asked = {}

    def fetch(**options):
        asked.update(options)
        return types.SimpleNamespace(maps=str(path), lut=lut)

    monkeypatch.setattr(datasets, "fetch_atlas_schaefer_2018", fetch)
    labels = fetch_atlas("schaefer", MASK.shape, AFFINE, {"n_rois": 100})
    assert asked == {"n_rois": 100}
    assert labels.names[5] == "FFA"
    np.testing.assert_array_equal(labels.image, IMAGE)

    def offline(**options):
        raise OSError("no route to host")

    monkeypatch.setattr(datasets, "fetch_atlas_schaefer_2018", offline)
    with pytest.raises(DataError, match="no route to host"):
        fetch_atlas("schaefer", MASK.shape, AFFINE)


# -- reliability -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reliability", ["split_half", "ncsnr"])
def test_the_voxels_with_signal_are_the_reliable_ones(reliability):
    table = trials(repeats=4)
    rng = np.random.default_rng(1)
    driven = np.arange(MASK.sum()) % 3 == 0
    signal = rng.normal(size=(30, MASK.sum())) * driven * 3
    values = signal[table["stimulus"].astype(int)] + rng.normal(size=(120, MASK.sum()))
    for options in ({"best": int(driven.sum())}, {"threshold": 0.8}):
        chosen, counts = choose_voxels(MASK, table, values, reliability=reliability, **options)
        np.testing.assert_array_equal(chosen, driven)
    assert counts.loc[0, "label"] == "mask"
    assert counts.loc[0, "n_chosen"] == driven.sum()


def test_test_trials_do_not_count():
    table = trials(repeats=4)
    rng = np.random.default_rng(2)
    values = rng.normal(size=(120, MASK.sum()))
    table["split"] = np.where(table["stimulus"].astype(int) < 15, "train", "test")
    before, _ = choose_voxels(MASK, table, values, reliability="ncsnr", best=9)
    values[table["split"] == "test"] = 100 * rng.normal(size=(60, MASK.sum()))
    after, _ = choose_voxels(MASK, table, values, reliability="ncsnr", best=9)
    np.testing.assert_array_equal(before, after)
    assert after.sum() == 9


def test_reliability_within_a_region_only():
    chosen, table = choose_voxels(MASK, trials(), responses(), image=IMAGE, labels=[5], reliability="ncsnr", best=4)
    assert chosen.sum() == 4
    assert set(IMAGE[MASK][chosen]) == {5}
    assert table.loc[0, "n_chosen"] == 4


def test_without_repeats_or_reliable_voxels_it_refuses():
    with pytest.raises(DataError, match="no stimulus is repeated"):
        choose_voxels(MASK, trials(1, 60), responses(), reliability="ncsnr", best=3)
    with pytest.raises(DataError, match="the largest is"):
        choose_voxels(MASK, trials(), responses(), reliability="ncsnr", threshold=50.0)


# -- config ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("voxels", "match"),
    [
        ({"labels": ["V1"]}, "need an `image`"),
        ({"atlas": "schaefer"}, "MNI"),
        ({"image": "a.nii.gz", "atlas": "schaefer"}, "not both"),
        ({"reliability": "ncsnr"}, "threshold"),
        ({"best": 10}, "reliability"),
        ({"reliability": "ncsnr", "best": 10}, "test trials would take part"),
    ],
)
def test_choices_that_cannot_be_are_refused(voxels, match):
    content = {
        "datasets": ["mine"],
        "pipelines": {"regions": {"modality": "fmri", "datasets": ["mine"], "voxels": voxels}},
        "experiments": {"labels": {"dataset": "mine", "pipeline": "regions"}},
    }
    with pytest.raises(ConfigError, match=match):
        load_study(content)
