"""Responses of all subjects into one space, by maps that training stimuli fit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
import pandas as pd
from scipy import sparse

from cogmodels.errors import DataError
from cogmodels.fmri.alignment import SharedSpace, fit_hyperalignment, fit_srm
from cogmodels.fmri.local_alignment import VoxelMap, align_parcels, align_spheres, fit_common_brain, fit_parcels
from cogmodels.fmri.searchlight import find_spheres

Table = tuple[pd.DataFrame, np.ndarray]
SPACES = ("srm", "hyperalignment")
# Fewer training stimuli than this say nothing of a map.
FEWEST = 3


def fit_response_alignment(
    tables: Sequence[Table],
    *,
    method: str,
    scope: str = "whole",
    parcels: Sequence[np.ndarray] | None = None,
    masks: Sequence[np.ndarray] | None = None,
    affines: Sequence[np.ndarray] | None = None,
    radius_mm: float = 9.0,
    features: int = 20,
    srm: str = "probabilistic",
    iterations: int = 20,
    regularisation: float = 0.01,
    seed: int = 0,
    shuffle: bool = False,
) -> list[VoxelMap]:
    """A map of each subject's voxels into one space, by the means of its training stimuli.

    Voxels are z-scored over these means, and the map does the same to what it is given. A stimulus that is any
    subject's test is in nobody's training. The shared response model takes all training stimuli, all other methods
    those that every subject has.

    Parameters
    ----------
    tables : sequence of (trials, values)
        Of each subject: ``stimulus`` and ``split`` of each trial, and responses (n_trials, n_voxels).
    method : {"srm", "hyperalignment", "procrustes", "ridge", "optimal_transport"}
        The last three map to the voxels of the first subject (`fit_common_brain`).
    scope : {"whole", "parcels", "searchlight"}
    parcels : sequence of (n_voxels,)
        Labels of ``scope="parcels"``, 0 = none; those that a subject lacks are left out.
    masks, affines, radius_mm
        Masks (x, y, z) of ``scope="searchlight"`` and their (4, 4), of one grid; spheres lie in the voxels of all.
    features, srm, iterations, regularisation, seed
        Of the methods.
    shuffle : bool
        Control: training stimuli of all subjects but the first are permuted.

    Raises
    ------
    DataError
        Fewer than two subjects or three training stimuli, or as the method raises.
    """
    names, means = _training(tables)
    if shuffle:
        rng = np.random.default_rng([seed, 61])
        names = [names[0], *(rng.permutation(mine) for mine in names[1:])]
    if method != "srm":
        names, means = common_stimuli(names, means)
    centres, scales = _scales(means)
    data = [(part - c) * s for part, c, s in zip(means, centres, scales, strict=True)]
    if method in SPACES:
        options = {"kind": srm, "iterations": iterations, "seed": seed} if method == "srm" else {}
        maps = _shared_maps(data, names, fit_srm if method == "srm" else fit_hyperalignment, features, parcels, options)
    else:
        extra = {"regularisation": regularisation} if method == "optimal_transport" else {}
        maps = _brain_maps(data, method, scope, parcels, masks, affines, radius_mm, extra)
    return [
        VoxelMap(
            sparse.csr_array(sparse.diags_array(s) @ one.weights),
            c + np.divide(one.mean, s, out=np.zeros_like(s), where=s > 0),
            one.offset,
        )
        for one, c, s in zip(maps, centres, scales, strict=True)
    ]


def same_grid(masks: Sequence[np.ndarray], affines: Sequence[np.ndarray]) -> bool:
    """Whether masks (x, y, z) have one shape, and their affines are the same to a hundredth of a mm."""
    shapes = {np.shape(mask) for mask in masks}
    return len(shapes) == 1 and all(np.allclose(affine, affines[0], atol=0.01) for affine in affines)


def pack_maps(maps: Sequence[VoxelMap], subjects: Sequence[str]) -> dict[str, np.ndarray]:
    """Maps as named arrays, to be stored: ``<subject>/<array>``."""
    packed = {}
    for subject, one in zip(subjects, maps, strict=True):
        weights = sparse.csr_array(one.weights)
        packed |= {
            f"{subject}/data": weights.data,
            f"{subject}/indices": weights.indices.astype(np.int32),
            f"{subject}/indptr": weights.indptr.astype(np.int64),
            f"{subject}/shape": np.array(weights.shape, dtype=np.int64),
            f"{subject}/mean": one.mean,
            f"{subject}/offset": one.offset,
        }
    return packed


def unpack_map(packed: Mapping[str, np.ndarray], subject: str) -> VoxelMap:
    """A subject's map among those that `pack_maps` gave."""
    data, indices, indptr, shape, mean, offset = (
        packed[f"{subject}/{name}"] for name in ("data", "indices", "indptr", "shape", "mean", "offset")
    )
    return VoxelMap(sparse.csr_array((data, indices, indptr), shape=tuple(shape)), mean, offset)


def scale_responses(tables: Sequence[Table]) -> list[Table]:
    """Responses as maps take them: each voxel z-scored over the means of training stimuli."""
    centres, scales = _scales(_training(tables)[1])
    return [(trials, (v - c) * s) for (trials, v), c, s in zip(tables, centres, scales, strict=True)]


