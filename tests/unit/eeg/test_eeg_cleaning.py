"""Cleaning and epochs of EEG whose content is known."""

import mne
import numpy as np
import pandas as pd
import pytest

from cogmodels.eeg.cleaning import clean_raw
from cogmodels.eeg.epochs import epoch_values, join_epochs, make_epochs
from cogmodels.errors import DataError

RATE = 250.0
NAMES = ["Fz", "Cz", "Pz", "Oz"]


def recording(data: np.ndarray | None = None, *, seconds: float = 60.0) -> mne.io.RawArray:
    n = int(seconds * RATE)
    if data is None:
        data = np.random.default_rng(0).normal(0, 5e-6, (5, n))
    info = mne.create_info([*NAMES, "HEOG"], RATE, ["eeg"] * 4 + ["eog"])
    return mne.io.RawArray(data, info, verbose="error")


def sines(*frequencies: float, seconds: float = 60.0) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    total = sum(1e-5 * np.sin(2 * np.pi * f * time) for f in frequencies)
    return np.tile(total, (5, 1)) * np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])


def amplitude(raw: mne.io.BaseRaw, frequency: float, channel: int = 0) -> float:
    """Amplitude of a frequency in the middle of a recording, V."""
    middle = raw.get_data()[channel, int(10 * RATE) : int(50 * RATE)]
    time = np.arange(len(middle)) / RATE
    return float(2 * np.abs(np.mean(middle * np.exp(-2j * np.pi * frequency * time))))


def events(n: int = 20, step: float = 2.0) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "onset": 2.0 + step * np.arange(n),
            "trial": np.arange(1, n + 1),
            "label": np.where(np.arange(n) % 2, "face", "house"),
            "stimulus": [f"image{i}" for i in range(n)],
        }
    )


# -- cleaning ----------------------------------------------------------------------------------------------------------


def test_the_pass_band_stays_and_the_rest_goes():
    raw = recording(sines(0.02, 10, 70))
    cleaned = clean_raw(raw, l_freq=0.5, h_freq=40.0, reference="keep")
    assert amplitude(cleaned, 10) == pytest.approx(1e-5, rel=0.01)
    assert amplitude(cleaned, 70) < 1e-8
    assert np.abs(cleaned.get_data()[0, 2500:12500]).max() < 1.05e-5


def test_the_notch_takes_the_line_and_its_harmonics_alone():
    raw = recording(sines(20, 50, 100))
    cleaned = clean_raw(raw, l_freq=None, h_freq=None, notch=50.0, reference="keep")
    assert amplitude(cleaned, 20) == pytest.approx(1e-5, rel=0.01)
    assert amplitude(cleaned, 50) < 2e-7
    assert amplitude(cleaned, 100) < 2e-7


def test_the_average_reference_is_over_eeg_alone():
    raw = recording(sines(10))
    cleaned = clean_raw(raw, l_freq=None, h_freq=None)
    data = cleaned.get_data()
    np.testing.assert_allclose(data[:4].mean(axis=0), 0, atol=1e-18)
    np.testing.assert_allclose(data[4], raw.get_data()[4])
    np.testing.assert_allclose(data[3] - data[0], raw.get_data()[3] - raw.get_data()[0], atol=1e-18)


def test_bad_channels_do_not_enter_the_reference():
    raw = recording(sines(10))
    raw.info["bads"] = ["Oz"]
    data = clean_raw(raw, l_freq=None, h_freq=None).get_data()
    np.testing.assert_allclose(data[:3].mean(axis=0), 0, atol=1e-18)


def test_the_recording_itself_is_not_changed():
    raw = recording()
    before = raw.get_data().copy()
    clean_raw(raw, notch=50.0)
    np.testing.assert_array_equal(raw.get_data(), before)


