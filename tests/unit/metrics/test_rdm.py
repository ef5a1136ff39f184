"""RDMs: agreement between people by definition and on real matrices, and the leak of self positions."""

import numpy as np
import pandas as pd
import pytest
import yaml
from scipy.stats import pearsonr

from cogmodels.config.data_spec import DataSpec
from cogmodels.data.rdms import read_rdms
from cogmodels.errors import DataError
from cogmodels.metrics.rdm import (
    permuted_reliability,
    person_similarities,
    profile_similarity,
    ranks,
    region_similarities,
    reliability,
    squares,
    upper_triangles,
)
from cogmodels.metrics.rdm_agreement import ALL_REGIONS, rdm_agreement
from cogmodels.report.html import METRIC_NAMES
from cogmodels.report.rdm import plot_agreement


def made(people=5, hemispheres=2, regions=3, items=12, noise=0.5, seed=0):
    """RDMs with a geometry of each region that people share, and noise of each matrix; the diagonal is large."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(regions, items, items)) if noise is not None else np.zeros((regions, items, items))
    rdms = shared + (1.0 if noise is None else noise) * rng.normal(size=(people, hemispheres, regions, items, items))
    rdms = rdms + rdms.swapaxes(-1, -2)
    rdms[..., np.arange(items), np.arange(items)] = 100 + rng.normal(size=items)
    return rdms


def rows_without(a, b, drop):
    """Row by row: Pearson r of rows without the positions that ``drop(i, j)`` names."""
    n = len(a)
    out = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            keep = np.setdiff1d(np.arange(n), drop(i, j))
            out[i, j] = pearsonr(a[i, keep], b[j, keep])[0]
    return out


def test_rows_lose_both_positions_and_no_diagonal_counts():
    a, b = made(people=2, hemispheres=1, regions=1, items=9)[:, 0, 0] * 0.01 + 5
    expected = rows_without(a, b, lambda i, j: [i, j])
    np.testing.assert_allclose(profile_similarity(a, b), expected, atol=1e-10)
    for diagonal in (0.0, -1e3, np.nan):
        np.fill_diagonal(a, diagonal)
        np.testing.assert_allclose(profile_similarity(a, b), expected, atol=1e-10)


def test_a_row_that_does_not_vary_is_like_nothing():
    a = np.ones((6, 6))
    b = made(people=1, hemispheres=1, regions=1, items=6)[0, 0, 0]
    assert (profile_similarity(a, b) == 0).all()


def test_reliability_by_definition():
    vectors = ranks(upper_triangles(made(people=4)[:, 0, 0]))
    lower, upper = reliability(vectors)
    for k, one in enumerate(vectors):
        assert lower[k] == pytest.approx(pearsonr(one, np.delete(vectors, k, 0).mean(axis=0))[0], abs=1e-12)
        assert upper[k] == pytest.approx(pearsonr(one, vectors.mean(axis=0))[0], abs=1e-12)


def test_permuted_reliability_by_definition():
    vectors = ranks(upper_triangles(made(people=3)[:, 0, 0]))
    lower, upper = permuted_reliability(squares(vectors, 12), permutations=400, seed=1)
    assert abs(lower.mean()) < 0.02
    # A person is among all: what the permuted person correlates with includes itself.
    rng, own = np.random.default_rng(0), []
    for _ in range(120):
        for k in range(3):
            order = rng.permutation(12)
            moved = upper_triangles(squares(vectors, 12)[k][np.ix_(order, order)])
            own.append(pearsonr(moved, moved + np.delete(vectors, k, 0).sum(axis=0))[0])
    assert upper.mean() == pytest.approx(np.mean(own), abs=0.02)


def test_regions_by_definition():
    vectors = upper_triangles(made(people=3))
    found = region_similarities(vectors)
    template = vectors[[0, 2]].mean(axis=(0, 1))
    for side, region, other in ((0, 0, 0), (1, 2, 1)):
        assert found[1, side, region, other] == pytest.approx(
            pearsonr(vectors[1, side, region], template[other])[0], abs=1e-12
        )


def test_what_people_share_is_found_and_noise_is_at_chance():
    names, people = ["A", "B", "C"], [f"p{k}" for k in range(5)]
    scores, persons = rdm_agreement(made(), names, people, alignment="aligned", permutations=199, bootstrap=200)
    assert scores["experiment"].unique().tolist() == [
        "A (aligned)",
        "B (aligned)",
        "C (aligned)",
        f"{ALL_REGIONS} (aligned)",
    ]
    assert set(scores["metric"]) <= set(METRIC_NAMES)
    assert (scores["p"] < 0.05).all()
    assert (scores["value"] > scores["chance"]).all()
    assert ((scores["ci_low"] <= scores["value"]) & (scores["value"] <= scores["ci_high"])).all()
    assert (
        persons.groupby(["experiment", "metric"])["value"].mean() - scores.set_index(["experiment", "metric"])["value"]
    ).abs().max() < 1e-12
    figure = plot_agreement(persons, scores, title="x")
    assert [len(axes.get_xticks()) for axes in figure.axes] == [3, 4, 3]

    found = [
        rdm_agreement(made(noise=None, seed=k), names, people, permutations=99, bootstrap=100)[0] for k in range(6)
    ]
    noise = pd.concat(found).groupby(["experiment", "metric"])
    assert (pd.concat(found)["p"] < 0.05).mean() < 0.12
    assert (noise["value"].mean() - noise["chance"].mean()).abs().max() < 0.08


def test_wrong_input_is_named():
    names, people = ["A", "B", "C"], [f"p{k}" for k in range(5)]
    with pytest.raises(DataError, match="for 4 people"):
        rdm_agreement(made(), names, people[:4])
    rdms = made()
    rdms[2, 1, 0, 3, 4] += 1
    with pytest.raises(DataError, match=r"p2, hemisphere 1, A: the RDM is not symmetric"):
        rdm_agreement(rdms, names, people)
    rdms[2, 1, 0, 3, 4] = np.nan
    with pytest.raises(DataError, match="p2, hemisphere 1, A: values that are not finite"):
        rdm_agreement(rdms, names, people)
    with pytest.raises(DataError, match="two people"):
        person_similarities(made(people=1)[:, 0, 0])
    with pytest.raises(DataError, match="does not vary"):
        reliability(np.ones((3, 10)))
    with pytest.raises(DataError, match="four items"):
        profile_similarity(np.zeros((3, 3)), np.zeros((3, 3)))


def test_reading_names_what_is_wrong(tmp_path):
    for region, size in (("A", 4), ("B", 4), ("C", 5)):
        np.save(tmp_path / f"s1_l_{region}.npy", np.zeros((size, size)))
    files = "{subject}_{hemisphere}_{region}.npy"
    assert read_rdms(tmp_path, files, ["s1"], ["l"], ["A", "B"]).shape == (1, 1, 2, 4, 4)
    with pytest.raises(DataError, match=r"s1_l_C.npy: an array of shape \(5, 5\)"):
        read_rdms(tmp_path, files, ["s1"], ["l"], ["A", "C"])
    with pytest.raises(DataError, match=r"s2_l_A.npy: the file does not exist"):
        read_rdms(tmp_path, files, ["s2"], ["l"], ["A"])
    (tmp_path / "s3_l_A.npy").write_bytes((tmp_path / "s1_l_A.npy").read_bytes()[:150])
    with pytest.raises(DataError, match="cannot be read"):
        read_rdms(tmp_path, files, ["s3"], ["l"], ["A"])


# -- action geometry: 23 people, 90 clips; responses were hyperaligned between people before ---------------------------


@pytest.fixture(scope="module")
def spec(root):
    return DataSpec.model_validate(yaml.safe_load((root / "data_specs" / "action-geometry.yaml").read_text()))


@pytest.fixture(scope="module")
def action(mirror, spec):
    part = spec.rdms
    return read_rdms(mirror / spec.name, part.files, spec.subjects, part.hemispheres, part.regions)


def test_action_geometry_equals_the_values_that_others_found(action, spec):
    scores, persons = rdm_agreement(
        action, spec.rdms.regions, spec.subjects, alignment=spec.rdms.alignment, permutations=99, bootstrap=100
    )
    assert scores["experiment"].str.endswith("(hyperaligned)").all()
    found = scores.set_index([scores["experiment"].str.split(" \\(").str[0], "metric"])["value"].round(3).unstack()
    expected = pd.DataFrame(
        {
            "reliability": [0.747, 0.702, 0.508, 0.468, 0.458, 0.440, 0.288, 0.261, 0.180],
            "noise_ceiling": [0.771, 0.731, 0.563, 0.529, 0.521, 0.507, 0.388, 0.369, 0.312],
        },
        index=["LO", "VT", "EV", "AIP", "pSTS", "PPC", "VPM", "PMC", "TPJ"],
    )
    # The published table has three decimals, some of them cut off.
    assert (found.loc[expected.index, expected.columns] - expected).abs().max().max() < 0.0011
    for region, top1, both in (("LO", 0.447, 0.955), ("EV", 0.360, 0.928), ("VT", 0.322, 0.926), ("TPJ", 0.050, 0.736)):
        assert found.loc[region, "identification_top1"] == pytest.approx(top1, abs=0.0006)
        assert found.loc[region, "identification_two_way"] == pytest.approx(both, abs=0.0011)
    assert found.loc[ALL_REGIONS, "identification_top1"] == pytest.approx(0.850, abs=0.0006)
    spread = persons.loc[persons["experiment"].str.startswith(ALL_REGIONS), "value"].std(ddof=0)
    assert spread == pytest.approx(0.062, abs=0.002)
    assert (scores["p"] == 0.01).all()


def test_self_positions_would_leak(action, spec):
    """Clips of LO: what each treatment of self positions makes of identification; only the last is right."""
    lo = action[:, :, spec.rdms.regions.index("LO")].mean(axis=1)
    leaky = lo.copy()
    leaky[:, np.arange(90), np.arange(90)] = 0

    def top1(rdms, drop):
        hits = [
            (np.argmax(_similarity(one, np.delete(rdms, k, 0).mean(axis=0), drop), axis=1) == np.arange(90)).mean()
            for k, one in enumerate(rdms)
        ]
        return np.mean(hits)

    assert top1(leaky, "none") == pytest.approx(0.824, abs=0.0006)
    assert top1(leaky, "own") == pytest.approx(0.546, abs=0.0006)
    assert top1(leaky, "other") == pytest.approx(0.480, abs=0.0006)
    for rdms in (lo, leaky):
        similarity = person_similarities(rdms)
        assert (similarity.argmax(axis=2) == np.arange(90)).mean() == pytest.approx(0.447, abs=0.0006)


def _similarity(a, b, drop):
    """Pearson r of all rows with nothing removed, or with position i (``own``) or j (``other``) removed."""

    def unit(rows):
        rows = rows - rows.mean(axis=-1, keepdims=True)
        return rows / np.linalg.norm(rows, axis=-1, keepdims=True)

    if drop == "none":
        return unit(a) @ unit(b).T
    out = np.empty((90, 90))
    for gone in range(90):
        keep = np.delete(np.arange(90), gone)
        if drop == "own":
            out[gone] = unit(a[gone, keep]) @ unit(b[:, keep]).T
        else:
            out[:, gone] = unit(a[:, keep]) @ unit(b[gone, keep])
    return out
