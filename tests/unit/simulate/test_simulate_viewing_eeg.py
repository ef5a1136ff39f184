"""Simulated EEG of free viewing against known answers."""

from dataclasses import replace

import mne
import numpy as np
import pytest

from cogmodels.eeg.deconvolution import deconvolve
from cogmodels.eeg.event_design import EventType
from cogmodels.eeg.gaze_channels import gaze_lag, resample_to_eeg
from cogmodels.eeg.synchronise import synchronise
from cogmodels.errors import DataError
from cogmodels.simulate.clocks import simulate_shared_triggers
from cogmodels.simulate.viewing_eeg import break_channels, head_fields
from tests.unit.eeg.viewing import NAMES, RATE, viewer, viewing

SECONDS = 120.0


@pytest.fixture(scope="module")
def simulated():
    return viewing(3, SECONDS)


def test_fields_are_those_of_mne_and_peak_above_their_dipoles():
    fields = head_fields(NAMES, np.array([[0.0, -0.65, 0.1], [0.0, 0.0, 0.7]]), np.array([[0, -1.0, 0], [0, 0, 1.0]]))
    np.testing.assert_allclose(fields.mean(axis=0), 0, atol=1e-12)
    assert NAMES[int(fields[:, 0].argmax())] == "Oz"
    assert NAMES[int(fields[:, 1].argmax())] == "Cz"
    # 10 nAm near the surface make microvolts, not nano- or millivolts.
    assert 0.5 < 10 * fields[:, 0].max() < 20
    with pytest.raises(DataError, match="0.95 head radii"):
        head_fields(NAMES, np.array([[0, -0.95, 0]]), np.array([[0, -1.0, 0]]))
    with pytest.raises(DataError, match="colin27_1005 has no XX"):
        head_fields(["XX"], np.zeros((1, 3)), np.ones((1, 3)))


def test_parts_add_up_and_the_same_seed_gives_the_same(simulated):
    np.testing.assert_allclose(simulated.data, simulated.brain + simulated.noise + simulated.eyes, atol=1e-15)
    np.testing.assert_array_equal(viewing(3, SECONDS).data, simulated.data)
    assert np.abs(viewing(4, SECONDS).data - simulated.data).max() > 1e-5


def test_the_eog_follows_the_gaze_in_time_and_size(simulated):
    gaze, _ = viewer(3, SECONDS)
    at = np.arange(simulated.data.shape[1]) / RATE
    x = np.interp(at, gaze.times, gaze.clean[:, 0])
    calm = np.ones(len(at), bool)
    for onset, duration in gaze.events.loc[gaze.events["trial_type"] != "fixation", ["onset", "duration"]].to_numpy():
        calm[(at > onset - 0.1) & (at < onset + duration + 0.1)] = False
    slope = np.polyfit(x[calm], simulated.eyes[-2, calm] * 1e6, 1)[0]
    assert slope == pytest.approx(16.0, rel=0.02)
    assert gaze_lag(simulated.eyes[-2], x, sampling_rate=RATE).lag_ms == pytest.approx(0.0, abs=2.0)
    left, right = (simulated.eyes[NAMES.index(name)] for name in ("F7", "F8"))
    assert np.corrcoef(right - left, x)[0, 1] > 0.9


def test_kernels_come_back_from_brain_alone(simulated):
    centred = simulated.fixations["amplitude"] - simulated.fixations["amplitude"].mean()
    _, stimuli = viewer(3, SECONDS)
    found = deconvolve(
        simulated.brain[:-2],
        [
            EventType("stimulus", stimuli, -0.1, 0.6),
            EventType("fixation", simulated.fixations["onset"], -0.1, 0.6, {"amplitude": centred}),
        ],
        sampling_rate=RATE,
    )
    np.testing.assert_allclose(found.betas["stimulus"][0], simulated.kernels["stimulus"], atol=1e-10)
    np.testing.assert_allclose(found.betas["fixation"][0], simulated.kernels["fixation"], atol=1e-10)
    np.testing.assert_allclose(found.betas["fixation"][1], simulated.slopes["fixation"], atol=1e-10)


def test_gaze_on_a_drifting_clock_is_brought_back_onto_the_eeg(simulated):
    gaze, stimuli = viewer(3, SECONDS)
    offset, drift = 500.0, 120.0
    codes = np.arange(len(stimuli)) % 3
    on_gaze, on_eeg = simulate_shared_triggers(
        stimuli, codes, rng=np.random.default_rng(0), offset_s=offset, drift_ppm=drift, jitter_s=0.001, eeg_rate=RATE
    )
    found = synchronise(on_gaze["time"], on_eeg["time"], gaze_codes=on_gaze["code"], eeg_codes=on_eeg["code"])
    time = (gaze.times - offset) / (1 + drift * 1e-6)
    x = resample_to_eeg(time, gaze.gaze[:, 0], found, sampling_rate=RATE, n_times=simulated.data.shape[1])
    assert abs(gaze_lag(simulated.data[-2], x, sampling_rate=RATE).lag_ms) < 1000 / RATE
    assert np.abs(found.to_eeg(time) - gaze.times).max() < 1 / RATE
    # The check sees a wrong line: a quarter of a second too late.
    late = replace(found, eeg_centre=found.eeg_centre + 0.25)
    x = resample_to_eeg(time, gaze.gaze[:, 0], late, sampling_rate=RATE, n_times=simulated.data.shape[1])
    assert gaze_lag(simulated.data[-2], x, sampling_rate=RATE).lag_ms == pytest.approx(-250.0, abs=1000 / RATE)


def test_triggers_are_lost_added_and_jittered_as_asked():
    times = np.arange(1000) * 1.0
    gaze, eeg = simulate_shared_triggers(
        times, np.ones(1000, int), rng=np.random.default_rng(0), offset_s=10.0, drift_ppm=50.0, jitter_s=0.002,
        lost_share=0.1, spurious_share=0.05, eeg_rate=250.0,
    )  # fmt: skip
    for side in (gaze, eeg):
        assert (side["true"] == -1).sum() == 50
        assert 860 < (side["true"] >= 0).sum() < 940
        assert side["time"].is_monotonic_increasing
    real = gaze[gaze["true"] >= 0]
    delay = real["time"] * (1 + 50e-6) + 10.0 - times[real["true"]]
    assert delay.std() == pytest.approx(0.002, rel=0.1)
    np.testing.assert_allclose(eeg["time"] * 250, np.round(eeg["time"] * 250), atol=1e-6)


def test_channels_fail_as_asked(simulated):
    rng = np.random.default_rng(0)
    faults = {"Cz": "flat", "Pz": "noisy", "Oz": "loose", "F3": "drifting"}
    broken = break_channels(simulated.data, NAMES, faults, rng=rng, sampling_rate=RATE)
    rows = [NAMES.index(name) for name in faults]
    assert broken[rows[0]].std() < 1e-8
    assert broken[rows[1]].std() > 40e-6
    assert abs(np.corrcoef(broken[rows[2]], simulated.data[rows[2]])[0, 1]) < 0.2
    assert broken[rows[3]].std() > 200e-6
    others = np.setdiff1d(np.arange(len(broken)), rows)
    np.testing.assert_array_equal(broken[others], simulated.data[others])
    with pytest.raises(DataError, match="fault `wet` of channel `Cz`"):
        break_channels(simulated.data, NAMES, {"Cz": "wet"}, rng=rng, sampling_rate=RATE)


def test_the_montage_is_known_to_mne():
    assert set(NAMES) <= set(mne.channels.make_standard_montage("colin27_1005").ch_names)
