"""Alignment within parcels and spheres of SIMULATED brains: what is exact comes back, noise gains nothing."""

import sys
from functools import partial

import numpy as np
import pytest

from cogmodels.errors import DataError
from cogmodels.fmri.alignment import fit_hyperalignment, fit_srm, identify_samples
from cogmodels.fmri.local_alignment import align_parcels, align_spheres, fit_common_brain, fit_parcels
from cogmodels.fmri.optimal_transport import fit_optimal_transport
from cogmodels.fmri.searchlight import find_spheres

TRAIN, TEST = slice(0, 80), slice(80, 120)
OWNER = np.repeat([1, 2, 3], 10)
FAST_TRANSPORT = {"method": "optimal_transport", "regularisation": 0.1, "iterations": 100}
SPHERES = find_spheres(np.ones((5, 4, 3), bool), np.diag([3.0, 3, 3, 1]), 4.5)


def rotated(subjects=4, noise=0.0, seed=0):
    """One brain, turned within each parcel of each subject."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(120, len(OWNER)))
    brains = []
    for _ in range(subjects):
        turn = np.zeros((len(OWNER), len(OWNER)))
        for label in (1, 2, 3):
            here = np.flatnonzero(label == OWNER)
            turn[np.ix_(here, here)] = np.linalg.qr(rng.normal(size=(10, 10)))[0]
        brains.append(base @ turn + noise * rng.normal(size=base.shape) + rng.normal(size=len(OWNER)))
    return brains


def flipped(subjects=4, seed=0):
    """One brain on a grid, the sign of each voxel drawn for each subject: a rotation of any sphere."""
    rng = np.random.default_rng(seed)
    base = rng.normal(size=(120, len(SPHERES)))
    return [base * rng.choice([-1, 1], len(SPHERES)) + rng.normal(size=len(SPHERES)) for _ in range(subjects)]


def agreement(parts):
    """Smallest correlation of a subject's values with the first's."""
    return min(np.corrcoef(parts[0].ravel(), part.ravel())[0, 1] for part in parts[1:])


@pytest.mark.parametrize(("fit", "options"), [(fit_hyperalignment, {}), (fit_srm, {"features": 10, "iterations": 60})])
def test_what_is_exact_within_parcels_comes_back_and_a_new_subject_joins(fit, options):
    brains = rotated(5)
    space = fit_parcels([part[TRAIN] for part in brains[:4]], [OWNER] * 4, fit, **options)
    shared = {label: one.shared for label, one in space.spaces.items()}
    space = space.add(brains[4][TRAIN], OWNER)
    assert agreement([space.transform(part[TEST], k) for k, part in enumerate(brains)]) > 0.999
    for label, one in space.spaces.items():
        np.testing.assert_array_equal(one.shared, shared[label])


@pytest.mark.parametrize("method", ["procrustes", "ridge"])
def test_pairs_are_exact_within_parcels(method):
    one, other = rotated(2)
    found = align_parcels(one[TRAIN], other[TRAIN], OWNER, OWNER, method=method)
    assert np.corrcoef(found.transform(one[TEST]).ravel(), other[TEST].ravel())[0, 1] > 0.999
    rows, columns = found.weights.nonzero()
    assert (OWNER[rows] == OWNER[columns]).all()


def test_parcels_may_have_other_numbers_of_voxels():
    one, other = rotated(2)
    kept = np.arange(len(OWNER)) % 10 != 0
    found = align_parcels(one[TRAIN], other[TRAIN][:, kept], OWNER, OWNER[kept], method="ridge")
    assert np.corrcoef(found.transform(one[TEST]).ravel(), other[TEST][:, kept].ravel())[0, 1] > 0.999


def test_spheres_laid_over_each_other_are_exact_where_each_is():
    brains = flipped(4)
    space = fit_common_brain([part[TRAIN] for part in brains[:3]], spheres=SPHERES)
    shared = space.shared.copy()
    space = space.add(brains[3][TRAIN])
    aligned = [space.transform(part[TEST], k) for k, part in enumerate(brains)]
    assert agreement(aligned) > 0.999
    centred = brains[0][TEST] - brains[0][TRAIN].mean(axis=0)
    assert np.std(aligned[0] - shared.mean(axis=0)) == pytest.approx(np.std(centred), rel=1e-6)
    np.testing.assert_array_equal(space.shared, shared)


def test_voxels_that_no_sphere_joins_do_not_touch():
    one, other = flipped(2)
    rows, columns = align_spheres(one, other, SPHERES).weights.nonzero()
    places = np.argwhere(np.ones((5, 4, 3))) * 3.0
    # Two voxels of one sphere are at most its diameter apart.
    assert np.linalg.norm(places[rows] - places[columns], axis=1).max() <= 9.0


def test_a_common_brain_by_parcels():
    brains = rotated(3, noise=0.3)
    align = partial(align_parcels, source_parcels=OWNER, target_parcels=OWNER)
    space = fit_common_brain([part[TRAIN] for part in brains], align)
    before = identify_samples([part[TEST] for part in brains])
    after = identify_samples([space.transform(part[TEST], k) for k, part in enumerate(brains)])
    assert before.mean() < 0.2
    assert after.mean() > 0.9


@pytest.mark.parametrize("kind", ["parcels", "spheres", "transport"])
def test_noise_gains_nothing_on_held_out_samples(kind):
    gains, fitted = [], []
    for seed in range(3 if kind == "transport" else 8):
        brains = list(np.random.default_rng(seed).normal(size=(3, 120, len(SPHERES))))
        training = [part[TRAIN] for part in brains]
        if kind == "parcels":
            space = fit_parcels(training, [np.repeat([1, 2, 3], 20)] * 3, fit_hyperalignment)
        elif kind == "spheres":
            space = fit_common_brain(training, spheres=SPHERES)
        else:
            owner = np.repeat([1, 2, 3], 20)
            align = partial(align_parcels, source_parcels=owner, target_parcels=owner, **FAST_TRANSPORT)
            space = fit_common_brain(training, align)
        after, trained = (
            identify_samples([space.transform(part[rows], k) for k, part in enumerate(brains)])
            for rows in (TEST, TRAIN)
        )
        gains.append(after.mean() - identify_samples([part[TEST] for part in brains]).mean())
        fitted.append(trained.mean())
    assert abs(np.mean(gains)) < 0.03
    assert np.mean(fitted) > 0.03, "on the samples that it was fitted on, noise looks aligned"


def test_transport_finds_where_voxels_went():
    rng = np.random.default_rng(1)
    source = rng.normal(size=(100, 30))
    order = rng.permutation(30)
    found = fit_optimal_transport(source[TRAIN], source[TRAIN][:, order], regularisation=0.001)
    np.testing.assert_array_equal(found.argmax(axis=0), order)
    np.testing.assert_allclose(found.sum(axis=0), 1)
    np.testing.assert_allclose(source[TEST] @ found, source[TEST][:, order], atol=0.05)


def test_transport_within_parcels_stays_there():
    one = rotated(1)[0]
    order = np.concatenate([np.random.default_rng(2).permutation(10) + start for start in (0, 10, 20)])
    options = {"method": "optimal_transport", "regularisation": 0.001}
    found = align_parcels(one[TRAIN], one[TRAIN][:, order], OWNER, OWNER, **options)
    assert np.corrcoef(found.transform(one[TEST]).ravel(), one[TEST][:, order].ravel())[0, 1] > 0.999


def test_without_its_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "fmralign.methods", None)
    with pytest.raises(DataError, match=r"cogmodels\[alignment\]"):
        fit_optimal_transport(np.zeros((5, 3)), np.zeros((5, 3)))


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda b: align_parcels(*b, OWNER[:-1], OWNER), "parcel labels for"),
        (lambda b: align_parcels(*b, OWNER, np.repeat([1, 2, 4], 10)), "not in every brain"),
        (lambda b: align_parcels(*b, OWNER, OWNER, method="magic"), "unknown"),
        (lambda b: align_parcels(b[0][:9], b[1], OWNER, OWNER), "same samples"),
        (lambda b: align_spheres(*b, SPHERES), "one grid"),
        (lambda b: fit_common_brain(b[:1], spheres=SPHERES), "two subjects"),
    ],
)
def test_brains_that_do_not_fit_are_refused(call, match):
    with pytest.raises(DataError, match=match):
        call(rotated(2))
