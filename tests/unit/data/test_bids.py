"""BIDS names, sidecars, tables and folders."""

import gzip

import numpy as np
import pandas as pd
import pytest
from bids_validator import BIDSValidator
from hypothesis import given
from hypothesis import strategies as st

from cogmodels.data.bids import (
    bids_name,
    bids_path,
    discover,
    find_sidecar,
    parse_name,
    read_events,
    read_json,
    read_tsv,
    write_description,
    write_json,
    write_scans,
    write_tsv,
)
from cogmodels.errors import DataError
from cogmodels.files import digest, whole

LABELS = st.text("abcXYZ019", min_size=1, max_size=6)


def test_names_follow_the_order_of_bids_and_the_validator(tmp_path):
    path = bids_path(
        tmp_path,
        "func",
        suffix="bold",
        extension=".nii.gz",
        run="1",
        task="see",
        acquisition="fast",
        subject="01",
        session="2",
    )
    assert path.relative_to(tmp_path).as_posix() == "sub-01/ses-2/func/sub-01_ses-2_task-see_acq-fast_run-1_bold.nii.gz"
    assert BIDSValidator().is_bids("/" + path.relative_to(tmp_path).as_posix())


@given(subject=LABELS, task=LABELS, run=st.none() | LABELS)
def test_a_name_that_is_parsed_gives_its_entities_back(subject, task, run):
    entities = {"subject": subject, "task": task, "run": run}
    name = bids_name(suffix="eeg", extension=".vhdr", **entities)
    wanted = {key: label for key, label in entities.items() if label is not None}
    assert parse_name(name) == {**wanted, "suffix": "eeg", "extension": ".vhdr"}


@pytest.mark.parametrize("label", ["a_b", "a-b", "a b", "", "é"])
def test_labels_that_bids_does_not_allow_are_refused(label):
    with pytest.raises(DataError, match="no BIDS label"):
        bids_name(suffix="bold", extension=".nii.gz", subject=label)


def test_unknown_entities_are_refused():
    with pytest.raises(DataError, match="unknown BIDS entity `subjct`"):
        bids_name(suffix="bold", extension=".nii.gz", subjct="01")
    with pytest.raises(DataError, match="`foo-1` is no BIDS entity"):
        parse_name("sub-01_foo-1_bold.nii.gz")


def test_tables_keep_labels_and_missing_values(tmp_path):
    frame = pd.DataFrame({"run": ["01", "02"], "x": [1.5, np.nan], "name": ["a", None], "n": [1, 2]})
    write_tsv(tmp_path / "t.tsv", frame)
    assert (tmp_path / "t.tsv").read_text() == "run\tx\tname\tn\n01\t1.5\ta\t1\n02\tn/a\tn/a\t2\n"
    back = read_tsv(tmp_path / "t.tsv")
    assert list(back["run"]) == ["01", "02"]
    assert back["x"].iloc[0] == 1.5
    assert back["x"].isna().tolist() == [False, True]
    assert back["n"].sum() == 3


