"""Contrasts over runs, beside nilearn's, and their figure."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.cleaning import filter_basis
from cogmodels.fmri.contrasts import describe_contrast, fixed_effects, run_contrast
from cogmodels.fmri.design import condition_design
from cogmodels.report.fmri import plot_contrast

TR, VOLUMES, SHAPE = 2.0, 120, (5, 4, 3)
WEIGHTS = {"face": 1.0, "house": -1.0}
EVENTS = pd.DataFrame(
    {"onset": 10.0 + 18 * np.arange(12), "duration": 6.0, "trial_type": ["face", "house", "shoe"] * 4}
)


def run(seed, height=2.0):
    """Simulated run: faces raise the first half of the voxels by a percentage, noise is AR(.4)."""
    rng = np.random.default_rng(seed)
    noise = rng.standard_normal((VOLUMES, 60))
    for k in range(1, VOLUMES):
        noise[k] += 0.4 * noise[k - 1]
    design = condition_design(EVENTS, VOLUMES, TR)
    signal = np.outer(design["face"], np.where(np.arange(60) < 30, height, 0))
    data = 100 + signal + 0.5 * noise
    return data * rng.uniform(5, 10, 60)


def nilearn_maps(runs, model):
    import nibabel as nib
    from nilearn.glm.first_level import FirstLevelModel

    images = [nib.Nifti1Image(data.T.reshape(*SHAPE, -1).astype(np.float64), np.eye(4)) for data in runs]
    design = condition_design(EVENTS, VOLUMES, TR).assign(
        **{f"drift{k}": column for k, column in enumerate(filter_basis(VOLUMES, TR).T)}
    )
    mask = nib.Nifti1Image(np.ones(SHAPE, np.uint8), np.eye(4))
    fitted = FirstLevelModel(t_r=TR, mask_img=mask, noise_model=model, standardize=False, signal_scaling=0, n_jobs=1)
    fitted.fit(images, design_matrices=[design] * len(images))
    weights = np.array([WEIGHTS.get(name, 0.0) for name in design])
    found = fitted.compute_contrast([weights] * len(images), output_type="all")
    return {name: found[name].get_fdata().ravel() for name in ("effect_size", "effect_variance", "stat", "z_score")}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("noise", "close", "n_runs"), [("ols", 1e-5, 2), ("ar1", 0.1, 1)])
def test_maps_equal_those_of_nilearn(noise, close, n_runs):
    # AR(1): nilearn bins the coefficients and does not correct them for the design, so that it is near, not equal.
    runs = [run(seed) for seed in range(n_runs)]
    ours = fixed_effects(run_contrast(data, EVENTS, TR, WEIGHTS, noise=noise) for data in runs)
    theirs = nilearn_maps(runs, noise)
    scale = np.abs(theirs["effect_size"]).max()
    np.testing.assert_allclose(ours.effect, theirs["effect_size"], atol=close * scale)
    np.testing.assert_allclose(np.sqrt(ours.variance), np.sqrt(theirs["effect_variance"]), rtol=max(close, 1e-4) * 2)
    assert np.corrcoef(ours.z, theirs["z_score"])[0, 1] > (1 - 1e-8 if noise == "ols" else 0.995)


def test_the_effect_is_in_percent_and_its_z_follows_the_variance():
    maps = fixed_effects(run_contrast(run(seed), EVENTS, TR, WEIGHTS) for seed in range(4))
    assert maps.n_runs == 4
    assert maps.effect[:30].mean() == pytest.approx(2.0, abs=0.1)
    assert abs(maps.effect[30:].mean()) < 0.1
    np.testing.assert_allclose(maps.t, maps.effect / np.sqrt(maps.variance))
    # Of pure noise the z values are standard normal.
    null = np.concatenate([fixed_effects([run_contrast(run(seed, 0), EVENTS, TR, WEIGHTS)]).z for seed in range(30)])
    assert null.std() == pytest.approx(1.0, abs=0.06)
    assert describe_contrast(maps, "t", WEIGHTS)["DegreesOfFreedom"] == maps.freedom


def test_runs_that_lack_a_condition_are_left_out():
    some = EVENTS[EVENTS["trial_type"] != "house"]
    runs = [run_contrast(run(0), EVENTS, TR, WEIGHTS), run_contrast(run(1), some, TR, WEIGHTS)]
    assert runs[1] is None
    assert fixed_effects(runs).n_runs == 1
    with pytest.raises(DataError, match="no run has all conditions"):
        fixed_effects([None])
    with pytest.raises(DataError, match="60 voxels have a mean of 0 or less"):
        run_contrast(-run(0), EVENTS, TR, WEIGHTS)


def test_the_figure_counts_what_is_beyond_chance():
    z = np.zeros(SHAPE)
    z[:2] = 6.0
    figure = plot_contrast(z, np.ones(SHAPE), np.ones(SHAPE, bool), weights=WEIGHTS)
    assert "24 of 60 voxels" in figure.axes[0].get_title(loc="left")
    assert "+1 face -1 house" in [axes.get_title(loc="left") for axes in figure.axes]
    with pytest.raises(DataError, match="one grid"):
        plot_contrast(z, np.ones((2, 2, 2)), np.ones(SHAPE, bool), weights=WEIGHTS)