def test_what_no_step_changes_is_checked_all_the_same():
    raw, nothing = recording(), {"l_freq": None, "h_freq": None, "reference": "keep"}
    np.testing.assert_array_equal(clean_raw(raw, **nothing).get_data(), raw.get_data())
    with pytest.raises(DataError, match="channel Fz holds values that are not finite"):
        clean_raw(recording(np.full((5, 2500), np.nan), seconds=10), **nothing)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"h_freq": 125.0}, "`h_freq` is 125 Hz, but half the sampling rate is 125 Hz"),
        ({"notch": 150.0}, "`notch` is 150 Hz"),
        ({"l_freq": 50.0, "h_freq": 40.0}, "pass band 50 to 40 Hz is empty"),
        ({"l_freq": 0.01}, "60.0 s are too short for a high-pass at 0.01 Hz"),
        ({"reference": "mastoids"}, "reference `mastoids` is unknown"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(DataError, match=message):
        clean_raw(recording(), **settings)


def test_recordings_without_eeg_are_refused():
    with pytest.raises(DataError, match="no EEG channel that is not marked bad; types are eog"):
        clean_raw(recording().pick("eog"))
    raw = recording()
    raw.info["bads"] = NAMES
    with pytest.raises(DataError, match="no EEG channel"):
        clean_raw(raw)
    raw.info["bads"] = NAMES[1:]
    with pytest.raises(DataError, match="average reference of one channel"):
        clean_raw(raw)


def test_broken_samples_are_named():
    data = np.random.default_rng(0).normal(0, 5e-6, (5, 15000))
    data[2, 700] = np.nan
    with pytest.raises(DataError, match="channel Pz holds values that are not finite"):
        clean_raw(recording(data))


def test_lost_stretches_that_are_marked_are_bridged_and_give_no_epochs():
    whole = sines(10)
    lost = whole.copy()
    lost[:, int(6.0 * RATE) : int(6.5 * RATE)] = np.nan
    raw = recording(lost).set_annotations(mne.Annotations([6.0], [0.5], ["BAD_lost"]))
    cleaned, expected = (clean_raw(one, l_freq=0.5, reference="keep") for one in (raw, recording(whole)))
    assert np.isfinite(cleaned.get_data()).all()
    apart = np.abs(cleaned.get_data() - expected.get_data())[0]
    assert apart[int(20 * RATE) :].max() < 1e-7
    epochs = make_epochs(cleaned, events(), tmin=-0.1, tmax=0.5)
    assert list(epochs.metadata["trial"]) == [1, 2, *range(4, 21)]
    # What is lost outside of the marked stretch is still an error.
    lost[2, 3000] = np.nan
    with pytest.raises(DataError, match="channel Pz holds values that are not finite.*Annotate the stretch BAD"):
        clean_raw(recording(lost).set_annotations(raw.annotations), l_freq=0.5, reference="keep")


@pytest.mark.parametrize(
    ("factor", "message"), [(1e6, "microvolt that are called volt"), (1e-6, "volt that are called microvolt")]
)
def test_wrong_units_are_refused(factor, message):
    raw = recording()
    with pytest.raises(DataError, match=message):
        clean_raw(recording(raw.get_data() * factor))
    # An offset of the amplifier is no wrong unit.
    clean_raw(recording(raw.get_data() + 0.2))


# -- epochs ------------------------------------------------------------------------------------------------------------


def test_epochs_are_the_samples_around_the_events():
    data = np.tile(np.arange(15000) * 1e-6, (5, 1))
    epochs = make_epochs(recording(data), events(), tmin=-0.1, tmax=0.5, baseline=None)
    values = epoch_values(epochs)
    assert values.shape == (20, 4, 151)
    onset = int(2.0 * RATE)
    np.testing.assert_allclose(values[0, 0], np.arange(onset - 25, onset + 126), rtol=1e-6)
    np.testing.assert_allclose(values[3, 0, 25], onset + 3 * 2 * RATE)


def test_the_baseline_is_subtracted():
    epochs = make_epochs(recording(), events(), tmin=-0.1, tmax=0.5, baseline=(-0.1, 0.0))
    before = epoch_values(epochs)[:, :, epochs.times <= 0]
    np.testing.assert_allclose(before.mean(axis=2), 0, atol=1e-9)


def test_metadata_are_the_events_in_order_of_onset():
    table = events()
    epochs = make_epochs(recording(), table.iloc[::-1], tmin=-0.1, tmax=0.5)
    pd.testing.assert_frame_equal(epochs.metadata, table)
    assert epochs.event_id == {"face": 1, "house": 2}
    assert list(epochs.metadata["label"][epochs.events[:, 2] == 1].unique()) == ["face"]
    assert "HEOG" in epochs.ch_names


def test_first_samples_are_no_shift():
    cut = recording(np.tile(np.arange(15000) * 1e-6, (5, 1))).crop(tmin=10.0)
    epochs = make_epochs(cut, events(5), tmin=0.0, tmax=0.1, baseline=None)
    np.testing.assert_allclose(epoch_values(epochs)[0, 0, 0], 12.0 * RATE)


def test_resampled_epochs_keep_time_and_signal():
    # 60 Hz would appear at 10 Hz.
    epochs = make_epochs(recording(sines(5, 60)), events(), tmin=-0.21, tmax=0.8, baseline=None, resample=50.0)
    assert epochs.info["sfreq"] == 50.0
    np.testing.assert_allclose(epochs.times, np.arange(-10, 41) / 50, atol=1e-12)
    expected = 10 * np.sin(2 * np.pi * 5 * (2.0 + epochs.times))
    # The filter lets 1 % pass.
    np.testing.assert_allclose(epoch_values(epochs)[0, 0], expected, atol=0.15)


def test_rates_that_do_not_divide_are_refused_with_those_that_do():
    with pytest.raises(DataError, match="60 Hz cannot be taken from 250 Hz.*one of 250, 125, 83.3333, 62.5, 50"):
        make_epochs(recording(), events(), tmin=-0.1, tmax=0.5, resample=60.0)


def test_epochs_with_large_amplitudes_are_dropped():
    data = np.random.default_rng(0).normal(0, 1e-6, (5, 15000))
    data[1, int(6.1 * RATE)] = 3e-4
    epochs = make_epochs(recording(data), events(), tmin=-0.1, tmax=0.5, reject_uv=100.0)
    assert list(epochs.metadata["trial"]) == [1, 2, *range(4, 21)]
    with pytest.raises(DataError, match="all 20 epochs are rejected"):
        make_epochs(recording(data), events(), tmin=-0.1, tmax=0.5, reject_uv=0.001)


@pytest.mark.parametrize(
    ("table", "settings", "message"),
    [
        (events(30), {}, r"event 30 \(trial 30\), 59.900 to 60.500 s, leaves the recording of 60.000 s"),
        (events().assign(onset=events()["onset"] - 1.95), {}, r"event 1 \(trial 1\)"),
        (events().assign(onset=np.nan), {}, r"leaves the recording"),
        (events(step=0.001), {}, "share one sample"),
        (events(), {"resample": 300.0}, "300 Hz cannot be taken from 250 Hz"),
        (events(), {"baseline": (-0.5, 0.0)}, "baseline -0.5 to 0 s"),
        (events(), {"tmax": -0.2}, "window -0.1 to -0.2 s is empty"),
        (events(0), {}, "0 events"),
        (events()[["onset", "trial"]], {}, "one of label, trial_type"),
    ],
)
def test_events_that_make_no_epochs_are_refused(table, settings, message):
    with pytest.raises(DataError, match=message):
        make_epochs(recording(), table, **({"tmin": -0.1, "tmax": 0.5} | settings))


def test_conditions_keep_their_names_over_recordings():
    first = make_epochs(recording(), events(), tmin=-0.1, tmax=0.5)
    table = events()
    second = make_epochs(recording(), table[table["label"] == "house"], tmin=-0.1, tmax=0.5)
    assert second.event_id == {"house": 1}
    joined = join_epochs([first, second])
    assert len(joined) == 30
    assert len(joined["house"]) == 20
    assert list(joined.metadata["label"]) == [*first.metadata["label"], *second.metadata["label"]]
    names = {code: name for name, code in joined.event_id.items()}
    assert [names[code] for code in joined.events[:, 2]] == list(joined.metadata["label"])
    assert second.event_id == {"house": 1}


def test_recordings_that_differ_are_not_joined():
    first = make_epochs(recording(), events(), tmin=-0.1, tmax=0.5)
    other = make_epochs(recording(), events(), tmin=-0.1, tmax=0.5, resample=125.0)
    with pytest.raises(DataError, match="recording 2 has 5 channels and 75 samples"):
        join_epochs([first, other])
    with pytest.raises(DataError, match="no recordings"):
        join_epochs([])


def test_values_of_channels_that_do_not_exist_are_refused():
    epochs = make_epochs(recording(), events(), tmin=-0.1, tmax=0.5)
    assert epoch_values(epochs, picks="eog").shape[1] == 1
    with pytest.raises(DataError, match="no good channel `meg`; types are eeg, eog"):
        epoch_values(epochs, picks="meg")
