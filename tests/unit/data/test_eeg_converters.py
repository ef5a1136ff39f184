"""EEG data sets that are too large to ship, in tiny files of their exact layout."""

import pickle

import mne
import numpy as np
import pandas as pd
import pytest
from bids_validator import BIDSValidator
from scipy.io import savemat

from cogmodels.config.load import load_spec
from cogmodels.data.bids import read_events, read_json, read_tsv
from cogmodels.data.converters import erp_core_n170, mne_sample, thingseeg2
from cogmodels.data.eeg import events_path, read_eeg
from cogmodels.data.pickled import read_pickled_dictionary
from cogmodels.data.plan import Plan
from cogmodels.data.sources import read_manifest
from cogmodels.errors import DataError

RNG = np.random.default_rng(0)


def check_names(files, root):
    for file in files:
        assert BIDSValidator().is_bids("/" + file.relative_to(root).as_posix()), file.name


@pytest.mark.parametrize("name", ["thingseeg2", "erp-core-n170", "mne-sample"])
def test_specs_name_recordings_of_their_converter(name, pytestconfig):
    from importlib import import_module

    from cogmodels.config.study import Study

    folder = pytestconfig.rootpath / "data_specs"
    spec = load_spec(folder, name)
    converter = import_module(f"cogmodels.data.converters.{spec.converter}")
    assert callable(converter.convert)
    plan = Plan(Study(datasets=[name]), folder)
    tasks = {recording.task for recording in plan.recordings(name)}
    assert tasks == set(getattr(converter, "PARTITIONS", None) or [converter.TASK])
    if spec.source.kind == "url":
        assert len(read_manifest(folder / spec.source.manifest)) == 3


# -- THINGS-EEG2 --------------------------------------------------------------------------------------------------------


def things_part(codes: dict[int, int], n: int = 600) -> dict:
    """A released file: sample -> code."""
    data = RNG.normal(0, 2e-5, (4, n))
    data[3] = 0
    for sample, code in codes.items():
        data[3, sample] = code
    return {
        "raw_eeg_data": data, "ch_names": ["Pz", "O1", "Oz", "stim"], "ch_types": ["eeg"] * 3 + ["stim"],
        "sfreq": 1000, "highpass": 0.01, "lowpass": 100,
    }  # fmt: skip


@pytest.fixture
def things(tmp_path):
    for session in ("01", "02"):
        folder = tmp_path / "source" / "sub-01" / f"ses-{session}"
        folder.mkdir(parents=True)
        np.save(folder / "raw_eeg_training.npy", things_part({50: 16540, 250: 99999, 450: 3}))
        np.save(folder / "raw_eeg_test.npy", things_part({100: 200, 300: 1}))
    return tmp_path / "source"


def test_things_eeg2_gives_sessions_pictures_and_splits(things, tmp_path):
    files = thingseeg2.convert(things, tmp_path / "bids", "01")
    check_names(files, tmp_path / "bids")
    recordings = [file for file in files if file.suffix == ".vhdr"]
    assert [file.name for file in recordings] == [
        f"sub-01_ses-{session}_task-{task}_eeg.vhdr" for session in ("01", "02") for task in ("training", "test")
    ]
    raw = read_eeg(recordings[0])
    part = np.load(things / "sub-01/ses-01/raw_eeg_training.npy", allow_pickle=True).item()
    np.testing.assert_allclose(raw.get_data(), part["raw_eeg_data"][:3], atol=1e-10)
    assert raw.ch_names == ["Pz", "O1", "Oz"]
    events = read_events(events_path(recordings[0]))
    assert list(events["onset"]) == [0.05, 0.45]
    assert list(events["stimulus_id"]) == ["training-16540", "training-00003"]
    assert set(events["split"]) == {"train"}
    assert set(read_events(events_path(recordings[1]))["split"]) == {"test"}
    assert read_json(recordings[0].with_suffix(".json"))["TargetEventsLeftOut"] == 1
    thingseeg2.describe(things, tmp_path / "bids")
    assert list(read_tsv(tmp_path / "bids" / "participants.tsv")["participant_id"]) == ["sub-01"]


