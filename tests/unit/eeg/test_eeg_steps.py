"""Steps between recording and Responses that can be switched on: what they change, and when they refuse."""

import mne
import numpy as np
import pandas as pd
import pytest

from cogmodels.config.load import load_study
from cogmodels.config.study import EegPipeline
from cogmodels.data.bids import read_tsv
from cogmodels.data.eeg import read_bad_channels, write_bad_channels
from cogmodels.eeg.bad_channels import find_bad_channels
from cogmodels.eeg.cleaning import clean_raw
from cogmodels.eeg.epoch_responses import epoch_responses
from cogmodels.eeg.epochs import (
    epoch_values,
    interpolate_bads,
    join_epochs,
    make_epochs,
    response_channels,
    signal_type,
)
from cogmodels.eeg.rejection import reject_epochs, source_density
from cogmodels.errors import ConfigError, DataError
from tests.unit.eeg.viewing import NAMES

RATE = 100.0


def smooth(n_times: int, seed: int = 0, names=NAMES) -> np.ndarray:
    """Noise (uV) that neighbours share: a few smooth fields over the head, and a little of each sensor's own."""
    rng = np.random.default_rng([seed, 4])
    montage = mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"]
    places = np.array([montage[name] for name in names]) / 0.1
    fields = np.c_[np.ones(len(names)), places, places[:, :1] * places[:, 1:2]]
    return fields @ rng.normal(0, 10, (5, n_times)) + rng.normal(0, 0.5, (len(names), n_times))


def recording(data: np.ndarray, names=NAMES) -> mne.io.RawArray:
    info = mne.create_info(list(names), RATE, "eeg")
    info.set_montage("colin27_1005", on_missing="ignore")
    return mne.io.RawArray(data * 1e-6, info, verbose="error")


