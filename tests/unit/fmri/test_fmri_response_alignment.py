"""Responses of all subjects in one space: exact maps, fences, controls."""

import numpy as np
import pandas as pd
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.alignment_scores import compare_alignments, measure_alignment, subject_rows
from cogmodels.fmri.response_alignment import fit_response_alignment, pack_maps, unpack_map
from cogmodels.metrics.map_scores import score_summaries

N_STIMULI, N_SHARED = 60, 8
# Two thirds are training; everything in grids of 4 x 3 x 2 voxels.
SPLIT = np.where(np.arange(N_STIMULI) < 40, "train", "test")
MASKS, AFFINES = [np.ones((4, 3, 2), dtype=bool)] * 3, [np.diag([3.0, 3.0, 3.0, 1.0])] * 3
PLACES = {"parcels": None, "masks": MASKS, "affines": AFFINES}


def subjects(voxels=(24, 24, 24), noise=0.0, seed=0, shared=True, blocks=1, repeats=2):
    """Subjects whose voxels are rotations of the same numbers (with noise), each in an order of its own."""
    rng = np.random.default_rng(seed)
    found = []
    latent = rng.standard_normal((N_STIMULI, blocks, N_SHARED))
    for width in voxels:
        mine = latent if shared else rng.standard_normal(latent.shape)
        parts = [np.linalg.qr(rng.standard_normal((width // blocks, N_SHARED)))[0] for _ in range(blocks)]
        clean = np.hstack([mine[:, b] @ part.T for b, part in enumerate(parts)])
        order = rng.permutation(np.repeat(np.arange(N_STIMULI), repeats))
        values = 5 + clean[order] + noise * rng.standard_normal((len(order), width))
        trials = pd.DataFrame({"stimulus": [f"s{k:02d}" for k in order], "split": SPLIT[order]})
        found.append((trials, values))
    return found


def transformed(tables, maps):
    return [(trials, one.transform(values)) for (trials, values), one in zip(tables, maps, strict=True)]


def values_of(rows, metric, part=""):
    return [row["value"] for mine in rows for row in mine if (row["metric"], row["part"]) == (metric, part)]


@pytest.mark.parametrize(
    ("method", "voxels"),
    [("srm", (24, 30, 36)), ("hyperalignment", (24, 30, 36)), ("procrustes", (24, 30, 36)), ("ridge", (24, 30, 36))],
)
def test_what_is_shared_comes_back_in_held_out_stimuli(method, voxels):
    # Scaling by each voxel's deviation is no rotation: only linear maps undo it exactly.
    tables = subjects(voxels)
    maps = fit_response_alignment(tables, method=method, features=N_SHARED)
    rows = measure_alignment(transformed(tables, maps), permutations=99, bootstrap=100)
    assert min(values_of(rows, "identification_top1")) == 1
    assert min(values_of(rows, "inter_subject_correlation")) > (0.999 if method == "ridge" else 0.9)


def test_parcels_are_aligned_each_by_itself():
    tables = subjects((24, 24, 24), blocks=2)
    parcels = [np.repeat([1, 2], 12), np.repeat([1, 2], 12), np.repeat([1, 2], 12)]
    for method in ("srm", "procrustes", "ridge"):
        maps = fit_response_alignment(tables, method=method, scope="parcels", parcels=parcels, features=N_SHARED)
        weights = maps[1].weights.toarray()
        assert weights.shape == ((24, 2 * N_SHARED) if method == "srm" else (24, 24))
        half = weights.shape[1] // 2
        assert not weights[:12, half:].any()
        assert not weights[12:, :half].any()
        rows = measure_alignment(transformed(tables, maps), permutations=99, bootstrap=100)
        assert min(values_of(rows, "identification_top1")) > 0.9
    odd = [np.repeat([1, 3], 12), *parcels[1:]]
    maps = fit_response_alignment(tables, method="ridge", scope="parcels", parcels=odd)
    assert not maps[1].weights.toarray()[12:].any()
    with pytest.raises(DataError, match="no parcel is in every brain"):
        fit_response_alignment(tables, method="ridge", scope="parcels", parcels=[np.full(24, k) for k in (1, 2, 3)])


def test_spheres_lie_in_the_voxels_that_all_have():
    masks = [MASKS[0].copy() for _ in range(3)]
    masks[1][0, 0, 0] = masks[2][3, 2, 1] = False
    tables = subjects((24, 23, 23))
    places = {"scope": "searchlight", "masks": masks, "affines": AFFINES, "radius_mm": 4.0}
    maps = fit_response_alignment(tables, method="ridge", **places)
    assert [one.weights.shape for one in maps] == [(24, 22), (23, 22), (23, 22)]
    assert not maps[0].weights.toarray()[[0, 23]].any()
    rows = measure_alignment(transformed(tables, maps), permutations=99, bootstrap=100)
    assert min(values_of(rows, "identification_top1")) > 0.5
    other = {**places, "affines": [AFFINES[0], AFFINES[0], np.diag([2.0, 3.0, 3.0, 1.0])]}
    with pytest.raises(DataError, match="one grid"):
        fit_response_alignment(tables, method="ridge", **other)


def test_held_out_trials_do_not_move_the_maps():
    tables = subjects(noise=0.5)
    changed = [(trials, np.where((trials["split"] == "test").to_numpy()[:, None], 99.0, v)) for trials, v in tables]
    for method in ("srm", "hyperalignment", "procrustes", "ridge"):
        first, second = (fit_response_alignment(t, method=method, features=6) for t in (tables, changed))
        for one, two in zip(first, second, strict=True):
            np.testing.assert_array_equal(one.weights.toarray(), two.weights.toarray())
    # A stimulus that one subject is tested on is in nobody's training.
    leaked = [(tables[0][0].assign(split="train"), tables[0][1]), *tables[1:]]
    again = fit_response_alignment(leaked, method="procrustes")
    np.testing.assert_array_equal(
        again[0].weights.toarray(), fit_response_alignment(tables, method="procrustes")[0].weights.toarray()
    )


def test_noise_gives_no_gain_and_permuted_training_is_at_chance():
    gains = []
    for seed in range(4):
        tables = subjects(noise=0.5, seed=seed, shared=False)
        aligned = transformed(tables, fit_response_alignment(tables, method="hyperalignment", features=12))
        options = {"method": "hyperalignment", "features": 12}
        rows = compare_alignments(tables, aligned, PLACES, options, permutations=99, bootstrap=100)
        gains.append(np.mean(values_of(rows, "identification_top1")))
    # 20 held-out stimuli: chance .05, standard error of 240 identifications .014.
    assert np.mean(gains) < 0.1
    tables = subjects(noise=0.3)
    aligned = transformed(tables, fit_response_alignment(tables, method="hyperalignment", features=12))
    rows = compare_alignments(tables, aligned, PLACES, options, permutations=199, bootstrap=100)
    assert np.mean(values_of(rows, "identification_top1")) > 0.6
    assert np.mean(values_of(rows, "identification_top1", "before")) < 0.25
    assert np.mean(values_of(rows, "identification_top1", "permuted training")) < 0.25
    table = score_summaries(rows, "test", unit="stimulus", bootstrap=100).set_index(["experiment", "metric"])
    assert table.loc[("test", "identification_top1"), "p"] == 1 / 200
    assert table.loc[("test", "identification_top1"), "chance"] == pytest.approx(0.05, abs=0.01)
    assert abs(table.loc[("test", "inter_subject_correlation"), "chance"]) < 0.02
    parts = subject_rows(rows, ["01", "02", "03"])
    assert list(dict.fromkeys(parts["part"])) == ["aligned", "before", "permuted training"]
    # Other masks: voxels of subjects have nothing to do with each other, so there is no "before".
    other = {**PLACES, "affines": [AFFINES[0], AFFINES[0], np.diag([2.0, 3.0, 3.0, 1.0])]}
    rows = compare_alignments(tables, aligned, other, options, permutations=99, bootstrap=100)
    assert not values_of(rows, "identification_top1", "before")


def test_maps_survive_being_stored():
    tables = subjects((24, 30, 36))
    maps = fit_response_alignment(tables, method="srm", features=5)
    packed = pack_maps(maps, ["a", "b", "c"])
    for subject, one, (_, values) in zip("abc", maps, tables, strict=True):
        np.testing.assert_array_equal(unpack_map(packed, subject).transform(values), one.transform(values))


def test_a_constant_voxel_stays_finite_and_weighs_nothing():
    tables = subjects(noise=0.2)
    tables[0][1][:, 3] = 7.0
    maps = fit_response_alignment(tables, method="srm", features=5)
    assert not maps[0].weights.toarray()[3].any()
    assert all(np.isfinite(values).all() for _, values in transformed(tables, maps))


def test_what_cannot_be_aligned_is_said():
    tables = subjects()
    with pytest.raises(DataError, match="Align two subjects"):
        fit_response_alignment(tables[:1], method="srm")
    with pytest.raises(DataError, match="subject 2: 0 stimuli"):
        fit_response_alignment([tables[0], (tables[1][0].assign(split="none"), tables[1][1])], method="srm")
    named = [(t.assign(stimulus=t["stimulus"] + str(k)), v) for k, (t, v) in enumerate(tables)]
    with pytest.raises(DataError, match="0 stimuli in common"):
        fit_response_alignment(named, method="procrustes")
    with pytest.raises(DataError, match="features"):
        measure_alignment(subjects((24, 30, 24)))


def test_p_values_of_what_nobody_shares_are_uniform():
    # Two subjects that share a stimulus by chance both gain: orders of each subject's own keep that in the null.
    found = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        trials = pd.DataFrame({"stimulus": [f"s{k}" for k in range(12)], "split": "test"})
        rows = measure_alignment(
            [(trials, rng.standard_normal((12, 8))) for _ in range(4)], permutations=99, bootstrap=100
        )
        found.append(score_summaries(rows, "noise", unit="stimulus", bootstrap=100)["p"].to_numpy())
    # 80 values: .05 of them +- .05 (two standard errors).
    assert 0.005 < (np.array(found) <= 0.05).mean() < 0.1
    assert 0.35 < np.median(found) < 0.65