def test_things_eeg2_pictures_have_names_where_they_are_told(things, tmp_path):
    metadata = {}
    for part, n in (("train", 16540), ("test", 200)):
        metadata[f"{part}_img_files"] = [f"{part}{k}.jpg" for k in range(n)]
        metadata[f"{part}_img_concepts"] = [f"{k // 10 + 1:05d}_thing{k // 10}" for k in range(n)]
    np.save(things / "image_metadata.npy", metadata)
    files = thingseeg2.convert(things, tmp_path / "bids", "01")
    events = read_events(events_path(files[0]))
    assert list(events["stimulus_id"]) == ["train16539.jpg", "train2.jpg"]
    assert list(events["trial_type"]) == ["thing1653", "thing0"]
    np.save(things / "image_metadata.npy", metadata | {"test_img_files": []})
    with pytest.raises(DataError, match="0 files and 200 concepts of test pictures, 200 are expected"):
        thingseeg2.convert(things, tmp_path / "bids", "01")


def test_things_eeg2_files_that_do_not_fit_are_refused(things, tmp_path):
    path = things / "sub-01/ses-01/raw_eeg_test.npy"

    def convert_with(content):
        np.save(path, content)
        thingseeg2.convert(things, tmp_path / "bids", "01")

    with pytest.raises(DataError, match="raw_eeg_test.npy: code 201 is no picture of 1 to 200"):
        convert_with(things_part({100: 201}))
    with pytest.raises(DataError, match="no picture was shown"):
        convert_with(things_part({}))
    with pytest.raises(DataError, match="the file lacks `ch_types`"):
        convert_with({key: value for key, value in things_part({5: 1}).items() if key != "ch_types"})
    with pytest.raises(DataError, match="without `stim`"):
        convert_with(things_part({5: 1}) | {"ch_names": ["Pz", "O1", "Oz", "x"]})
    path.unlink()
    with pytest.raises(DataError, match="raw_eeg_test.npy: the file does not exist"):
        thingseeg2.convert(things, tmp_path / "bids", "01")
    with pytest.raises(DataError, match="no sessions of subject 02"):
        thingseeg2.convert(things, tmp_path / "bids", "02")


class Runs:
    """What a hostile pickle does."""

    def __reduce__(self):
        return print, ("run",)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_pickled_arrays_of_every_protocol_are_read_and_nothing_is_run(protocol, tmp_path, capsys):
    path = tmp_path / "x.npy"

    def write(content):
        with path.open("wb") as file:
            header = {"descr": "|O", "fortran_order": False, "shape": ()}
            np.lib.format.write_array_header_1_0(file, header)
            pickle.dump(np.array(content, dtype=object), file, protocol=protocol)

    content = {"a": np.arange(6.0).reshape(2, 3).T, "b": ["x", "é"], "c": np.float64(1.5), "d": 2, "e": np.array(["u"])}
    write(content)
    found = read_pickled_dictionary(path)
    np.testing.assert_array_equal(found["a"], content["a"])
    assert (found["b"], found["c"], found["d"], list(found["e"])) == (["x", "é"], 1.5, 2, ["u"])
    write({"a": Runs()})
    with pytest.raises(DataError, match=r"holds more than arrays .*builtin.*print.* is not allowed"):
        read_pickled_dictionary(path)
    assert capsys.readouterr().out == ""


def test_files_that_are_no_pickled_dictionary_are_refused(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros(3))
    with pytest.raises(DataError, match=r"an array of shape \(3,\)"):
        read_pickled_dictionary(path)
    np.save(path, np.array(["a"], dtype=object).reshape(()))
    with pytest.raises(DataError, match="holds a str, no dictionary"):
        read_pickled_dictionary(path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError, match="damaged"):
        read_pickled_dictionary(path)


# -- ERP CORE ------------------------------------------------------------------------------------------------------------

