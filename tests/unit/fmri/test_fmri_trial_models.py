"""Betas of a subject by every method, on simulated runs without noise."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import filter_basis
from cogmodels.fmri.design import trial_design
from cogmodels.fmri.trial_models import subject_betas

TR, VOLUMES, N = 2.0, 140, 16


def subject(noise=0.0, reference=0.0, n_runs=3, seed=0):
    """Runs, events, trials and betas in percent of the voxels' means."""
    rng = np.random.default_rng(seed)
    heights, base = rng.standard_normal((N, 5)), rng.uniform(500, 900, 5)
    runs, events, trials, truth = [], [], [], []
    for _ in range(n_runs):
        order = rng.permutation(N)
        table = pd.DataFrame({"onset": 4 + 15.0 * np.arange(N) + rng.uniform(0, 3, N), "duration": 2.0})
        design = trial_design(table["onset"], table["duration"], VOLUMES, TR, reference_s=reference)
        drift = filter_basis(VOLUMES, TR)[:, 1:] @ rng.standard_normal((4, 5)) * 20
        # The mean of the run is the base, so that percent is of it.
        signal = design @ heights[order] * base / 100 + drift
        runs.append(base + signal - signal.mean(axis=0) + noise * rng.standard_normal((VOLUMES, 5)))
        events.append(table)
        split = np.where(order < 4, "test", "train")
        labels = np.array(["a", "b"])[order % 2]
        trials.append(pd.DataFrame({"stimulus": [f"s{i:02d}" for i in order], "label": labels, "split": split}))
        truth.append(heights[order])
    return runs, events, trials, truth


@pytest.mark.parametrize("method", ["lsa", "B"])
@pytest.mark.parametrize("reference", [0.0, 0.9])
def test_without_noise_betas_are_exact(method, reference):
    runs, events, trials, truth = subject(reference=reference)
    found = subject_betas(runs, events, trials, [(TR, reference)] * 3, method=method)
    for part, expected in zip(found, truth, strict=True):
        assert part.dtype == np.float32
        np.testing.assert_allclose(part, expected, atol=1e-4)


@pytest.mark.parametrize("method", ["lsa", "lss", "B", "C", "D"])
@pytest.mark.filterwarnings("ignore:no noise components")
def test_every_method_finds_the_betas_behind_noise_and_confounds(method):
    runs, events, trials, truth = subject(noise=2.0)
    rng = np.random.default_rng(1)
    confounds = [rng.standard_normal((VOLUMES, 3)) for _ in runs]
    runs = [run + 30 * part @ rng.standard_normal((3, 5)) for run, part in zip(runs, confounds, strict=True)]
    found = subject_betas(runs, events, trials, [(TR, 0.0)] * 3, method=method, confounds=confounds)
    found, truth = np.concatenate(found), np.concatenate(truth)
    assert min(np.corrcoef(found[:, v], truth[:, v])[0, 1] for v in range(5)) > 0.9


def test_labels_of_test_trials_do_not_matter_to_what_is_chosen():
    runs, events, trials, _ = subject(noise=5.0, seed=2)
    first = subject_betas(runs, events, trials, [(TR, 0.0)] * 3, method="B")
    for table in trials:
        table.loc[table["split"] == "test", "stimulus"] = "other"
    second = subject_betas(runs, events, trials, [(TR, 0.0)] * 3, method="B")
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(second))


@pytest.mark.parametrize("method", ["lsa", "lss"])
def test_least_squares_uses_no_label(method):
    runs, events, trials, _ = subject(noise=5.0, seed=3)
    first = subject_betas(runs, events, trials, [(TR, 0.0)] * 3, method=method)
    other = [table.assign(label="x", stimulus="y") for table in trials]
    second = subject_betas(runs, events, other, [(TR, 0.0)] * 3, method=method)
    np.testing.assert_array_equal(np.concatenate(first), np.concatenate(second))


def test_runs_that_cannot_be_combined_are_refused():
    runs, events, trials, _ = subject()
    timing = [(TR, 0.0), (TR, 0.5), (TR, 0.0)]
    with pytest.raises(DataError, match="runs have different timing"):
        subject_betas(runs, events, trials, timing, method="B")
    assert len(subject_betas(runs, events, trials, timing, method="lss")) == 3
    with pytest.raises(DataError, match="5 voxels have a mean of 0 or less"):
        subject_betas([run - 2000 for run in runs], events, trials, timing, method="lsa")


@pytest.mark.parametrize("method", ["lsa", "lss", "D"])
@pytest.mark.filterwarnings("ignore:no noise components")
def test_no_beta_is_missing_whatever_the_voxels_and_events_are_like(method):
    runs, events, trials, _ = subject(noise=2.0)
    for run in runs:
        # A voxel that does not vary.
        run[:, 4] = 700.0
    for table in events:
        # Events that overlap, at the very end too; all impulses.
        table["duration"] = 0.0
        table.loc[5, "onset"] = table.loc[4, "onset"] + 0.5
        table.loc[N - 1, "onset"] = (VOLUMES - 3) * TR
    found = subject_betas(runs, events, trials, [(TR, 0.0)] * 3, method=method)
    assert all(np.isfinite(part).all() for part in found)
    assert all(np.abs(part[:, 4]).max() < 1e-3 for part in found)
    # Of nothing there is no percent; the recipe leaves such voxels at 0.
    for run in runs:
        run[:, 3] = 0.0
    if method == "D":
        found = subject_betas(runs, events, trials, [(TR, 0.0)] * 3, method=method)
        assert not np.concatenate(found)[:, 3].any()
        return
    with pytest.raises(DataError, match="1 voxels have a mean of 0 or less"):
        subject_betas(runs, events, trials, [(TR, 0.0)] * 3, method=method)
