"""Deconvolution of responses whose kernels are known."""

import mne
import numpy as np
import pytest

from cogmodels.eeg.deconvolution import (
    CollinearityWarning,
    deconvolve,
    deconvolve_raw,
    design_matrix,
    subject_interval,
)
from cogmodels.eeg.event_design import EventType, SplineBasis
from cogmodels.errors import DataError

RATE = 100.0
N = 30_000
TIMES = np.arange(-10, 51) / RATE


def kernel(latency: float, width: float) -> np.ndarray:
    return np.exp(-0.5 * ((TIMES - latency) / width) ** 2)


STIMULUS = np.array([4.0 * kernel(0.2, 0.05), -3.0 * kernel(0.35, 0.08)])
FIXATION = np.array([3.0 * kernel(0.1, 0.03) - 2 * kernel(0.3, 0.06), 2.0 * kernel(0.15, 0.06)])
AMPLITUDE = np.array([1.0 * kernel(0.12, 0.04), -0.5 * kernel(0.2, 0.05)])


def viewing(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Stimulus onsets, the fixations that follow them, and their saccades' amplitudes."""
    rng = np.random.default_rng(seed)
    stimuli = 2.0 + np.arange(70) * 4.0 + rng.uniform(0, 1.0, 70)
    fixations = np.concatenate([s + np.cumsum(rng.lognormal(np.log(0.24), 0.35, 9)) for s in stimuli])
    fixations = fixations[fixations < 298]
    return np.round(stimuli, 2), np.round(fixations, 2), rng.gamma(2, 2, len(fixations))


def add(data: np.ndarray, onsets: np.ndarray, response: np.ndarray, weights: np.ndarray | float = 1.0) -> None:
    for onset, weight in zip(onsets, np.broadcast_to(weights, onsets.shape), strict=True):
        start = round(onset * RATE) - 10
        data[:, start : start + response.shape[1]] += weight * response


def overlapped(noise: float = 1.0, seed: int = 0) -> tuple[np.ndarray, list[EventType], np.ndarray]:
    stimuli, fixations, amplitude = viewing(seed)
    centred = amplitude - amplitude.mean()
    data = np.random.default_rng([seed, 1]).normal(0, noise, (2, N))
    add(data, stimuli, STIMULUS)
    add(data, fixations, FIXATION)
    add(data, fixations, AMPLITUDE, centred)
    events = [
        EventType("stimulus", stimuli, -0.1, 0.5),
        EventType("fixation", fixations, -0.1, 0.5, {"amplitude": centred}),
    ]
    return data, events, amplitude


def relative_error(found: np.ndarray, true: np.ndarray) -> float:
    return float(np.linalg.norm(found - true) / np.linalg.norm(true))


def average(data: np.ndarray, onsets: np.ndarray) -> np.ndarray:
    starts = np.round(onsets * RATE).astype(int) - 10
    return np.mean([data[:, start : start + len(TIMES)] for start in starts], axis=0)


# -- known answers -----------------------------------------------------------------------------------------------------


def test_overlapping_kernels_are_recovered_where_averages_are_biased():
    data, events, _ = overlapped()
    found = deconvolve(data, events, sampling_rate=RATE)
    assert relative_error(found.betas["stimulus"][0], STIMULUS) < 0.1
    assert relative_error(found.betas["fixation"][0], FIXATION) < 0.1
    assert relative_error(found.betas["fixation"][1], AMPLITUDE) < 0.1
    assert relative_error(average(data, events[0].onsets), STIMULUS) > 0.3
    assert relative_error(average(data, events[1].onsets), FIXATION) > 0.3
    np.testing.assert_allclose(found.times["fixation"], TIMES, atol=1e-12)
    assert found.columns["fixation"] == ["intercept", "amplitude"]


def test_without_noise_the_kernels_are_exact():
    data, events, _ = overlapped(noise=0.0)
    found = deconvolve(data, events, sampling_rate=RATE)
    np.testing.assert_allclose(found.betas["stimulus"][0], STIMULUS, atol=1e-8)
    np.testing.assert_allclose(found.response("fixation", {"amplitude": 2.0}), FIXATION + 2 * AMPLITUDE, atol=1e-8)
    np.testing.assert_allclose(found.explained, 1.0, atol=1e-9)


def test_without_overlap_it_is_the_average():
    data = np.random.default_rng(0).normal(0, 1, (3, N))
    onsets = 1.0 + np.arange(280) * 1.0
    found = deconvolve(data, [EventType("event", onsets, -0.1, 0.5)], sampling_rate=RATE)
    np.testing.assert_allclose(found.betas["event"][0], average(data, onsets), atol=1e-6)
    np.testing.assert_allclose(found.inflation["event"], 1.0)
    assert found.condition == pytest.approx(1.0)
    assert found.n_events == {"event": 280}


@pytest.mark.parametrize("ridge", [0.0, 0.01])
def test_it_equals_the_explicit_sparse_solution(ridge):
    data, events, _ = overlapped()
    good = np.ones(N, dtype=bool)
    good[4000:5200] = False
    design = design_matrix(events, sampling_rate=RATE, n_samples=N)[good]
    gram = (design.T @ design).toarray()
    gram += ridge * np.diag(gram).mean() * np.eye(len(gram))
    expected = np.linalg.solve(gram, design.T @ data[:, good].T).T
    for solver in ("normal", "lsmr"):
        found = deconvolve(data, events, sampling_rate=RATE, good=good, ridge=ridge, solver=solver)
        flat = np.concatenate([found.betas[e.name].transpose(1, 0, 2).reshape(2, -1) for e in events], axis=1)
        np.testing.assert_allclose(flat, expected, atol=1e-6)
        residual = ((data[:, good] - (design @ flat.T).T) ** 2).sum(axis=1)
        np.testing.assert_allclose(found.explained, 1 - residual / (data[:, good] ** 2).sum(axis=1), atol=1e-8)


def test_inflation_is_the_diagonal_of_the_inverse():
    _, events, _ = overlapped()
    found = deconvolve(np.zeros((1, N)), events, sampling_rate=RATE)
    design = design_matrix(events, sampling_rate=RATE, n_samples=N)
    gram = (design.T @ design).toarray()
    expected = np.diag(np.linalg.inv(gram)) * np.diag(gram)
    flat = np.concatenate([found.inflation[e.name].ravel() for e in events])
    np.testing.assert_allclose(flat, expected, rtol=1e-6)


def test_bad_segments_do_not_enter():
    data, events, _ = overlapped(noise=0.0)
    data[:, 8000:9000] += 500.0
    data[0, 8500] = np.nan
    before = data.copy()
    good = np.ones(N, dtype=bool)
    good[8000:9000] = False
    found = deconvolve(data, events, sampling_rate=RATE, good=good)
    np.testing.assert_allclose(found.betas["fixation"][0], FIXATION, atol=1e-8)
    np.testing.assert_array_equal(data, before)
    with pytest.raises(DataError, match="1 values of good samples are not finite"):
        deconvolve(data, events, sampling_rate=RATE)


def test_events_at_the_edges_are_cut_there():
    data, events, _ = overlapped(noise=0.0)
    # Cut within responses: each is used as far as it is there.
    shifted = [EventType(e.name, e.onsets - 50.0, e.tmin, e.tmax, e.covariates) for e in events]
    found = deconvolve(data[:, 5000:20_000], shifted, sampling_rate=RATE)
    np.testing.assert_allclose(found.betas["fixation"][0], FIXATION, atol=1e-8)


def test_a_curved_covariate_is_followed_by_splines():
    _, fixations, amplitude = viewing()
    basis = SplineBasis.of(amplitude, 5)
    curve = np.log1p(amplitude)
    data = np.random.default_rng(5).normal(0, 0.5, (2, N))
    add(data, fixations, FIXATION)
    add(data, fixations, AMPLITUDE, 2 * (curve - curve.mean()))
    events = [EventType("fixation", fixations, -0.1, 0.5, {"amplitude": basis.columns(amplitude)})]
    found = deconvolve(data, events, sampling_rate=RATE)
    assert found.betas["fixation"].shape == (6, 2, 61)
    at = np.quantile(amplitude, [0.1, 0.5, 0.9])
    for value, columns in zip(at, basis.columns(at), strict=True):
        true = FIXATION + 2 * (np.log1p(value) - curve.mean()) * AMPLITUDE
        assert relative_error(found.response("fixation", {"amplitude": columns}), true) < 0.1
    linear = [EventType("fixation", fixations, -0.1, 0.5, {"amplitude": amplitude - amplitude.mean()})]
    straight = deconvolve(data, linear, sampling_rate=RATE)
    true = FIXATION + 2 * (np.log1p(at[0]) - curve.mean()) * AMPLITUDE
    bent = relative_error(found.response("fixation", {"amplitude": basis.columns(at[:1])[0]}), true)
    assert bent < 0.8 * relative_error(straight.response("fixation", {"amplitude": at[0] - amplitude.mean()}), true)


# -- collinearity ------------------------------------------------------------------------------------------------------


def test_a_constant_delay_is_named_and_the_sum_survives():
    rng = np.random.default_rng(0)
    stimuli = np.round(2 + np.cumsum(rng.uniform(0.8, 1.5, 200)), 2)
    data = np.random.default_rng(1).normal(0, 0.1, (2, N))
    add(data, stimuli, STIMULUS)
    add(data, stimuli + 0.2, FIXATION)
    events = [EventType("stimulus", stimuli, -0.1, 0.5), EventType("fixation", stimuli + 0.2, -0.1, 0.5)]
    with pytest.warns(CollinearityWarning, match=r"`stimulus` \(intercept\): inf"):
        found = deconvolve(data, events, sampling_rate=RATE)
    assert found.condition == np.inf
    both = np.zeros((2, 81))
    both[:, :61] += found.betas["stimulus"][0]
    both[:, 20:] += found.betas["fixation"][0]
    true = np.zeros((2, 81))
    true[:, :61] += STIMULUS
    true[:, 20:] += FIXATION
    assert relative_error(both, true) < 0.05


def test_a_little_jitter_warns_and_much_does_not(recwarn):
    rng = np.random.default_rng(0)
    stimuli = np.round(2 + np.cumsum(rng.uniform(0.8, 1.5, 200)), 2)
    near = np.round(stimuli + 0.2 + rng.choice([0.0, 0.01], 200, p=[0.95, 0.05]), 2)
    with pytest.warns(CollinearityWarning):
        deconvolve(
            np.zeros((1, N)),
            [EventType("stimulus", stimuli, -0.1, 0.5), EventType("fixation", near, -0.1, 0.5)],
            sampling_rate=RATE,
        )
    recwarn.clear()
    far = np.round(stimuli + rng.uniform(0.1, 0.4, 200), 2)
    deconvolve(
        np.zeros((1, N)),
        [EventType("stimulus", stimuli, -0.1, 0.5), EventType("fixation", far, -0.1, 0.5)],
        sampling_rate=RATE,
    )
    assert not [w for w in recwarn if issubclass(w.category, CollinearityWarning)]


# -- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("events", "message"),
    [
        ([], "event types none"),
        ([EventType("a", np.array([]), 0, 0.5)], "events `a`: 0 onsets"),
        ([EventType("a", np.array([1.0]), 0.5, 0.5)], "window 0.5 to 0.5 s"),
        ([EventType("a", np.array([1.0]), 0, 0.5)] * 2, "event types a, a"),
        ([EventType("a", np.array([1.0]), 0, 0.5, {"size": np.array([np.nan])})], "covariate `size`"),
        ([EventType("a", np.array([1.0, 5.0]), 0, 0.5, {"size": np.zeros(2)})], r"events `a` \(size\)"),
        ([EventType("a", np.array([700.0]), 0, 0.5)], "no good sample at 51 lags"),
    ],
)
def test_impossible_events_are_refused(events, message):
    with pytest.raises(DataError, match=message):
        deconvolve(np.zeros((1, N)), events, sampling_rate=RATE)


