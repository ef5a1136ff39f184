"""Simulated EEG against known answers."""

import numpy as np
import pytest
from scipy.signal import welch

from cogmodels.errors import DataError
from cogmodels.simulate.eeg import (
    BLINK_SECONDS,
    CHANNELS,
    dipole_field,
    draw_sources,
    pink_noise,
    simulate_recording,
    standard_positions,
)

RATE = 250.0
ORDER = np.random.default_rng(2).permutation(30)
ONSETS = 2.0 + np.arange(30)
QUIET = {"noise_uv": 0.0, "sensor_noise_uv": 0.0, "alpha_uv": 0.0, "line_uv": 0.0, "blink_uv": 0.0}


@pytest.fixture(scope="module")
def positions() -> np.ndarray:
    return standard_positions(CHANNELS)


@pytest.fixture(scope="module")
def latent() -> np.ndarray:
    values = np.random.default_rng(1).standard_normal((30, 6))
    return (values - values.mean(axis=0)) / values.std(axis=0)


def head_of(latent, positions, **options):
    return draw_sources(latent, positions, rng=np.random.default_rng(7), **options)


def recording_of(head, order=ORDER, samples=9000, **options):
    return simulate_recording(head, order, ONSETS, rng=np.random.default_rng(8), samples=samples, **options)


def test_positions_are_where_the_names_say(positions):
    place = dict(zip(CHANNELS, positions, strict=True))
    assert len(CHANNELS) == 32
    assert np.linalg.norm(positions, axis=1) == pytest.approx(np.ones(32))
    assert place["Oz"][1] < -0.8
    assert place["Fp1"][1] > 0.8
    assert place["T7"][0] < -0.9 < 0.9 < place["T8"][0]
    assert place["Cz"][2] > 0.9


def test_an_unknown_electrode_is_refused():
    with pytest.raises(DataError, match="Qz1"):
        standard_positions(["Cz", "Qz1"])


def test_a_radial_dipole_peaks_above_itself_and_spreads_smoothly(positions):
    field = dipole_field(positions, 0.7 * positions[15], positions[15])
    assert field.argmax() == 15
    assert field[15] == 1.0
    distance = np.linalg.norm(positions - positions[15], axis=1)
    near = distance < 0.9
    assert np.corrcoef(distance[near], field[near])[0, 1] < -0.9


@pytest.mark.parametrize("exponent", [0.0, 1.0, 2.0])
def test_noise_has_the_wanted_slope_and_unit_variance(exponent):
    noise = pink_noise(20, 50_001, np.random.default_rng(0), exponent=exponent, rate=RATE)
    frequency, power = welch(noise, RATE, nperseg=2048)
    band = (frequency >= 1) & (frequency <= 80)
    slope = np.polyfit(np.log(frequency[band]), np.log(power.mean(axis=0)[band]), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.05)
    assert noise.shape == (20, 50_001)
    assert noise.std() == pytest.approx(1.0, abs=0.05)


def test_noiseless_recording_is_the_sum_of_evoked_responses(latent, positions):
    head = head_of(latent, positions, signal=2.0, **QUIET)
    data, blinks = recording_of(head, blink_rate=0.0)
    expected = np.zeros((32, 9000))
    for onset, response in zip(ONSETS, head.evoked()[ORDER], strict=True):
        start = round(onset * RATE)
        expected[:, start : start + response.shape[1]] += response
    assert np.abs(data[:32] * 1e6 - expected).max() < 0.02
    assert len(blinks) == 0


def test_amplitudes_follow_the_latent_vector(latent, positions):
    head = head_of(latent, positions, signal=2.0, components=5)
    assert head.names[:2] == ["P1", "N1"]
    assert head.amplitudes[:, :2] == pytest.approx(np.tile([4.0, -7.0], (30, 1)))
    rest = head.amplitudes[:, 2:]
    fitted = latent @ np.linalg.lstsq(latent, rest, rcond=None)[0]
    assert fitted == pytest.approx(rest)
    assert rest.std(axis=0) == pytest.approx(np.full(5, 2.0))
    assert np.abs(head.topographies).max(axis=1) == pytest.approx(np.ones(7))


def test_average_response_has_p1_and_n1_at_the_back(latent, positions):
    evoked = head_of(latent, positions, signal=2.0).evoked().mean(axis=0)
    p1, n1 = evoked[:, 25], evoked[:, 41]  # 100 and 164 ms
    assert CHANNELS[p1.argmax()] in {"O1", "O2", "PO3", "PO4", "P7", "P8"}
    assert CHANNELS[n1.argmin()] in {"P7", "P8", "O1", "O2", "PO3", "PO4"}
    assert p1.max() > 2
    assert n1.min() < -4


def test_without_signal_the_order_of_the_stimuli_leaves_no_trace(latent, positions):
    head = head_of(latent, positions, signal=0.0)
    assert (head.evoked() == 0).all()
    assert (recording_of(head)[0] == recording_of(head, order=ORDER[::-1])[0]).all()
    loud = head_of(latent, positions, signal=2.0)
    assert (recording_of(loud)[0] != recording_of(loud, order=ORDER[::-1])[0]).any()


def test_noise_is_as_loud_as_wanted_and_correlates_nearby(latent, positions):
    quiet = {"signal": 0.0, "alpha_uv": 0.0, "line_uv": 0.0, "blink_uv": 0.0}
    data, _ = recording_of(head_of(latent, positions, noise_uv=8.0, **quiet), samples=60_000, blink_rate=0.0)
    microvolt = data[:32] * 1e6
    assert np.sqrt(microvolt.var(axis=1).mean()) == pytest.approx(8.0, rel=0.1)
    correlation = np.corrcoef(microvolt)
    pairs = np.triu_indices(32, 1)
    distance = np.linalg.norm(positions[pairs[0]] - positions[pairs[1]], axis=1)
    assert np.corrcoef(distance, correlation[pairs])[0, 1] < -0.8
    assert correlation[pairs][distance < 0.5].mean() > 0.6


def test_line_noise_and_alpha_stand_out(latent, positions):
    data, _ = recording_of(head_of(latent, positions, line_uv=3.0, alpha_uv=6.0), samples=30_000)
    frequency, power = welch(data[15], RATE, nperseg=1000)
    at = {hz: power[np.abs(frequency - hz).argmin()] for hz in (6, 10, 14, 45, 50, 55)}
    assert at[50] > 10 * max(at[45], at[55])
    assert at[10] > 3 * max(at[6], at[14])


def test_blinks_are_frontal_and_where_the_truth_says(latent, positions):
    data, blinks = recording_of(head_of(latent, positions, signal=0.0), samples=60_000, blink_rate=12.0)
    assert len(blinks) == pytest.approx(48, abs=20)
    assert np.diff(blinks).min() >= 0.5 - 1 / RATE
    starts = np.rint(blinks * RATE).astype(int)
    middle = np.array([data[:, s + 20 : s + 40].mean(axis=1) for s in starts]).mean(axis=0) * 1e6
    place = {name: index for index, name in enumerate([*CHANNELS, "HEOG", "VEOG"])}
    assert middle[place["VEOG"]] > middle[place["Fp1"]] > 3 * middle[place["Cz"]]
    assert middle[place["Fp1"]] > 50
    assert abs(middle[place["Oz"]]) < 10
    assert starts.max() + round(BLINK_SECONDS * RATE) <= 60_000


def test_trials_beyond_the_recording_are_refused(latent, positions):
    with pytest.raises(DataError, match="do not fit"):
        recording_of(head_of(latent, positions), samples=4000)
