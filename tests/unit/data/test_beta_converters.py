"""NSD, BOLD5000 and GOD on tiny files of their exact layout; nothing here is their data."""

import h5py
import nibabel as nib
import numpy as np
import pytest

from cogmodels.config.load import load_spec
from cogmodels.data.betas import map_betas
from cogmodels.data.converters import bold5000, god, nsd, nsd_samples
from cogmodels.data.nsd_layout import write_nsd_layout, write_nsd_samples
from cogmodels.data.recordings import SUFFIXES
from cogmodels.data.sources import fetch_source
from cogmodels.errors import DataError

MASK = np.zeros((4, 3, 2), dtype=bool)
MASK[[0, 1, 3], [1, 2, 0], [1, 0, 1]] = True


@pytest.mark.parametrize(("name", "sessions"), [("nsd", 284), ("nsd-samples", 4), ("bold5000", 54), ("god", 5)])
def test_specs_announce_what_the_data_sets_have(name, sessions, pytestconfig):
    spec = load_spec(pytestconfig.rootpath / "data_specs", name)
    counted = sum(len(group.sessions or [1]) * len(group.subjects or spec.subjects) for group in spec.recordings)
    assert counted == sessions
    assert spec.modalities == ["betas"]
    assert "betas" in SUFFIXES


# -- NSD


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    """Two people, two sessions of 750 trials, 3 voxels: HDF5 and, beside it, NIfTI."""
    rng, root = np.random.default_rng(0), tmp_path_factory.mktemp("nsd")
    order = np.argsort(rng.permutation(1500) % 500)
    own = {name: np.sort(rng.choice(72000, 450, replace=False)) + 1000 for name in ("01", "03")}
    shared = np.arange(50) * 20
    # One order for both; place k shows a shared image to both, or one of its own to each.
    places = rng.permutation(500)
    images = {name: np.concatenate([shared, own[name]])[places][np.argsort(order) % 500] for name in own}
    betas = {name: rng.integers(-900, 900, (1500, 3)) / 300 for name in own}
    write_nsd_layout(root / "h5", betas, images, shared, MASK)
    write_nsd_layout(root / "nii", betas, images, shared, MASK, nifti=True)
    return root, betas, images, shared


@pytest.mark.parametrize("kind", ["h5", "nii"])
def test_nsd_sessions_come_back_with_their_images(kind, layout, tmp_path):
    root, betas, images, shared = layout
    files = nsd.convert(root / kind, tmp_path, "03")
    assert [file.name for file in files[::3]] == [f"sub-03_ses-{k:02d}_task-nsd_betas.npy" for k in (1, 2)]
    for number, file in enumerate(files[::3]):
        values, events = map_betas(file)
        mine = slice(750 * number, 750 * number + 750)
        assert np.abs(values - betas["03"][mine]).max() < 1e-3
        assert events["stimulus_id"].tolist() == [f"nsd{image:05d}" for image in images["03"][mine]]
        assert ((events["split"] == "test") == np.isin(images["03"][mine], shared)).all()
        assert events.groupby("run").size().tolist() == [63, 62] * 6
    nsd.describe(root / kind, tmp_path)
    assert (tmp_path / "participants.tsv").read_text().split() == ["participant_id", "sub-01", "sub-03"]


def test_nsd_shared_images_are_test_in_all_people(layout):
    root, _, images, shared = layout
    tables = {name: nsd.read_design(root / "h5", name) for name in images}
    held = [set(table.loc[table["split"] == "test", "stimulus_id"]) for table in tables.values()]
    assert held[0] == held[1] == {f"nsd{image:05d}" for image in shared}
    for table in tables.values():
        assert not held[0] & set(table.loc[table["split"] == "train", "stimulus_id"])
        assert table["stimulus_id"].value_counts().eq(3).all()


def test_nsd_table_of_images_says_the_same_as_the_design(layout, tmp_path):
    root, *_ = layout
    target = tmp_path / nsd.STIMULI
    target.parent.mkdir(parents=True)
    target.write_bytes((root / "h5" / nsd.STIMULI).read_bytes())
    assert nsd.read_design(tmp_path, "01").equals(nsd.read_design(root / "h5", "01"))


