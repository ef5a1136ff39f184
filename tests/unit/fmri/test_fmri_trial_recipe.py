"""Single-trial recipe on simulated runs whose responses, noise and betas are known."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import filter_basis
from cogmodels.fmri.design import trial_design
from cogmodels.fmri.hrf import Hrf, hrf_library
from cogmodels.fmri.single_trials import FRACTIONS, lsa_betas
from cogmodels.fmri.trial_recipe import estimate_trials

TR, VOLUMES, RUNS, CONDITIONS = 1.5, 150, 5, 18
LIBRARY = hrf_library()


def simulate(seed=0, noise=1.0, shared=1.0, signal=1.0, driven=60, silent=120, hrfs=(1, 5, 14)):
    """Runs in which the first ``driven`` voxels respond to 18 conditions, with their own response, and all share slow
    noise of three sources; trial-to-trial truth (n_trials, n_voxels), units of the data."""
    rng = np.random.default_rng(seed)
    hrf = np.resize(hrfs, driven)
    heights = 2 * signal + signal * rng.standard_normal((CONDITIONS, driven))
    runs, events, truth = [], [], []
    loadings = rng.standard_normal((3, driven + silent))
    for _ in range(RUNS):
        order = rng.permutation(CONDITIONS)
        onsets = 6 + 11 * np.arange(CONDITIONS) + rng.uniform(0, 4, CONDITIONS)
        table = pd.DataFrame({"onset": onsets, "duration": 2.0, "trial_type": [f"image{i:02d}" for i in order]})
        data = np.zeros((VOLUMES, driven + silent))
        for number in np.unique(hrf):
            design = trial_design(onsets, table["duration"], VOLUMES, TR, hrf=LIBRARY[number])
            chosen = np.flatnonzero(hrf == number)
            data[:, chosen] = design @ heights[order][:, chosen]
        sources = rng.standard_normal((VOLUMES, 3))
        sources[1:] += 0.5 * sources[:-1]
        data += shared * sources @ loadings + noise * rng.standard_normal(data.shape)
        data += 100 + 5 * np.cos(np.pi * (np.arange(VOLUMES) + 0.5) / VOLUMES)[:, None]
        runs.append(data)
        events.append(table)
        truth.append(np.hstack([heights[order], np.zeros((CONDITIONS, silent))]))
    return runs, events, np.concatenate(truth), hrf


def recovery(betas, truth, driven=60):
    """Median over driven voxels of the correlation of betas with the truth over trials."""
    return np.median([np.corrcoef(betas[:, v].astype(float), truth[:, v])[0, 1] for v in range(driven)])


def test_without_noise_responses_and_betas_are_exact():
    runs, events, truth, hrf = simulate(noise=0.0, shared=0.0)
    found = estimate_trials(runs, events, TR, step="B", percent=False, dtype=np.float64)
    np.testing.assert_array_equal(found.hrf[:60], hrf)
    np.testing.assert_allclose(found.betas, truth, atol=1e-7)
    np.testing.assert_allclose(found.r2[:60], 1, atol=1e-6)
    assert found.r2[60:].max() == 0
    assert list(found.condition) == [name for table in events for name in table["trial_type"]]
    np.testing.assert_array_equal(found.run, np.repeat(np.arange(RUNS), CONDITIONS))


def test_each_step_comes_nearer_to_the_truth():
    # Simulated: shared noise is what C removes; trials that overlap in time are what D steadies.
    runs, events, truth, hrf = simulate(noise=1.0, shared=2.0, signal=2.0)
    found = {step: estimate_trials(runs, events, TR, step=step, percent=False) for step in "ABCD"}
    scores = {step: recovery(result.betas, truth) for step, result in found.items()}
    assert scores["A"] < scores["B"] < scores["C"] <= scores["D"] + 0.005
    assert scores["C"] > scores["B"] + 0.05
    assert 1 <= found["C"].n_components <= 5
    assert found["C"].component_gain.argmax() >= found["C"].n_components
    # The three responses differ enough to be told apart in most voxels.
    peaks = np.array([hrf_.peak_s for hrf_ in LIBRARY])
    assert np.median(np.abs(peaks[found["C"].hrf[:60]] - peaks[hrf])) < 1
    pool = found["C"].noise_pool
    assert pool[60:].mean() > 0.9
    assert pool[:60].mean() < 0.4


def test_step_a_is_least_squares_all():
    runs, events, *_ = simulate()
    found = estimate_trials(runs, events, TR, step="A", percent=False, dtype=np.float64).betas
    expected = [
        lsa_betas(
            run,
            trial_design(table["onset"], table["duration"], VOLUMES, TR, hrf=Hrf()),
            filter_basis(VOLUMES, TR),
            dtype=np.float64,
        )
        for run, table in zip(runs, events, strict=True)
    ]
    np.testing.assert_allclose(found, np.concatenate(expected), atol=1e-8)


def test_twice_is_the_same_and_chunks_change_nothing(monkeypatch):
    runs, events, *_ = simulate(seed=1)
    first = estimate_trials(runs, events, TR)
    np.testing.assert_array_equal(estimate_trials(runs, events, TR).betas, first.betas)
    monkeypatch.setattr("cogmodels.fmri.trial_recipe.BLOCK", 7 * RUNS * VOLUMES)
    chunked = estimate_trials(runs, events, TR)
    assert chunked.n_components == first.n_components
    np.testing.assert_array_equal(chunked.hrf, first.hrf)
    np.testing.assert_array_equal(chunked.fraction, first.fraction)
    np.testing.assert_allclose(chunked.betas, first.betas, atol=1e-5)


def test_betas_go_where_they_are_told(tmp_path):
    runs, events, *_ = simulate(seed=2)
    maps = []
    for number, run in enumerate(runs):
        maps.append(np.memmap(tmp_path / f"run{number}", np.float32, "w+", shape=run.shape))
        maps[-1][:] = run
    out = np.memmap(tmp_path / "betas", np.float16, "w+", shape=(RUNS * CONDITIONS, 180))
    found = estimate_trials(maps, events, TR, out=out)
    assert found.betas is out
    np.testing.assert_allclose(out, estimate_trials(runs, events, TR).betas, rtol=2e-3, atol=2e-3)
    with pytest.raises(DataError, match="`out` has the shape"):
        estimate_trials(maps, events, TR, out=out[1:])


def test_percent_is_of_the_mean_of_the_voxel():
    runs, events, *_ = simulate()
    plain = estimate_trials(runs, events, TR, step="A", percent=False).betas
    percent = estimate_trials(runs, events, TR, step="A").betas
    mean = np.concatenate(runs).mean(axis=0)
    np.testing.assert_allclose(percent, 100 * plain / mean, atol=1e-5)
    with pytest.raises(DataError, match="mean of 0 or less"):
        estimate_trials([run - 200 for run in runs], events, TR, step="A")


def test_without_repeats_the_recipe_ends_at_b_and_says_why():
    runs, events, *_ = simulate()
    unique = [table.assign(trial_type=[f"{n}-{i}" for i in range(CONDITIONS)]) for n, table in enumerate(events)]
    with pytest.warns(UserWarning, match="no value of `trial_type` occurs in more than one run: ended at B"):
        found = estimate_trials(runs, unique, TR)
    assert found.step == "B"
    assert (found.fraction == 1).all()
    np.testing.assert_allclose(found.betas, estimate_trials(runs, unique, TR, step="B").betas)
    with pytest.warns(UserWarning, match="one run") as caught:
        single = estimate_trials(runs[:1], events[:1], TR)
    assert {str(warning.message) for warning in caught} == set(single.notes)
    assert "there is one run to choose with" in single.notes[0]
    assert "chosen by fit" in single.notes[1]


def test_a_run_that_is_held_out_takes_no_part_in_any_choice():
    runs, events, *_ = simulate(seed=3)
    held_out = [np.full(CONDITIONS, number == 4) for number in range(RUNS)]
    first = estimate_trials(runs, events, TR, held_out=held_out, percent=False)
    # Other labels and other responses in the held-out run: what the others get, and what is chosen, stays.
    rng = np.random.default_rng(4)
    other = [*runs[:4], runs[4] + 50 * rng.standard_normal(runs[4].shape)]
    labels = [*events[:4], events[4].assign(trial_type=events[4]["trial_type"].to_numpy()[::-1])]
    second = estimate_trials(other, labels, TR, held_out=held_out, percent=False)
    for name in ("hrf", "fraction", "noise_pool", "on_off_r2"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
    assert first.n_components == second.n_components
    train = first.run < 4
    np.testing.assert_allclose(first.betas[train], second.betas[train], atol=1e-5)


def test_labels_of_held_out_trials_are_not_used():
    runs, events, *_ = simulate(seed=5)
    marks = [np.isin(table["trial_type"], ["image00", "image01", "image02"]) for table in events]
    first = estimate_trials(runs, events, TR, held_out=marks)
    relabelled = [
        t.assign(trial_type=np.where(m, "other", t["trial_type"])) for t, m in zip(events, marks, strict=True)
    ]
    second = estimate_trials(runs, relabelled, TR, held_out=marks)
    np.testing.assert_array_equal(first.betas, second.betas)
    np.testing.assert_array_equal(first.hrf, second.hrf)
    with pytest.raises(DataError, match="all trials are held out"):
        estimate_trials(runs, events, TR, held_out=[np.ones(CONDITIONS, bool)] * RUNS)
    with pytest.raises(DataError, match="90 trials"):
        estimate_trials(runs, events, TR, held_out=[np.ones(3, bool)] * RUNS)


def test_silent_voxels_stay_silent():
    runs, events, *_ = simulate(driven=12, silent=20)
    for run in runs:
        run[:, 3], run[:, 15] = 0.0, 812.0
    found = estimate_trials(runs, events, TR)
    assert (found.betas[:, [3, 15]] == 0).all()
    for values in (found.betas, found.r2, found.fraction, found.on_off_r2):
        assert np.isfinite(values).all()


def test_the_fraction_is_one_of_those_allowed():
    runs, events, *_ = simulate(noise=3.0)
    found = estimate_trials(runs, events, TR)
    assert found.step == "D"
    assert set(np.round(found.fraction.astype(float), 2)) <= set(np.round(FRACTIONS, 2))
    assert found.fraction[:60].min() < 1


def test_runs_that_do_not_fit_are_refused():
    runs, events, *_ = simulate(driven=6, silent=12)
    with pytest.raises(DataError, match="run 2: the run has the shape"):
        estimate_trials([runs[0], runs[1][:, :5], *runs[2:]], events, TR)
    with pytest.raises(DataError, match="run 3: 18 events without the columns stimulus_id"):
        estimate_trials(
            runs,
            [t.assign(stimulus_id="x") if n != 2 else t for n, t in enumerate(events)],
            TR,
            condition="stimulus_id",
        )
    with pytest.raises(DataError, match="5 runs with 4 tables of events"):
        estimate_trials(runs, events[:4], TR)
    broken = [run.copy() for run in runs]
    broken[1][7, 2] = np.nan
    with pytest.raises(DataError, match="run 2: 1 voxels hold values that are not finite"):
        estimate_trials(broken, events, TR)