def test_compressed_tables_have_the_same_bytes_and_are_refused_when_cut(tmp_path):
    frame = pd.DataFrame({"a": np.arange(500)})
    for name in ("one.tsv.gz", "two.tsv.gz"):
        write_tsv(tmp_path / name, frame, header=False)
    assert digest(tmp_path / "one.tsv.gz") == digest(tmp_path / "two.tsv.gz")
    content = (tmp_path / "one.tsv.gz").read_bytes()
    (tmp_path / "one.tsv.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match=r"one.tsv.gz: this table cannot be read"):
        read_tsv(tmp_path / "one.tsv.gz", columns=["a"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("onset\tduration\n1\t2\n", "lack column `trial_type`; there are onset, duration"),
        ("onset\tduration\ttrial_type\nx\t2\ta\n", "onset `x` in row 1 is not a time"),
        ("onset\tduration\ttrial_type\n1\t-2\ta\n", "duration `-2` in row 1 is not a time"),
        ("onset\tduration\ttrial_type\n1\tn/a\ta\n", "in row 1 is not a time"),
        ("", "cannot be read"),
    ],
)
def test_wrong_events_are_named(tmp_path, text, expected):
    (tmp_path / "e.tsv").write_text(text)
    with pytest.raises(DataError) as caught:
        read_events(tmp_path / "e.tsv")
    assert expected in str(caught.value)
    assert str(tmp_path / "e.tsv") in str(caught.value)


def test_missing_and_damaged_json_are_named(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        read_json(tmp_path / "none.json")
    (tmp_path / "j.json").write_text('{"a": 1')
    with pytest.raises(DataError, match="not valid JSON"):
        read_json(tmp_path / "j.json")


def test_sidecars_are_inherited_and_the_nearest_wins(tmp_path):
    write_json(tmp_path / "dataset_description.json", {"Name": "x"})
    write_json(tmp_path / "task-see_bold.json", {"RepetitionTime": 2.0, "TaskName": "see"})
    write_json(tmp_path / "task-other_bold.json", {"RepetitionTime": 9.0})
    image = bids_path(tmp_path, "func", suffix="bold", extension=".nii.gz", subject="01", task="see", run="1")
    write_json(image.with_name("sub-01_task-see_run-1_bold.json"), {"RepetitionTime": 1.0})
    assert find_sidecar(image) == {"RepetitionTime": 1.0, "TaskName": "see"}


def test_an_interrupted_write_leaves_the_old_file_and_no_other(tmp_path):
    (tmp_path / "f.txt").write_text("old")

    def interrupted():
        with whole(tmp_path / "f.txt") as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert (tmp_path / "f.txt").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["f.txt"]


def test_scans_list_raw_files_with_their_digests(tmp_path):
    file = tmp_path / "sub-01" / "func" / "sub-01_task-see_events.tsv"
    write_tsv(file, pd.DataFrame({"onset": [1]}))
    (tmp_path / "derivatives").mkdir()
    (tmp_path / "derivatives" / "x.txt").write_text("x")
    scans = write_scans(tmp_path, "01", [file, tmp_path / "derivatives" / "x.txt"])
    table = read_tsv(scans)
    assert list(table["filename"]) == ["func/sub-01_task-see_events.tsv"]
    assert table["sha256"].iloc[0] == digest(file)
    assert BIDSValidator().is_bids("/sub-01/sub-01_scans.tsv")


def test_description_has_what_bids_requires(tmp_path):
    written = write_description(
        tmp_path, name="N", readme="text", participants=pd.DataFrame({"participant_id": ["sub-01"]})
    )
    assert {"Name", "BIDSVersion", "DatasetType"} <= set(read_json(tmp_path / "dataset_description.json"))
    for path in written:
        assert BIDSValidator().is_bids(f"/{path.name}"), path.name


def test_discovery_reads_names_alone(tmp_path):
    names = [
        "sub-01/func/sub-01_task-a_run-1_bold.nii.gz",
        "sub-01/ses-1/eeg/sub-01_ses-1_task-b_eeg.edf",
        "sub-02/beh/sub-02_task-c_recording-eye1_physio.tsv.gz",
        "sub-02/func/sub-02_task-a_recording-cardiac_physio.tsv.gz",
        "sub-02/func/sub-02_task-a_events.tsv",
        "derivatives/sub-01/func/sub-01_task-a_bold.nii.gz",
        "sub-02/.hidden/sub-02_task-a_bold.nii.gz",
    ]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    found = [(one["modality"], one["subject"], one["session"], one["task"], one["run"]) for one in discover(tmp_path)]
    assert found == [("fmri", "01", None, "a", "1"), ("eeg", "01", "1", "b", None), ("gaze", "02", None, "c", None)]


def test_folders_that_are_no_bids_are_named(tmp_path):
    with pytest.raises(DataError, match="does not exist"):
        discover(tmp_path / "none")
    with pytest.raises(DataError, match="holds no subject"):
        discover(tmp_path)


def test_gzip_holds_no_time_stamp(tmp_path):
    write_tsv(tmp_path / "t.tsv.gz", pd.DataFrame({"a": [1]}))
    assert (tmp_path / "t.tsv.gz").read_bytes()[4:8] == b"\0\0\0\0"
    assert gzip.decompress((tmp_path / "t.tsv.gz").read_bytes()) == b"a\n1\n"