ERP_NAMES = ["FP1", "Cz", "PO8", "HEOG_left", "HEOG_right", "VEOG_lower"]
ERP_EVENTS = (
    "onset\tduration\tsample\ttrial_type\tstim_file\tvalue\n"
    "0.1000\t0.0\t103\tresponse\tn/a\t202\n"
    "0.5000\t0.3\t513\tstimulus\tn/a\t79\n"
    "0.9000\t0.0\t923\tresponse\tn/a\t201\n"
    "1.5000\t0.3\t1537\tstimulus\tn/a\t112\n"
    "2.0000\t0.3\t2049\tstimulus\tn/a\t1\n"
    "2.4000\t0.0\t2459\tresponse\tn/a\t202\n"
    "2.5000\t0.0\t2561\tresponse\tn/a\t201\n"
)


@pytest.fixture
def erp(tmp_path):
    folder = tmp_path / "source" / "sub-001" / "eeg"
    folder.mkdir(parents=True)
    path = folder / "sub-001_task-N170_eeg.set"
    data = RNG.normal(0, 20, (6, 3 * 1024)).astype("<f4")
    data.T.tofile(path.with_suffix(".fdt"))
    chanlocs = np.array([(name, "EEG") for name in ERP_NAMES], dtype=[("labels", "O"), ("type", "O")])
    eeg = {
        "setname": "N170", "nbchan": 6, "pnts": data.shape[1], "trials": 1, "srate": 1024, "xmin": 0.0,
        "xmax": (data.shape[1] - 1) / 1024, "data": path.with_suffix(".fdt").name, "chanlocs": chanlocs, "event": [],
        "epoch": [], "icaweights": [], "icawinv": [], "icasphere": [], "icaact": [], "ref": "common",
    }  # fmt: skip
    savemat(path, {"EEG": eeg}, appendmat=False)
    events_path(path).write_text(ERP_EVENTS)
    return tmp_path / "source", data


def test_erp_core_gives_conditions_responses_and_the_monitors_delay(erp, tmp_path):
    source, data = erp
    files = erp_core_n170.convert(source, tmp_path / "bids", "001")
    check_names(files, tmp_path / "bids")
    raw = read_eeg(files[0] if files[0].suffix == ".vhdr" else next(f for f in files if f.suffix == ".vhdr"))
    np.testing.assert_allclose(raw.get_data() * 1e6, data, atol=1e-3)
    assert raw.ch_names[0] == "Fp1"
    assert raw.get_channel_types() == ["eeg"] * 3 + ["eog"] * 3
    events = read_events(tmp_path / "bids/sub-001/eeg/sub-001_task-N170_events.tsv")
    assert list(events["trial_type"]) == ["car", "scrambled_face", "face"]
    assert list(events["stimulus_id"]) == ["car-39", "scrambled_face-12", "face-01"]
    np.testing.assert_allclose(events["onset"], [0.526, 1.526, 2.026])
    assert list(events["response"].fillna("none")) == ["correct", "none", "error"]
    np.testing.assert_allclose(events["response_time"], [0.374, np.nan, 0.374])
    erp_core_n170.describe(source, tmp_path / "bids")
    assert list(read_tsv(tmp_path / "bids" / "participants.tsv")["participant_id"]) == ["sub-001"]


def test_erp_core_code_book_names_each_of_160_pictures_once():
    # Four conditions of 40 pictures; what lies between them is no picture.
    codes = [*range(1, 81), *range(101, 181)]
    events = erp_core_n170.conditions_of(pd.DataFrame({"onset": np.arange(160.0), "value": codes}), "here")
    assert events.groupby("trial_type", sort=False).size().to_dict() == {
        "face": 40, "car": 40, "scrambled_face": 40, "scrambled_car": 40,
    }  # fmt: skip
    named = dict(zip(events["code"], events["stimulus_id"], strict=True))
    assert len(set(named.values())) == 160
    edges = {1: "face-01", 40: "face-40", 41: "car-01", 80: "car-40", 101: "scrambled_face-01", 180: "scrambled_car-40"}
    assert {code: named[code] for code in edges} == edges
    for code in (0, 81, 100, 181, 200, 203):
        with pytest.raises(DataError, match=f"code `{code}` at 0 s is neither picture nor response"):
            erp_core_n170.conditions_of(pd.DataFrame({"onset": [0.0, 1.0], "value": [code, 1]}), "here")


