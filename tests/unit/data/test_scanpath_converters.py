"""COCO-Search18, COCO-FreeView, GazeSearch and MIT1003 on tiny files of their exact layout; nothing here is their data."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from cogmodels.config.load import load_spec
from cogmodels.data.bids import read_tsv
from cogmodels.data.converters import coco_freeview, coco_search18, gazesearch, mit1003
from cogmodels.data.scanpath_json import read_scanpaths
from cogmodels.data.tables import check_fixations, scanpath_fixations
from cogmodels.errors import DataError


def record(**changes):
    """A scanpath as COCO-Search18 has it."""
    found = {
        "name": "000000000001.jpg", "subject": 2, "task": "bottle", "condition": "present", "bbox": [800, 500, 100, 60],
        "X": [840.0, 1200.5, 850.0], "Y": [525.0, 300.25, 530.0], "T": [150, 230, 310], "length": 3, "correct": 1,
        "RT": 900, "fixOnTarget": True, "split": "train",
    }  # fmt: skip
    return found | changes


def image(path, size):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, 90).save(path)


@pytest.fixture
def folder(tmp_path):
    """Target present and absent, as unpacked: images in a folder a category."""
    source = tmp_path / "source"
    for name in ("images/bottle/000000000001.jpg", "images/cup/000000000001.jpg", "images/cup/000000000002.jpg"):
        image(source / name, (1680, 1050))
    train = [
        record(),
        record(subject=3, T=[150, 230, 310, 200, 100]),
        record(subject=3),
        record(task="cup", X=[840.0, 1690.0], Y=[525.0, 10.0], T=[100, 200], length=2, correct=0),
        record(name="000000000009.jpg"),
    ]
    valid = [
        record(name="000000000002.jpg", task="cup", X=[840.0], Y=[525.0], T=[100], length=1, split="valid", bbox=[1600, 0, 90, 20]),
        record(name="000000000002.jpg", task="cup", subject=3, X=[], Y=[], T=[], length=0, split="valid"),
        record(name="000000000002.jpg", task="cup", subject=10, X=[1, None], Y=[2, 3], T=[100, 100], length=1, split="valid"),
        record(name="000000000002.jpg", task="cup", subject=4, T=[100], split="valid"),
    ]  # fmt: skip
    absent = [record(task="fork", condition="absent", split="train")]
    del absent[0]["bbox"], absent[0]["RT"]
    for name, content in (("TP_train_split1", train), ("TP_validation_split1", valid), ("TA_trainval", absent)):
        (source / f"coco_search18_fixations_{name}.json").write_text(json.dumps(content))
    return source


def counts(defects):
    return {row.defect.split(" (")[0]: row.n for row in defects.itertuples()}


def test_searches_keep_target_box_condition_and_split(folder, tmp_path):
    coco_search18.describe(folder, tmp_path)
    table = read_tsv(coco_search18.convert(folder, tmp_path, "02")[0])
    first = table[table["target"] == "bottle"].reset_index(drop=True)
    assert first["duration"].astype(float).tolist() == [0.15, 0.23, 0.31]
    assert first["x"].astype(float).tolist() == [840.0, 1200.5, 850.0]
    assert first["found"].tolist() == ["False", "False", "True"]
    assert set(first["split"]) == {"train"}
    by_target = table.groupby("target")["present"].first()
    assert by_target.to_dict() == {"bottle": "True", "cup": "True", "fork": "False"}
    check_fixations(scanpath_fixations(table, "02"))
    scenes = read_tsv(tmp_path / "stimuli" / "scenes.tsv").set_index(["image", "target"])
    box = scenes.loc[("000000000001.jpg", "bottle"), ["left", "top", "right", "bottom"]]
    assert [int(v) for v in box] == [800, 500, 900, 560]
    assert scenes.loc[("000000000001.jpg", "fork"), "left"] != scenes.loc[("000000000001.jpg", "fork"), "left"]
    assert scenes.loc[("000000000002.jpg", "cup"), "split"] == "valid"
    # One image for the categories that share it.
    assert sorted(path.name for path in (tmp_path / "stimuli").glob("*.jpg")) == [
        "000000000001.jpg",
        "000000000002.jpg",
    ]


def test_every_known_defect_is_counted(folder, caplog):
    files = sorted(folder.glob("*.json"))
    found = read_scanpaths(files, coco_search18.LAYOUT, ["000000000001.jpg", "000000000002.jpg"])
    assert counts(found.defects) == {
        "scanpaths with more durations than places": 1,
        "scanpaths that come twice": 1,
        "scanpaths on an image that is not in the folder": 1,
        "fixations beside the image": 1,
        "scanpaths with a box that leaves the image": 1,
        "scanpaths without a fixation": 1,
        "fixations without a place or a duration": 1,
        "scanpaths of one fixation": 2,
        "scanpaths whose `length` is not that of X": 1,
        "scanpaths with fewer durations than places": 1,
    }
    assert "1 of 10: scanpaths that come twice" in caplog.text
    assert found.fixations.groupby("subject")["trial"].nunique().to_dict() == {"02": 4, "03": 1, "10": 1}


def test_free_viewing_has_no_target(folder, tmp_path):
    viewed = [record(condition="freeview", split=split, subject=k) for k, split in ((1, "train"), (2, "valid"))]
    for one in viewed:
        del one["bbox"], one["task"], one["correct"]
    (folder / "COCOFreeView_fixations_trainval.json").write_text(json.dumps(viewed))
    coco_freeview.describe(folder, tmp_path)
    table = scanpath_fixations(read_tsv(coco_freeview.convert(folder, tmp_path, "01")[0]), "01")
    assert table["target"].isna().all()
    assert not table["found"].any()
    assert read_tsv(tmp_path / "sourcedata" / "defects.tsv").empty
    with pytest.raises(DataError, match="There are 01, 02"):
        coco_freeview.convert(folder, tmp_path, "07")


def test_gazesearch_gets_its_first_fixation_back_and_its_seconds_stay(tmp_path):
    film = {"name": "a.jpg", "subject": 1, "bbox": [0, 0, 0, 0], "X": [18, 12], "Y": [182, 144], "length": 2}
    film |= {"T": [0.76343, 0.35547], "condition": "present", "fixOnTarget": True, "correct": 1}
    records = [film | {"task": "edema", "split": "test"}, film | {"task": "pneumonia", "split": "train"}]
    name = "finding_visual_search_coco_format_train_test_filtered_max_6_split_train_valid_test_2024-07-22.json"
    (tmp_path / name).write_text(json.dumps(records))
    found = read_scanpaths([tmp_path / name], gazesearch.LAYOUT)
    assert found.fixations.groupby("trial").size().tolist() == [3, 3]
    assert found.fixations.loc[:2, ["x", "y"]].to_numpy().tolist() == [[111.5, 111.5], [18, 182], [12, 144]]
    assert found.fixations.loc[:2, "duration"].tolist() == [0.76343, 0.76343, 0.35547]
    told = counts(found.defects)
    assert told["images in two parts of the shipped split"] == 1
    assert told["first fixations that the files leave out"] == 2
    assert told["scanpaths with an empty or no box of the target"] == 2
    assert told["scanpaths without an image: there are none in the folder"] == 2
    gazesearch.describe(tmp_path, tmp_path / "bids")
    assert gazesearch.convert(tmp_path, tmp_path / "bids", "01")[0].name == "sub-01_task-search_beh.tsv"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "cannot be read"),
        ("{}", "no list of scanpaths"),
        ([record(Y=[1.0])], "3 values of X, 1 of Y"),
        ([record(subject="x")], "`x` is no number"),
        ([record(split="later")], "`later` is unknown"),
        ([{"name": "a.jpg", "subject": 1, "X": [], "Y": []}], "`T` is missing"),
        ([record(X=[], Y=[], T=[])], "no scanpath is left"),
    ],
)
def test_files_of_another_layout_are_refused(content, message, tmp_path):
    path = tmp_path / "a.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    with pytest.raises(DataError, match=message):
        read_scanpaths([path], coco_search18.LAYOUT)
    with pytest.raises(DataError, match="no JSON file"):
        read_scanpaths([], coco_search18.LAYOUT)


# -- MIT1003


def gaze(places, lasting=60, flight=6):
    """Samples that rest at places and fly between them, and a blink in the last rest."""
    parts = []
    for k, place in enumerate(places):
        if k:
            share = np.linspace(0, 1, flight + 2)[1:-1, None]
            parts.append(places[k - 1] + share * (np.array(place) - places[k - 1]))
        parts.append(np.tile(np.array(place, float), (lasting, 1)))
    samples = np.concatenate(parts) + np.random.default_rng(0).normal(0, 0.2, (len(np.concatenate(parts)), 2))
    samples[-20:-14] = -1
    return samples


def test_fixations_are_found_in_samples():
    found = mit1003.find_fixations(gaze([(500, 380), (200, 100), (900, 600)])[:-25])
    np.testing.assert_allclose(found[["x", "y"]], [[200, 100], [900, 600]], atol=0.5)
    assert found["duration"].iloc[0] == pytest.approx(60 / 240, abs=5 / 240)
    assert found["onset"].iloc[0] == pytest.approx(66 / 240, abs=4 / 240)
    assert mit1003.find_fixations(np.full((100, 2), np.nan)).empty
    assert mit1003.find_fixations(np.zeros((3, 2))).empty


def test_mit1003_is_read_as_unpacked(tmp_path):
    names = {"i1": (1024, 768), "i2": (768, 1024), "i3": (1024, 768), "i" * 70: (1024, 768)}
    for name, size in names.items():
        image(tmp_path / "ALLSTIMULI" / f"{name}.jpeg", size)
    for person in ("CNG", "ajs"):
        data = tmp_path / "DATA" / person
        data.mkdir(parents=True)
        savemat(data / "shuff_stimnames.mat", {"shuff_stimnames": ["i1"]})
        for name in [*names, "unknown"]:
            places = [(500, 380)] if name == "i3" else [(500, 380), (200, 100), (2000, 600)]
            content = {
                "imgName": f"{name}.jpeg",
                "DATA": {"eyeData": gaze(places)[:-25] if name == "i3" else gaze(places)},
            }
            savemat(data / f"{name}.mat", {name[:63] if len(name) > 63 else name: content}, long_field_names=True)
    root = tmp_path / "bids"
    mit1003.describe(tmp_path, root)
    assert sorted(path.name for path in (root / "stimuli").iterdir()) == ["i1.jpeg", "i3.jpeg", f"{'i' * 70}.jpeg"]
    table = read_tsv(mit1003.convert(tmp_path, root, "02")[0])
    assert table.groupby("stimulus").size().to_dict().keys() == {"i1.jpeg", f"{'i' * 70}.jpeg"}
    check_fixations(scanpath_fixations(table, "02"))
    assert counts(read_tsv(root / "sourcedata" / "defects.tsv")) == {
        "trials on images of another size than 1024 x 768 px": 2,
        "trials with fixations beside the image": 4,
        "trials without a fixation after the first": 2,
        "trials without their image": 2,
    }
    with pytest.raises(DataError, match="no folder `emb`"):
        mit1003.convert(tmp_path, root, "03")
    with pytest.raises(DataError, match="no subject 16"):
        mit1003.convert(tmp_path, root, "16")
    savemat(tmp_path / "DATA" / "ajs" / "i1.mat", {"other": 3})
    with pytest.raises(DataError, match="samples cannot be read"):
        mit1003.convert(tmp_path, root, "02")


@pytest.mark.parametrize(
    ("name", "people"), [("coco-search18", 10), ("coco-freeview", 10), ("gazesearch", 1), ("mit1003", 15)]
)
def test_specs_announce_what_the_data_sets_have(name, people, pytestconfig):
    spec = load_spec(pytestconfig.rootpath / "data_specs", name)
    assert len(spec.subjects) == people
    assert spec.recordings[0].modality == "scanpath"
    assert not spec.licence.redistributable
