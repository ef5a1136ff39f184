"""The fMRI benchmarks with cogmodels."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from inputs import distance
from timing import inputs, run

REPETITION_TIME = 2.0
# Where results are compared: every so many voxels.
EVERY = 97


def clean(name, **options):
    def prepare():
        from cogmodels.fmri.cleaning import clean_run

        given = inputs(name)
        data, confounds = given["data"], given["confounds"]
        return lambda: clean_run(
            data, REPETITION_TIME, confounds=confounds, high_pass_s=128.0, standardize=False, **options
        ).data[:, ::EVERY]

    return prepare


def lss(name):
    def prepare():
        from cogmodels.fmri.single_trials import lss_betas

        given = inputs(name)
        return lambda: lss_betas(given["data"], given["trials"], given["nuisance"])[:, ::EVERY]

    return prepare


def ar1():
    from cogmodels.fmri.glm import fit_glm

    given = inputs("run")
    data, design = given["data"][:, :3000], np.hstack([given["trials"], given["nuisance"]])
    return lambda: fit_glm(data, design, noise="ar1").betas[: given["trials"].shape[1], ::EVERY]


def smoothing():
    from cogmodels.fmri.smoothing import smooth_in_mask

    given = inputs("smoothing")
    volumes, mask = given["volumes"], given["mask"]
    return lambda: smooth_in_mask(volumes, mask, 8.0, np.full(3, 4.0))[20:28, 24:32, 16:24, ::EVERY]


def realignment():
    from cogmodels.fmri.motion import estimate_motion, grid_centre, rigid_matrix

    given = inputs("head")
    volumes, affine = given["volumes"], given["affine"]
    centre = grid_centre(volumes.shape[:3], affine)

    def work():
        found = estimate_motion(volumes[..., 1:], affine, reference=volumes[..., 0]).parameters
        return [distance(rigid_matrix(row, centre), move) for row, move in zip(found, given["moves"][1:], strict=True)]

    return work


if __name__ == "__main__":
    run(
        {
            "confounds and cosines": (5, clean("run")),
            "confounds and cosines, large": (3, clean("large")),
            "band-pass": (5, clean("run", low_pass_hz=0.1)),
            "LSS": (5, lss("run")),
            "LSS, large": (3, lss("large")),
            "AR(1) GLM": (5, ar1),
            "smoothing": (3, smoothing),
            "realignment": (3, realignment),
        },
        "cogmodels",
    )
