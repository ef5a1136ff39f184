"""SIMULATED: scanpaths of a known process. How near a network comes to its entropy is asked of the default study
(`tests/integration/test_default_study.py`), which trains it anyway."""

import numpy as np
import pytest

from cogmodels.simulate.scanpaths import GuidedWalk

WALK = GuidedWalk()


def test_the_density_of_the_process_integrates_to_one():
    x, y = np.meshgrid(np.arange(0.0, 320, 2), np.arange(0.0, 240, 2))
    places = np.column_stack([x.ravel(), y.ravel()])
    density = np.exp(WALK.log_density_after(places, np.array([40.0, 50.0]), np.array([200.0, 100.0])))
    assert density.sum() * 4 == pytest.approx(1, abs=0.01)


def test_scanpaths_are_as_likely_as_the_process_says():
    targets = WALK.targets(20)
    table = WALK.scanpaths(targets, people=4)
    bits, drawn = [], np.random.default_rng(0)
    for image, mine in table.groupby("trial"):
        for _, path in mine.groupby("subject"):
            bits.append(WALK.log_density(path[["x", "y"]].to_numpy(), targets[image]))
    # The entropy by another way: draws from single steps, each with a last fixation of its own.
    steps = table.sample(2000, replace=True, random_state=0)
    parts = []
    for image, (x, y) in zip(steps["trial"], steps[["x", "y"]].to_numpy(), strict=True):
        guided = drawn.random() < WALK.guidance
        centre, spread = (targets[image], WALK.target_px) if guided else (np.array([x, y]), WALK.saccade_px)
        there = WALK._cut_normal(centre, spread, drawn)[None]
        parts.append(WALK.log_density_after(there, np.array([x, y]), targets[image]))
    assert np.concatenate(bits).mean() == pytest.approx(np.concatenate(parts).mean(), abs=0.12)
    assert np.log(table["duration"]).mean() == pytest.approx(np.log(WALK.median_s), abs=0.05)
    lengths = table.groupby(["trial", "subject"]).size()
    assert lengths.max() <= 20
    assert lengths.mean() == pytest.approx((1 - (1 - WALK.end) ** 20) / WALK.end, rel=0.2)


def test_durations_have_the_density_that_is_said():
    seconds = np.linspace(0.001, 4, 40000)
    assert np.trapezoid(np.exp(WALK.log_duration(seconds)), seconds) == pytest.approx(1, abs=1e-3)