def test_nsd_that_is_not_there_is_refused_with_what_to_do(layout, tmp_path):
    root, betas, images, shared = layout
    with pytest.raises(DataError, match=r"nsdgeneral.nii.gz.*Accept NSD's terms"):
        nsd.convert(root / "h5", tmp_path, "02")
    write_nsd_layout(tmp_path / "a", {"01": betas["01"]}, images, shared, MASK)
    for file in (tmp_path / "a" / nsd.PLACE.format(subject="01")).iterdir():
        file.unlink()
    with pytest.raises(DataError, match="no betas of subject 01"):
        nsd.convert(tmp_path / "a", tmp_path / "out", "01")
    other = np.zeros((5, 3, 2), dtype=bool)
    other[:3, 0, 0] = True
    write_nsd_layout(tmp_path / "b", {"01": betas["01"]}, images, shared, other)
    mask = tmp_path / "b" / nsd.MASK.format(subject="01")
    mask.write_bytes((root / "h5" / nsd.MASK.format(subject="01")).read_bytes())
    with pytest.raises(DataError, match="the mask is"):
        nsd.convert(tmp_path / "b", tmp_path / "out", "01")
    big = nib.Nifti1Image(np.ones((60, 60, 60), dtype=np.int16), np.eye(4))
    nib.save(big, mask)
    with pytest.raises(DataError, match="nsdgeneral of subject 01 has 15724"):
        nsd.convert(tmp_path / "b", tmp_path / "out", "01")


def test_samples_of_mindeye_become_repeats_and_copies_are_left_out(tmp_path):
    betas = np.random.default_rng(1).standard_normal((5, 3, 4)).astype(np.float32)
    betas[1, 2] = betas[1, 0]
    for part, which, first in (("train", [0, 1], 0), ("val", [2], 2), ("test", [3, 4], 3)):
        write_nsd_samples(tmp_path / "webdataset_avg_split", "02", part, betas[which], np.array(which) * 7, first)
    values, events = map_betas(nsd_samples.convert(tmp_path, tmp_path / "bids", "02")[0])
    assert len(events) == 14
    assert events["split"].value_counts().to_dict() == {"train": 8, "test": 6}
    for row, (value, run) in enumerate(zip(values, events["run"].astype(int), strict=True)):
        image = int(events["stimulus_id"][row].removeprefix("nsd")) // 7
        assert np.array_equal(value, betas[image, run - 1].astype(np.float16))
    assert set(events.loc[events["part"] == "val", "split"]) == {"train"}
    with pytest.raises(DataError, match="no samples of subject 07"):
        nsd_samples.convert(tmp_path, tmp_path / "bids", "07")
    next(tmp_path.rglob("*2.coco73k.npy")).unlink()
    with pytest.raises(DataError, match=r"coco73k.*cannot be read"):
        nsd_samples.convert(tmp_path, tmp_path / "bids", "02")


# -- BOLD5000


@pytest.fixture
def four_people(tmp_path):
    """Two of them, one with two sessions of 40 and 37 pictures."""
    rng, root = np.random.default_rng(2), tmp_path / "source"
    root.mkdir()
    volumes = rng.standard_normal((4, 3, 2, 77)).astype(np.float32)
    for session, part in (("01", volumes[..., :40]), ("02", volumes[..., 40:])):
        nib.save(nib.Nifti1Image(part, np.eye(4)), root / f"CSI1_GLMbetas-{bold5000.VERSION}_ses-{session}.nii.gz")
    nib.save(nib.Nifti1Image(MASK.astype(np.uint8), np.eye(4)), root / "CSI1_brainmask.nii.gz")
    names = [f"COCO_train_{k:03d}.jpg" for k in range(75)] + ["rep_n01.JPEG", "COCO_train_003.jpg"]
    (root / "CSI1_imgnames.txt").write_text("\n".join(names) + "\n")
    (root / "CSI4_imgnames.txt").write_text("COCO_train_010.jpg\nrep_COCO_train_010.jpg\n")
    return root, volumes, names


def test_bold5000_sessions_come_back_with_their_pictures(four_people, tmp_path):
    root, volumes, names = four_people
    files = bold5000.convert(root, tmp_path / "bids", "CSI1")
    assert [file.name for file in files[::3]] == [f"sub-CSI1_ses-{k}_task-bold5000_betas.npy" for k in ("01", "02")]
    first, second = (map_betas(file) for file in files[::3])
    assert np.abs(np.concatenate([first[0], second[0]]) - volumes[MASK].T).max() < 5e-3
    assert first[1]["stimulus_id"].tolist() + second[1]["stimulus_id"].tolist() == [
        name.removeprefix("rep_") for name in names
    ]
    held = {"n01.JPEG", "COCO_train_003.jpg", "COCO_train_010.jpg"}
    for _, events in (first, second):
        assert set(events.loc[events["split"] == "test", "stimulus_id"]) <= held
        assert not held & set(events.loc[events["split"] == "train", "stimulus_id"])
    assert first[1].groupby("run").size().tolist() == [37, 3]
    bold5000.describe(root, tmp_path / "bids")