def epochs(n: int = 24, seed: int = 0, names=NAMES, bad: dict[int, float] | None = None) -> mne.EpochsArray:
    """Epochs of smooth noise; ``bad``: epoch -> amplitude of a jump (uV) at all channels."""
    data = smooth(n * 100, seed, names).reshape(len(names), n, 100).transpose(1, 0, 2).copy()
    for row, size in (bad or {}).items():
        data[row, :, 50:] += size
    info = mne.create_info(list(names), RATE, "eeg")
    info.set_montage("colin27_1005", on_missing="ignore")
    trials = pd.DataFrame({"split": np.where(np.arange(n) < n // 2, "train", "test")})
    return mne.EpochsArray(data * 1e-6, info, metadata=trials, verbose="error")


# -- bad channels -------------------------------------------------------------------------------------------------------


def test_channels_tsv_names_bad_channels_with_their_reasons(tmp_path):
    data = smooth(2000)
    data[3] = 0.0
    raw = recording(data)
    raw.info["bads"] = [NAMES[7]]
    write_bad_channels(tmp_path / "channels.tsv", raw, find_bad_channels(raw, methods=("flat",)))
    table = read_tsv(tmp_path / "channels.tsv").set_index("name")
    assert list(table.index) == NAMES
    assert table.loc[NAMES[3], "status_description"] == "flat: 0, limit 0.1"
    assert table.loc[NAMES[7], "status_description"] == "marked in the recording"
    assert read_bad_channels(tmp_path / "channels.tsv") == [NAMES[3], NAMES[7]]
    assert (table["status"] == "good").sum() == len(NAMES) - 2


def test_stretches_are_filtered_one_by_one():
    # A step at a border between epochs is no low frequency of either.
    data = smooth(2000)
    data[3] += np.repeat(np.random.default_rng(1).normal(0, 300, 20), 100)
    raw = recording(data)
    raw.set_annotations(mne.Annotations(np.arange(1.0, 20.0), 0.0, "EDGE boundary"))
    assert not len(find_bad_channels(raw))
    assert list(find_bad_channels(raw.copy().set_annotations(None))["channel"]) == [NAMES[3]]


def test_wrong_units_and_lost_stretches_do_not_make_bad_channels():
    data = smooth(2000)
    with pytest.raises(DataError, match="microvolt that are called volt"):
        find_bad_channels(recording(data * 1e6))
    data[:, 500:600] = np.nan
    raw = recording(data).set_annotations(mne.Annotations([5.0], [1.0], ["BAD_lost"]))
    assert not len(find_bad_channels(raw))
    with pytest.raises(DataError, match="all 30 channels are bad"):
        find_bad_channels(raw.set_annotations(None))


def test_bad_channels_take_no_part_in_the_reference_and_may_be_broken():
    data = smooth(2000)
    data[4] = np.nan
    cleaned = clean_raw(recording(data), l_freq=1.0, bads=[NAMES[4]])
    assert cleaned.info["bads"] == [NAMES[4]]
    np.testing.assert_allclose(cleaned.get_data("eeg").mean(axis=0), 0, atol=1e-12)
    with pytest.raises(DataError, match="not finite"):
        clean_raw(recording(data), l_freq=1.0)


def test_named_reference_channels():
    cleaned = clean_raw(recording(smooth(2000)), l_freq=None, h_freq=None, reference=["O1", "O2"])
    np.testing.assert_allclose(cleaned.get_data(["O1", "O2"]).mean(axis=0), 0, atol=1e-12)
    with pytest.raises(DataError, match="reference channel M1 is missing or bad"):
        clean_raw(recording(smooth(2000)), l_freq=1.0, reference=["M1"])
    with pytest.raises(DataError, match="reference channel O1 is missing or bad"):
        clean_raw(recording(smooth(2000)), l_freq=1.0, reference=["O1"], bads=["O1"])


def test_bad_channels_are_interpolated_from_their_neighbours():
    whole, broken = epochs(), epochs()
    broken._data[:, NAMES.index("Cz")] = 1e-3
    broken.info["bads"] = ["Cz"]
    mended = interpolate_bads(broken)
    assert mended.info["bads"] == []
    assert broken.info["bads"] == ["Cz"]
    found, true = (part.get_data("Cz").ravel() for part in (mended, whole))
    assert np.corrcoef(found, true)[0, 1] > 0.95
    assert interpolate_bads(whole) is whole
    few = broken.copy().pick(["Cz", "C3", "C4"], exclude=[])
    few.info["bads"] = ["Cz"]
    with pytest.raises(DataError, match="2 good channels do not predict bad ones"):
        interpolate_bads(few)
    for channel in broken.info["chs"]:
        channel["loc"][:3] = np.nan
    with pytest.raises(DataError, match="bad channel Cz has no position"):
        interpolate_bads(broken)


def test_a_channel_bad_in_one_recording_is_bad_in_all():
    events = pd.DataFrame({"onset": np.arange(1.0, 9.0, 2.0), "label": "a"})
    parts = [make_epochs(recording(smooth(1000, s)), events, tmin=-0.1, tmax=0.5) for s in (0, 1)]
    parts[1].info["bads"] = ["O1"]
    assert join_epochs(parts).info["bads"] == ["O1"]


# -- epochs that go -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["global", "local"])
def test_epochs_with_artefacts_go_and_others_stay(method):
    kept, log = reject_epochs(epochs(names=NAMES[-16:], bad={3: 1500.0, 15: 1500.0}), method=method)
    assert set(log["epoch"][~log["kept"]]) >= {3, 15}
    assert (~log["kept"]).sum() <= 6
    assert len(kept) == log["kept"].sum()
    assert (log["reason"] != "").sum() == (~log["kept"]).sum()


@pytest.mark.parametrize("method", ["global", "local"])
def test_test_epochs_do_not_set_the_limits(method):
    flags, names = np.arange(36) < 12, NAMES[-16:]
    kept, log = reject_epochs(epochs(36, names=names, bad={2: 1500.0}), method=method, train=flags)
    # All test epochs twice as large: what training epochs set stays, and these go.
    larger = epochs(36, names=names, bad={2: 1500.0})
    larger._data[12:] *= 2
    same, other = reject_epochs(larger, method=method, train=flags)
    pd.testing.assert_frame_equal(log[:12], other[:12])
    assert not log["kept"][2]
    assert not other["kept"][12:].any()
    n = int(log["kept"][:12].sum())
    np.testing.assert_array_equal(kept.get_data()[:n], same.get_data()[:n])
    # Learned from all epochs, the limits let some of the large ones stay.
    _, leaking = reject_epochs(larger, method=method)
    assert leaking["kept"][12:].any()


def test_rejection_is_refused_where_it_cannot_be_learned():
    with pytest.raises(DataError, match="4 training epochs do not set limits, 10 are needed"):
        reject_epochs(epochs(), method="global", train=np.arange(24) < 4)
    with pytest.raises(DataError, match="4 channels are too few, 16 are needed"):
        reject_epochs(epochs(names=NAMES[:4]), method="local")
    with pytest.raises(DataError, match="method `maximum` is unknown"):
        reject_epochs(epochs(), method="maximum")


# -- current source density -----------------------------------------------------------------------------------------------


def test_source_densities_do_not_know_the_reference():
    plain = epochs()
    other = plain.copy()
    other._data -= other.get_data(["O1"])
    densities = source_density(plain)
    assert signal_type(densities) == "csd"
    values = epoch_values(densities, "csd")
    np.testing.assert_allclose(values, epoch_values(source_density(other), "csd"), atol=1e-6 * np.abs(values).max())
    np.testing.assert_allclose(values, densities.get_data() * 1e3)


def test_source_densities_are_refused_where_data_do_not_support_them():
    one = epochs()
    one.info["bads"] = ["Cz"]
    with pytest.raises(DataError, match="Cz is bad.*interpolate_bads"):
        source_density(one)
    with pytest.raises(DataError, match="4 channels are too few"):
        source_density(epochs(names=NAMES[:4]))
    one = epochs()
    one.info["chs"][2]["loc"][:3] = np.nan
    with pytest.raises(DataError, match="1 have none, F7 among them"):
        source_density(one)


# -- config ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"eyes": "regression", "l_freq": None}, "needs `l_freq`"),
        ({"reference": []}, "name a channel"),
        ({"baseline_window": [0.2, 0.1]}, "start before end"),
        ({"evoked_times_s": [2.0]}, "2 s is outside of the epoch"),
        ({"bad_channels": ["loud"]}, "bad_channels"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        EegPipeline(datasets=["a"], **options)


@pytest.mark.parametrize("step", [{"autoreject": "global"}, {"whitening": "epoch"}])
@pytest.mark.parametrize("protocol", ["leave_one_run_out", "leave_one_subject_out"])
def test_steps_that_would_see_test_trials_are_refused_before_any_job(step, protocol):
    config = {
        "datasets": ["a"],
        "pipelines": {"p": {"modality": "eeg", "datasets": ["a"], **step}},
        "experiments": {"e": {"dataset": "a", "pipeline": "p", "protocol": protocol}},
    }
    with pytest.raises(ConfigError, match="would see test trials"):
        load_study(config, "here")
    config["experiments"]["e"]["protocol"] = "held_out_stimuli"
    load_study(config, "here")


def test_responses_hold_the_eog_where_they_are_asked_to():
    info = mne.create_info(["X", "Cz", "Oz", "Pz"], 100.0, ["eog", "eeg", "eeg", "eeg"])
    epochs = mne.EpochsArray(np.zeros((2, 4, 10)), info, verbose="error")
    epochs.info["bads"] = ["Oz"]
    assert response_channels(epochs) == (["Cz", "Pz"], ["eeg", "eeg"])
    assert response_channels(epochs, eog=True) == (["Cz", "Pz", "X"], ["eeg", "eeg", "eog"])
    with pytest.raises(DataError, match="no good EOG channel"):
        response_channels(epochs.copy().drop_channels("X"), eog=True)


def test_responses_of_epochs_are_their_samples_or_what_became_of_them():
    info = mne.create_info(["X", "Cz", "Oz"], 100.0, ["eog", "eeg", "eeg"])
    data = np.random.default_rng(0).normal(0, 1e-5, (3, 3, 4))
    trials = pd.DataFrame(
        {"subject": "01", "session": "", "run": "1", "trial": range(3), "stimulus": "s", "label": "a"}
    )
    one = mne.EpochsArray(data, info, metadata=trials.assign(split="train"), verbose="error")
    plain, both = epoch_responses(one), epoch_responses(one, eog=True)
    np.testing.assert_allclose(plain.values, 1e6 * data[:, 1:].reshape(3, -1), rtol=1e-6)
    np.testing.assert_allclose(both.values, 1e6 * data[:, [1, 2, 0]].reshape(3, -1), rtol=1e-6)
    assert (both.axes.channels, both.axes.types) == (["Cz", "Oz", "X"], ["eeg", "eeg", "eog"])
    assert plain.axes.times == [0.0, 0.01, 0.02, 0.03]
    np.testing.assert_allclose(epoch_responses(one, np.ones((3, 2, 4))).values, 1)
