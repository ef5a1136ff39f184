"""The fMRI benchmarks with nilearn."""

import sys
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run

REPETITION_TIME = 2.0
EVERY = 97
warnings.filterwarnings("ignore")


def clean(name, **options):
    def prepare():
        from nilearn.signal import clean

        given = inputs(name)
        data, confounds = given["data"], given["confounds"]

        def work():
            cleaned = clean(
                data,
                t_r=REPETITION_TIME,
                confounds=confounds,
                high_pass=1 / 128,
                standardize=None,
                detrend=False,
                **options,
            )[:, ::EVERY]
            return cleaned - cleaned.mean(axis=0)  # it keeps means, we do not

        return work

    return prepare


def lss(name):
    """A fit for each trial: itself, all others, the nuisance."""

    def prepare():
        from nilearn.glm.first_level import run_glm

        given = inputs(name)
        data, trials, nuisance = given["data"], given["trials"], given["nuisance"]

        def work():
            betas = []
            for k in range(trials.shape[1]):
                others = np.delete(trials, k, axis=1).sum(axis=1)
                labels, results = run_glm(data, np.column_stack([trials[:, k], others, nuisance]), noise_model="ols")
                betas.append(next(iter(results.values())).theta[0, ::EVERY])
            return betas

        return work

    return prepare


def ar1():
    from nilearn.glm.first_level import run_glm

    given = inputs("run")
    data, design = given["data"][:, :3000], np.hstack([given["trials"], given["nuisance"]])

    def work():
        labels, results = run_glm(data, design, noise_model="ar1")
        betas = np.empty((design.shape[1], len(labels)))
        for name, result in results.items():
            betas[:, labels == name] = result.theta
        return betas[: given["trials"].shape[1], ::EVERY]

    return work


def smoothing():
    from nibabel import Nifti1Image
    from nilearn.image import smooth_img

    image = Nifti1Image(inputs("smoothing")["volumes"], np.diag([4.0, 4.0, 4.0, 1.0]))
    return lambda: smooth_img(image, 8.0).get_fdata(dtype=np.float32)[20:28, 24:32, 16:24, ::EVERY]


if __name__ == "__main__":
    run(
        {
            "confounds and cosines": (5, clean("run", filter="cosine")),
            "confounds and cosines, large": (3, clean("large", filter="cosine")),
            "band-pass": (1, clean("run", filter="butterworth", low_pass=0.1)),
            "LSS": (1, lss("run")),
            "LSS, large": (1, lss("large")),
            "AR(1) GLM": (1, ar1),
            "smoothing": (3, smoothing),
        },
        "nilearn",
    )