def _scales(means):
    """Mean and one over the standard deviation of each voxel of each subject; 0 where it does not vary."""
    centres = [part.mean(axis=0) for part in means]
    spreads = [part.std(axis=0) for part in means]
    return centres, [np.divide(1, sd, out=np.zeros_like(sd), where=sd > 1e-6 * np.abs(sd).max()) for sd in spreads]


def _training(tables):
    if len(tables) < 2:
        raise DataError(f"{len(tables)} subjects", where="alignment", remedy="Align two subjects or more")
    held_out = {name for trials, _ in tables for name in trials["stimulus"][trials["split"] == "test"]}
    kept = [((t["split"] == "train") & ~t["stimulus"].isin(held_out)).to_numpy() for t, _ in tables]
    return stimulus_means(tables, kept)


def stimulus_means(tables: Sequence[Table], kept: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Names and means of the stimuli of the kept trials, of each subject."""
    names, means = [], []
    for number, ((trials, values), rows) in enumerate(zip(tables, kept, strict=True), start=1):
        mine, owner, counts = np.unique(
            trials["stimulus"].to_numpy().astype(str)[rows], return_inverse=True, return_counts=True
        )
        if len(mine) < FEWEST:
            raise DataError(
                f"{len(mine)} stimuli of the split that is needed",
                where=f"alignment, subject {number}",
                remedy="Give the trials a split `train` and `test` by stimulus, the same for all subjects",
            )
        total = np.zeros((len(mine), values.shape[1]))
        np.add.at(total, owner, values[rows])
        names.append(mine)
        means.append(total / counts[:, None])
    return names, means


def common_stimuli(
    names: Sequence[np.ndarray], means: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """The stimuli that all subjects have, in one order."""
    shared = sorted(set(names[0]).intersection(*names[1:]))
    if len(shared) < FEWEST:
        raise DataError(
            f"subjects have {len(shared)} stimuli in common",
            where="alignment",
            remedy="Use `method: srm`, whose training stimuli may differ; held-out ones must be the same",
        )
    order = [np.argsort(mine)[np.searchsorted(np.sort(mine), shared)] for mine in names]
    return [np.array(shared)] * len(names), [part[rows] for part, rows in zip(means, order, strict=True)]


def _shared_maps(data, names, fit, features, parcels, options):
    if parcels is None:
        space: SharedSpace = fit(data, names, features=features, **options)
        return [
            VoxelMap(sparse.csr_array(weights), mean, np.zeros(weights.shape[1]))
            for weights, mean in zip(space.maps, space.means, strict=True)
        ]
    owners = _labels_of_all(parcels)

    def within(parts, samples, **given):
        return fit(parts, samples, features=min(features, *(min(part.shape) for part in parts)), **given)

    space = fit_parcels(data, owners, within, names, **options)
    found = []
    for number, owner in enumerate(owners):
        mean = np.zeros(len(owner))
        blocks = []
        for label, one in space.spaces.items():
            mean[owner == label] = one.means[number]
            block = np.zeros((len(owner), one.maps[number].shape[1]))
            block[owner == label] = one.maps[number]
            blocks.append(sparse.csr_array(block))
        weights = sparse.csr_array(sparse.hstack(blocks))
        found.append(VoxelMap(weights, mean, np.zeros(weights.shape[1])))
    return found


def _brain_maps(data, method, scope, parcels, masks, affines, radius_mm, options):
    """Maps to the first subject's voxels."""
    if scope != "searchlight":
        owners = _labels_of_all(parcels) if parcels is not None else [np.ones(part.shape[1], int) for part in data]
        # The common brain has the first subject's voxels.
        fits = [
            partial(align_parcels, source_parcels=owner, target_parcels=owners[0], method=method, **options)
            for owner in owners
        ]
        return fit_common_brain(data, fits).maps
    if not same_grid(masks, affines):
        raise DataError(
            f"masks of shapes {', '.join(str(np.shape(mask)) for mask in masks)} that are not on one grid",
            where="searchlight alignment",
            remedy="Bring subjects to one grid (fMRIPrep's `space`), or align by parcels",
        )
    everyone = np.logical_and.reduce([np.asarray(mask, dtype=bool) for mask in masks])
    spheres = find_spheres(everyone, affines[0], radius_mm)
    inside = [everyone[np.asarray(mask, dtype=bool)] for mask in masks]
    near = [part[:, rows] for part, rows in zip(data, inside, strict=True)]
    maps = fit_common_brain(near, partial(align_spheres, spheres=spheres, method=method, **options)).maps
    found = []
    for one, rows in zip(maps, inside, strict=True):
        places = np.flatnonzero(rows)
        spread = sparse.csr_array(
            (np.ones(len(places)), (places, np.arange(len(places)))), shape=(len(rows), len(places))
        )
        found.append(VoxelMap(sparse.csr_array(spread @ one.weights), spread @ one.mean, one.offset))
    return found


def _labels_of_all(parcels):
    """Labels of voxels, 0 where a subject lacks the label."""
    owners = [np.asarray(owner) for owner in parcels]
    shared = set(owners[0].tolist()).intersection(*(owner.tolist() for owner in owners[1:])) - {0}
    if not shared:
        raise DataError("no parcel is in every brain", where="alignment by parcels", remedy="Check the label images")
    return [np.where(np.isin(owner, list(shared)), owner, 0) for owner in owners]