def test_splines_need_values():
    with pytest.raises(DataError, match="5 splines for 3 distinct values"):
        SplineBasis.of(np.array([1.0, 2.0, 3.0] * 5))


# -- MNE and groups ----------------------------------------------------------------------------------------------------


def test_responses_are_evoked_objects():
    data, events, _ = overlapped(noise=0.0)
    data[:, 8000:9000] += 500.0
    info = mne.create_info(["Cz", "Pz", "Oz", "HEOG"], RATE, ["eeg"] * 3 + ["eog"])
    raw = mne.io.RawArray(np.vstack([data, data]) * 1e-6, info, first_samp=300, verbose="error")
    raw.info["bads"] = ["Oz"]
    raw.set_annotations(mne.Annotations([80.0], [10.0], ["BAD_jump"]))
    found, info = deconvolve_raw(raw, events)
    evoked = found.evoked(info, "fixation", "amplitude")
    assert evoked.ch_names == ["Cz", "Pz"]
    assert evoked.nave == len(events[1].onsets)
    assert evoked.comment == "fixation: amplitude"
    np.testing.assert_allclose(evoked.times, TIMES)
    np.testing.assert_allclose(evoked.data, AMPLITUDE * 1e-6, atol=1e-12)


def test_the_interval_over_subjects_covers_as_it_says():
    rng = np.random.default_rng(0)
    mean, low, high = subject_interval(rng.normal(2.0, 1.0, (8, 4000)))
    assert ((low < 2.0) & (high > 2.0)).mean() == pytest.approx(0.95, abs=0.015)
    np.testing.assert_allclose((low + high) / 2, mean)
    with pytest.raises(DataError, match="1 subject has no interval"):
        subject_interval(np.zeros((1, 4)))
