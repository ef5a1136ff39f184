"""Saliency metrics with pysaliency. NumPy 2 has no `trapz` any more, so it is put back."""

import sys
from pathlib import Path

import numpy as np

if not hasattr(np, "trapz"):
    np.trapz = np.trapezoid  # noqa: NPY201

sys.path.insert(0, str(Path(__file__).parents[1]))
from timing import inputs, run


def saliency(metric):
    def prepare():
        from pysaliency import metrics
        from pysaliency.numba_utils import general_roc_numba as roc

        data = inputs("saliency")
        (first, second), x, y = data["maps"], data["x"], data["y"]
        logs = [np.log((m + 1e-3) / (m + 1e-3).sum()) for m in (first, second)]

        def judd():
            free = np.ones(first.shape, bool)
            free[y, x] = False
            return [roc(first[y, x], first[free], judd=1)[0]]

        return {
            "nss": lambda: [metrics.NSS(first, x, y).mean()],
            "auc": lambda: [roc(first[y, x], first.ravel())[0]],
            "auc_judd": judd,
            "cc": lambda: [metrics.CC(first, second)],
            "sim": lambda: [metrics.SIM(first, second)],
            "kl_mit": lambda: [metrics.MIT_KLDiv(first, second)],
            "kl": lambda: [metrics.probabilistic_image_based_kl_divergence(*logs)],
        }[metric]

    return prepare


if __name__ == "__main__":
    run(
        {
            task: (21, saliency(metric))
            for task, metric in {
                "NSS": "nss",
                "AUC": "auc",
                "AUC-Judd": "auc_judd",
                "CC": "cc",
                "SIM": "sim",
                "KL": "kl",
                "KL, MIT": "kl_mit",
            }.items()
        },
        "pysaliency",
    )
