"""Saliency metrics beside pysaliency, and beside the definitions of the MIT benchmark written out."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cogmodels.metrics.saliency import densities, fixated
from tests.conformance.saliency_cases import NAMES, case

EXPECTED = pd.read_csv(Path(__file__).parent / "expected" / "saliency_pysaliency_0.2.22.csv")
EPS = 2.2204e-16


def ours(metric, c):
    first, second, at = c["first"], c["second"], (c["x"], c["y"])
    density = first - min(first.min(), 0) + 1e-3
    other = second - min(second.min(), 0) + 1e-3
    return {
        "nss": lambda: fixated.nss(first, *at),
        "auc_uniform": lambda: fixated.auc(first, *at),
        "auc_unfixated": lambda: fixated.auc(first, *at, negatives="unfixated"),
        "auc_judd": lambda: fixated.auc_judd(first, *at, convention="pysaliency"),
        "shuffled_auc": lambda: fixated.shuffled_auc(first, *at, *c["other"].T),
        "cc": lambda: densities.cc(first, second),
        "sim": lambda: densities.sim(first, second),
        "kld": lambda: densities.kld(first, second),
        "kld_mit": lambda: densities.kld(first, second, convention="mit"),
        "information_gain": lambda: fixated.information_gain(density, c["baseline"], *at),
        "kld_of_logs": lambda: densities.kld_of_logs(np.log(density / density.sum()), np.log(other / other.sum())),
    }[metric]()


@pytest.mark.parametrize("row", list(EXPECTED.itertuples(index=False)), ids=lambda row: f"{row.case}-{row.metric}")
def test_equal_to_pysaliency(row):
    assert ours(row.metric, case(row.case)) == pytest.approx(row.value, abs=1e-9, rel=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_mit_definitions(name):
    """Each written out from the benchmark's definition, pixel by pixel."""
    c = case(name)
    first, second = c["first"], c["second"]
    fixations = np.zeros(first.shape)
    fixations[c["y"].astype(int), c["x"].astype(int)] = 1
    on = fixations > 0
    at = (c["x"], c["y"])
    assert fixated.nss(first, *at, convention="mit") == pytest.approx(
        ((first - first.mean()) / first.std(ddof=1))[on].mean(), abs=1e-10
    )
    scaled, measured, base = (
        (values - values.min()) / (values.max() - values.min()) for values in (first, second, c["baseline"])
    )
    p, q, b = (values / values.sum() for values in (scaled, measured, base))
    assert densities.sim(first, second, convention="mit") == pytest.approx(np.minimum(p, q).sum(), abs=1e-10)
    gain = (np.log2(EPS + p[on]) - np.log2(EPS + b[on])).mean()
    assert fixated.information_gain(first, c["baseline"], *at, convention="mit") == pytest.approx(gain, abs=1e-9)

    thresholds = np.sort(scaled[on])[::-1]
    hits, alarms = [0.0], [0.0]
    for i, threshold in enumerate(thresholds, start=1):
        hits.append(i / len(thresholds))
        alarms.append(((scaled >= threshold).sum() - i) / (scaled.size - len(thresholds)))
    judd = np.trapezoid([*hits, 1.0], [*alarms, 1.0])
    assert fixated.auc_judd(first, *at) == pytest.approx(judd, abs=1e-10)

    generator = np.random.default_rng(3)
    drawn = generator.integers(first.size, size=(7, on.sum()))
    areas = []
    for pixels in drawn:
        curve = [(0.0, 0.0)]
        for threshold in np.arange(0, 1.05, 0.1)[::-1]:
            curve.append(((scaled.ravel()[pixels] >= threshold).mean(), (scaled[on] >= threshold).mean()))
        curve.append((1.0, 1.0))
        areas.append(np.trapezoid([hit for _, hit in curve], [alarm for alarm, _ in curve]))
    assert fixated.auc_borji(first, *at, splits=7, seed=3) == pytest.approx(np.mean(areas), abs=1e-10)
