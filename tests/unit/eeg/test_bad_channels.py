"""Channels broken on purpose are found, and others are not."""

import mne
import numpy as np
import pytest

from cogmodels.eeg.bad_channels import find_bad_channels, spherical_spline_weights
from cogmodels.errors import DataError
from cogmodels.simulate.eeg import EYE_CHANNELS
from cogmodels.simulate.viewing_eeg import break_channels, head_fields
from tests.unit.eeg.viewing import NAMES, RATE, viewing

SECONDS = 60.0
FAULTS = {"F3": "flat", "P8": "noisy", "C4": "loose", "O1": "drifting"}


def recording(data: np.ndarray, names: list[str] = NAMES, *, montage: bool = True) -> mne.io.RawArray:
    """The first EEG channels of simulated data, with its two eye channels."""
    info = mne.create_info([*names, *EYE_CHANNELS], RATE, ["eeg"] * len(names) + ["eog"] * 2)
    raw = mne.io.RawArray(np.vstack([data[: len(names)], data[-2:]]), info, verbose="error")
    if montage:
        raw.set_montage(mne.channels.make_standard_montage("colin27_1005"), verbose="error", on_missing="ignore")
    return raw


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n_channels", [30, 64])
def test_injected_bad_channels_are_found_with_their_reasons(seed, n_channels):
    names = NAMES if n_channels == 30 else mne.channels.make_standard_montage("biosemi64").ch_names
    methods = ("flat", "noisy", "correlation") + (("ransac",) if n_channels == 64 else ())
    simulated = viewing(seed, SECONDS, names)
    rng = np.random.default_rng([seed, 9])
    data = break_channels(simulated.data, names, FAULTS, rng=rng, sampling_rate=RATE)
    bads = find_bad_channels(recording(data, names), methods=methods)
    found = set(bads["channel"])
    assert set(FAULTS) <= found
    assert len(found & set(FAULTS)) / len(found) >= 0.8
    reasons = dict(zip(bads["channel"], bads["reason"], strict=True))
    assert reasons["F3"] == "flat"
    assert reasons["P8"] in ("deviation", "noise")
    assert reasons["C4"] in ("correlation", "ransac")
    assert reasons["O1"] == "deviation"
    assert bads["channel"].is_unique
    exceeds = np.where(bads["reason"] == "flat", bads["value"] < bads["limit"], bads["value"].abs() > bads["limit"])
    assert exceeds.all()


def test_a_sound_recording_has_few():
    bads = find_bad_channels(recording(viewing(0, SECONDS).data))
    assert len(bads) <= 1


def test_frontal_channels_are_saved_by_the_eog():
    raw = recording(viewing(0, SECONDS).data)
    without = find_bad_channels(raw.copy().pick("eeg"), methods=("noisy",))
    assert {"Fp1", "Fp2"} <= set(without["channel"])
    assert not {"Fp1", "Fp2"} & set(find_bad_channels(raw, methods=("noisy",))["channel"])


def test_what_is_not_finite_is_flat_and_marked_channels_are_not_judged():
    data = viewing(0, SECONDS).data.copy()
    data[4, 100] = np.nan
    data[9] = 0.0
    raw = recording(data)
    raw.info["bads"] = [NAMES[9]]
    bads = find_bad_channels(raw, methods=("flat",))
    assert list(bads["channel"]) == [NAMES[4]]
    assert bads["reason"].iloc[0] == "flat"


def test_bad_stretches_are_not_read():
    data = viewing(0, SECONDS).data.copy()
    data[9, 4000:6000] += np.random.default_rng(0).normal(0, 5e-4, 2000)
    raw = recording(data)
    assert NAMES[9] in set(find_bad_channels(raw, methods=("correlation",))["channel"])
    raw.set_annotations(mne.Annotations([19.5], [11.0], ["bad_cable"]))
    assert NAMES[9] not in set(find_bad_channels(raw, methods=("correlation",))["channel"])


def test_splines_interpolate_smooth_fields_and_keep_constants():
    places = np.array(list(mne.channels.make_standard_montage("colin27_1005").get_positions()["ch_pos"].values()))
    every = mne.channels.make_standard_montage("colin27_1005").ch_names
    rows = [every.index(name) for name in NAMES]
    centre = np.linalg.lstsq(np.c_[2 * places, np.ones(len(places))], (places**2).sum(axis=1), rcond=None)[0][:3]
    positions = places[rows] - centre
    field = head_fields(NAMES, np.array([[0.1, -0.3, 0.4]]), np.array([[0.1, -0.4, 1.0]]))[:, 0]
    left = np.arange(len(NAMES)) != NAMES.index("Pz")
    weights = spherical_spline_weights(positions[left], positions[~left])
    assert (weights @ field[left])[0] == pytest.approx(field[~left][0], rel=0.15)
    assert weights.sum() == pytest.approx(1.0)


def test_steps_that_the_data_do_not_support_are_refused():
    data = viewing(0, SECONDS).data
    with pytest.raises(DataError, match="RANSAC needs the place of each channel; 30 have none, Fp1 among them"):
        find_bad_channels(recording(data, montage=False), methods=("ransac",))
    with pytest.raises(DataError, match="30 channels are too few, 32 are needed"):
        find_bad_channels(recording(data), methods=("ransac",))
    with pytest.raises(DataError, match="method `neighbours` is unknown"):
        find_bad_channels(recording(data), methods=("neighbours",))
    with pytest.raises(DataError, match="volt that are called microvolt"):
        find_bad_channels(recording(data * 1e-6))
    raw = recording(data)
    raw.set_annotations(mne.Annotations([0.0], [55.0], ["BAD"]))
    with pytest.raises(DataError, match="5.0 s outside of BAD annotations"):
        find_bad_channels(raw)