def test_bold5000_takes_regions_where_they_are_and_refuses_what_does_not_fit(four_people, tmp_path):
    root, volumes, _ = four_people
    region = np.zeros(MASK.shape, dtype=np.uint8)
    region[2, 2, :] = 1
    nib.save(nib.Nifti1Image(region, np.eye(4)), root / "sub-CSI1_mask-LHPPA.nii.gz")
    values, _ = map_betas(bold5000.convert(root, tmp_path / "bids", "CSI1")[0])
    assert np.abs(values - volumes[2, 2, :, :40].T).max() < 5e-3
    with pytest.raises(DataError, match="no betas TYPED"):
        bold5000.convert(root, tmp_path / "bids", "CSI2")
    (root / "CSI1_imgnames.txt").write_text("one.jpg\n")
    with pytest.raises(DataError, match="1 names of pictures for 77 trials"):
        bold5000.convert(root, tmp_path / "bids", "CSI1")


# -- GOD


def write_god(path, names=("dataSet", "metaData"), keys=("VoxelData", "ROI_VC", "DataType", "Run", "stimulus_id")):
    rng = np.random.default_rng(3)
    kind = np.repeat([1, 2, 3], [6, 4, 2])
    number = np.array([1518878.005958, 1518878.000001, 2000001.01, 2000002.01, 2000003.01, 2000004.01] + [3.1] * 6)
    number[6:10] = [1443537.022563, 1443537.022563, 1621127.019020, 1621127.019020]
    data = np.column_stack([rng.standard_normal((12, 5)), kind, np.arange(12) % 2 + 1, number])
    marks = {"VoxelData": [1] * 5, "ROI_VC": [0, 1, 0, 1, 1], "DataType": [5], "Run": [6], "stimulus_id": [7]}
    value = np.full((len(keys), 8), np.nan)
    for row, key in enumerate(keys):
        if len(marks[key]) == 5:
            value[row, :5] = marks[key]
        else:
            value[row, marks[key]] = 1
    with h5py.File(path, "w") as file:
        file[names[0]] = data
        about = file.create_group(names[1])
        about["key"], about["description"] = [key.encode() for key in keys], [b""] * len(keys)
        about["value"] = value
    return data


@pytest.mark.parametrize("names", [("dataSet", "metaData"), ("dataset", "metadata")])
def test_god_gives_visual_cortex_pictures_and_splits(names, tmp_path):
    data = write_god(tmp_path / "Subject2.h5", names)
    values, events = map_betas(god.convert(tmp_path, tmp_path / "bids", "02")[0])
    assert np.abs(values - data[:10, [1, 3, 4]]).max() < 5e-3
    assert events["split"].tolist() == ["train"] * 6 + ["test"] * 4
    assert events["stimulus_id"].tolist()[:2] == ["n01518878_5958", "n01518878_1"]
    assert events["stimulus_id"].tolist()[6:8] == ["n01443537_22563"] * 2
    assert events["trial_type"].tolist()[6] == "n01443537"
    assert events["run"].tolist()[:2] == ["train01", "train02"]
    god.describe(tmp_path, tmp_path / "bids")


def test_god_files_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(DataError, match="no Subject1.h5"):
        god.convert(tmp_path, tmp_path / "bids", "01")
    path = tmp_path / "Subject1.h5"
    for make, message in (
        (lambda: path.write_bytes(b"no"), "cannot be read"),
        (lambda: write_god(path, ("other", "metaData")), "no `dataSet`"),
        (lambda: write_god(path, keys=("ROI_VC", "Run", "stimulus_id")), "no column is `DataType`"),
    ):
        path.unlink(missing_ok=True)
        make()
        with pytest.raises(DataError, match=message):
            god.convert(tmp_path, tmp_path / "bids", "01")


def test_files_too_large_to_copy_are_linked(tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("a")
    for linked, same in ((False, False), (True, True)):
        source = {"kind": "files", "path": str(tmp_path / "mine"), "link": linked}
        target = tmp_path / f"linked-{linked}"
        found = fetch_source("x", source, target)
        assert [file.path for file in found] == ["a.txt"]
        assert (target / "a.txt").samefile(tmp_path / "mine" / "a.txt") == same