def test_erp_core_files_that_do_not_fit_are_refused(erp, tmp_path):
    source, _ = erp
    with pytest.raises(DataError, match="there is no recording sub-002_task-N170_eeg.set"):
        erp_core_n170.convert(source, tmp_path / "bids", "002")
    events = pd.DataFrame({"onset": [0.5, 1.0], "value": [79, 99]})
    with pytest.raises(DataError, match="code `99` at 1 s is neither picture nor response"):
        erp_core_n170.conditions_of(events, "here")
    with pytest.raises(DataError, match="no picture among the events"):
        erp_core_n170.conditions_of(events.assign(value=201), "here")
    path = source / "sub-001/eeg/sub-001_task-N170_events.tsv"
    path.unlink()
    with pytest.raises(DataError, match="N170_events.tsv: the file does not exist"):
        erp_core_n170.convert(source, tmp_path / "bids", "001")


# -- MNE sample ------------------------------------------------------------------------------------------------------------


def sample_file(folder, codes: dict[int, int]):
    """A fif with MEG, EEG, EOG and trigger channels: sample -> code."""
    rate, n = 600.614990234375, 3000
    names = ["MEG 0113", "MEG 0111", "STI 014", "EEG 001", "EEG 002", "EEG 053", "EOG 061"]
    info = mne.create_info(names, rate, ["grad", "mag", "stim", "eeg", "eeg", "eeg", "eog"])
    data = RNG.normal(0, 2e-5, (7, n))
    data[2] = 0
    for sample, code in codes.items():
        data[2, sample : sample + 5] = code
    raw = mne.io.RawArray(data, info, first_samp=25800, verbose="error")
    places = {f"EEG {k:03d}": np.array([0.01 * k, 0.05, 0.08]) for k in (1, 2, 53)}
    raw.set_montage(mne.channels.make_dig_montage(places, coord_frame="head"), on_missing="ignore", verbose="error")
    raw.info["bads"] = ["MEG 2443", "EEG 053"][1:]
    path = folder / "MEG" / "sample" / "sample_audvis_raw.fif"
    path.parent.mkdir(parents=True, exist_ok=True)
    raw.save(path, fmt="single", overwrite=True, verbose="error")
    return data, places


def test_mne_sample_gives_eeg_with_its_positions_bad_channel_and_conditions(tmp_path):
    data, places = sample_file(tmp_path / "source", {100: 1, 800: 4, 1500: 32, 2200: 5})
    files = mne_sample.convert(tmp_path / "source", tmp_path / "bids", "01")
    check_names(files, tmp_path / "bids")
    raw = read_eeg(tmp_path / "bids/sub-01/eeg/sub-01_task-audiovisual_eeg.vhdr")
    assert raw.ch_names == ["EEG 001", "EEG 002", "EEG 053", "EOG 061"]
    assert raw.info["bads"] == ["EEG 053"]
    assert raw.info["sfreq"] == pytest.approx(600.614990234375, abs=1e-6)
    np.testing.assert_allclose(raw.get_data(), data[3:], atol=1e-10)
    found = raw.get_montage().get_positions()["ch_pos"]
    np.testing.assert_allclose([found[name] for name in places], list(places.values()), atol=1e-6)
    events = read_events(tmp_path / "bids/sub-01/eeg/sub-01_task-audiovisual_events.tsv")
    assert list(events["trial_type"]) == ["auditory_left", "visual_right", "face"]
    np.testing.assert_allclose(events["onset"] * raw.info["sfreq"], [100, 800, 2200], atol=1e-3)
    mne_sample.describe(tmp_path / "source", tmp_path / "bids")


def test_mne_sample_files_that_do_not_fit_are_refused(tmp_path):
    with pytest.raises(DataError, match="there is no sample_audvis_raw.fif.*data_path"):
        mne_sample.convert(tmp_path, tmp_path / "bids", "01")
    sample_file(tmp_path, {100: 7})
    with pytest.raises(DataError, match="code 7 is unknown"):
        mne_sample.convert(tmp_path, tmp_path / "bids", "01")
    sample_file(tmp_path, {})
    with pytest.raises(DataError, match="`STI 014` has no event"):
        mne_sample.convert(tmp_path, tmp_path / "bids", "01")
