"""Expected values of saliency metrics, by pysaliency 0.2.22 (MIT licence).

Run in an environment of its own: `pip install Cython numpy scipy torch`, then `pip install --no-build-isolation
pysaliency==0.2.22`. NumPy 2 has no `trapz` any more, so it is put back.
"""

import csv
import sys
from pathlib import Path

import numpy as np

if not hasattr(np, "trapz"):
    np.trapz = np.trapezoid  # noqa: NPY201

from pysaliency import metrics
from pysaliency.numba_utils import general_roc_numba as roc

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from saliency_cases import NAMES, case  # noqa: E402

rows = []
for name in NAMES:
    c = case(name)
    first, second = c["first"], c["second"]
    xs, ys = c["x"].astype(int), c["y"].astype(int)
    positives = first[ys, xs]
    free = np.ones(first.shape, bool)
    free[ys, xs] = False
    others = first[c["other"][:, 1].astype(int), c["other"][:, 0].astype(int)]
    found = {
        "nss": metrics.NSS(first, xs, ys).mean(),
        "auc_uniform": roc(positives, first.ravel())[0],
        "auc_unfixated": roc(positives, first[free])[0],
        "auc_judd": roc(positives, first[free], judd=1)[0],
        "shuffled_auc": roc(positives, others)[0],
        "cc": metrics.CC(first, second),
        "sim": metrics.SIM(first, second),
        "kld": metrics.image_based_kl_divergence(first, second),
        "kld_mit": metrics.MIT_KLDiv(first, second),
    }
    density = metrics.convert_saliency_map_to_density(first, minimum_value=1e-3)
    other = metrics.convert_saliency_map_to_density(second, minimum_value=1e-3)
    base = c["baseline"] / c["baseline"].sum()
    found["information_gain"] = ((np.log(density) - np.log(base))[ys, xs] / np.log(2)).mean()
    found["kld_of_logs"] = metrics.probabilistic_image_based_kl_divergence(np.log(density), np.log(other))
    rows += [(name, metric, repr(float(value))) for metric, value in found.items()]

with (HERE / "saliency_pysaliency_0.2.22.csv").open("w", newline="") as file:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["case", "metric", "value"])
    writer.writerows(rows)
