"""Alignment parcel by parcel and in searchlights: brains are brought together by voxels that lie near each other.

A rotation of a whole brain may take what one region does to another. Here maps are fitted within parcels, or within
spheres whose maps are laid over each other. Responses are samples x voxels, training samples only.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from scipy import sparse

from cogmodels.errors import DataError
from cogmodels.fmri.alignment import SharedSpace, fit_ridge_map, procrustes_rotation
from cogmodels.fmri.optimal_transport import fit_optimal_transport
from cogmodels.fmri.searchlight import Spheres

# Fits a map from source (n_samples, n_source) to target (n_samples, n_target), both about their means.
METHODS: dict[str, Callable[..., np.ndarray]] = {
    "procrustes": procrustes_rotation,
    "ridge": lambda source, target, **options: fit_ridge_map(source, target, **options)[0][:-1],
    "optimal_transport": fit_optimal_transport,
}


@dataclass(frozen=True)
class VoxelMap:
    """From one brain to another: ``(responses - mean) @ weights + offset``; ``weights`` sparse (n_source, n_target)."""

    weights: sparse.csr_array
    mean: np.ndarray
    offset: np.ndarray

    def transform(self, responses: np.ndarray) -> np.ndarray:
        """Responses (n, n_source) as (n, n_target)."""
        responses = np.asarray(responses, dtype=float)
        if responses.ndim != 2 or responses.shape[1] != len(self.mean):
            raise DataError(
                f"responses of shape {responses.shape} for a map of {len(self.mean)} voxels",
                where="alignment",
                remedy="Give samples x voxels of the brain that the map was fitted on",
            )
        return (responses - self.mean) @ self.weights + self.offset


@dataclass(frozen=True)
class VoxelSpace:
    """A common brain: ``shared`` (n_samples, n_voxels); ``maps``: one a subject into it; ``align``: what fits them."""

    maps: list[VoxelMap]
    shared: np.ndarray
    align: Callable[[np.ndarray, np.ndarray], VoxelMap]

    def transform(self, responses: np.ndarray, subject: int) -> np.ndarray:
        """Responses (n, n_voxels of the subject) in the common brain."""
        return self.maps[subject].transform(responses)

    def add(self, responses: np.ndarray) -> VoxelSpace:
        """The space with one more subject, the last, itself unchanged; ``responses`` to its samples, in its order."""
        return VoxelSpace([*self.maps, self.align(responses, self.shared)], self.shared, self.align)


@dataclass(frozen=True)
class ParcelSpace:
    """A shared space for each parcel: ``spaces``, by the parcel's label; ``parcels``: of each subject (n_voxels,)."""

    spaces: dict[Any, SharedSpace]
    parcels: list[np.ndarray]

    def transform(self, responses: np.ndarray, subject: int) -> np.ndarray:
        """Responses (n, n_voxels) of a subject in all spaces beside each other (n, n_features)."""
        responses, owner = np.asarray(responses), self.parcels[subject]
        return np.hstack([space.transform(responses[:, owner == p], subject) for p, space in self.spaces.items()])

    def add(self, responses: np.ndarray, parcels: np.ndarray, samples: np.ndarray | None = None) -> ParcelSpace:
        """The space with one more subject, the last, itself unchanged; see `SharedSpace.add`."""
        owner = _check_parcels([responses], [parcels], self.spaces)[0]
        responses = np.asarray(responses)
        spaces = {p: space.add(responses[:, owner == p], samples) for p, space in self.spaces.items()}
        return ParcelSpace(spaces, [*self.parcels, owner])


def fit_parcels(
    responses: Sequence[np.ndarray],
    parcels: Sequence[np.ndarray],
    fit: Callable[..., SharedSpace],
    samples: Sequence[np.ndarray] | None = None,
    **options: Any,
) -> ParcelSpace:
    """Shared response model or hyperalignment within each parcel.

    Parameters
    ----------
    responses, samples
        As `cogmodels.fmri.alignment.fit_srm` takes them.
    parcels : sequence of (n_voxels_i,)
        Label of each voxel of each subject; 0 = none. All subjects have the same labels.
    fit : callable
        `fit_srm` or `fit_hyperalignment`.
    **options
        Of ``fit``, the same for all parcels.

    Raises
    ------
    DataError
        Labels that do not fit the voxels, or that a subject lacks; as ``fit`` raises.
    """
    owners = _check_parcels(responses, parcels)
    data = [np.asarray(part) for part in responses]
    spaces = {
        label: fit([part[:, owner == label] for part, owner in zip(data, owners, strict=True)], samples, **options)
        for label in _labels(owners[0])
    }
    return ParcelSpace(spaces, owners)


def align_parcels(
    source: np.ndarray,
    target: np.ndarray,
    source_parcels: np.ndarray,
    target_parcels: np.ndarray,
    *,
    method: str = "procrustes",
    **options: Any,
) -> VoxelMap:
    """Map from one brain to another, fitted within each parcel (Bazeille et al. 2021, NeuroImage 245, 118683).

    Parameters
    ----------
    source, target : (n_samples, n_source), (n_samples, n_target) float
    source_parcels, target_parcels : (n_source,), (n_target,)
        Labels; 0 = none: such voxels of the target stay at their mean.
    method : {"procrustes", "ridge", "optimal_transport"}
    **options
        Of the method.
    """
    owners = _check_parcels([source, target], [source_parcels, target_parcels])
    pieces = ((np.flatnonzero(owners[0] == label), np.flatnonzero(owners[1] == label)) for label in _labels(owners[0]))
    return _lay_over(source, target, pieces, method, options)


def align_spheres(
    source: np.ndarray, target: np.ndarray, spheres: Spheres, *, method: str = "procrustes", **options: Any
) -> VoxelMap:
    """Map from one brain to another on the same grid, fitted in each sphere; a voxel's maps are averaged.

    Guntupalli et al. (2016), Cerebral Cortex 26, 2919-2934, who sum the maps and z-score what they give; averaged, the
    responses keep their scale.

    Parameters
    ----------
    source, target : (n_samples, n_voxels) float
    spheres : Spheres
        Of the mask that both brains' voxels lie in.
    method, **options
        As in `align_parcels`.
    """
    if not np.shape(source)[-1] == np.shape(target)[-1] == len(spheres):
        raise DataError(
            f"brains of {np.shape(source)[-1]} and {np.shape(target)[-1]} voxels for {len(spheres)} spheres",
            where="searchlight alignment",
            remedy="Bring both to one grid and mask, or align by parcels",
        )
    pieces = ((spheres[k], spheres[k]) for k in range(len(spheres)))
    return _lay_over(source, target, pieces, method, options)


def fit_common_brain(
    responses: Sequence[np.ndarray],
    align: Callable[[np.ndarray, np.ndarray], VoxelMap] | Sequence[Callable[..., VoxelMap]] | None = None,
    **fixed: Any,
) -> VoxelSpace:
    """Bring all subjects to a common brain in three passes, as hyperalignment does, by maps of any kind.

    First all are mapped to the first subject's voxels, then to the mean of the others, then to the mean of all.

    Parameters
    ----------
    responses : sequence of (n_samples, n_voxels) arrays
        The same samples of two subjects or more, in one order.
    align : callable
        Fits the map of a source on a target: `align_spheres` by default; ``functools.partial`` of `align_parcels` with
        the parcels, where all subjects have the same; or one of each subject, whose first then aligns those that join.
    **fixed
        Options of ``align``.

    Raises
    ------
    DataError
        Fewer than two subjects, or samples that differ.
    """
    data = [np.asarray(part, dtype=float) for part in responses]
    given = align if isinstance(align, Sequence) else [align or align_spheres] * len(data)
    fits = [partial(one, **fixed) for one in given]
    if len(data) < 2 or len({len(part) for part in data}) > 1:
        raise DataError(
            f"subjects have {', '.join(str(len(part)) for part in data)} samples",
            where="common brain",
            remedy="Give the same samples of two subjects or more",
        )
    aligned = [data[0], *(fit(part, data[0]).transform(part) for fit, part in zip(fits[1:], data[1:], strict=True))]
    total = sum(aligned)
    aligned = [
        fit(part, (total - own) / (len(data) - 1)).transform(part)
        for fit, part, own in zip(fits, data, aligned, strict=True)
    ]
    shared = sum(aligned) / len(data)
    return VoxelSpace([fit(part, shared) for fit, part in zip(fits, data, strict=True)], shared, fits[0])


def _lay_over(
    source: np.ndarray,
    target: np.ndarray,
    pieces: Iterable[tuple[np.ndarray, np.ndarray]],
    method: str,
    options: dict[str, Any],
) -> VoxelMap:
    """Maps of pieces in one, each target voxel's columns averaged over the pieces that hold it."""
    source, target = np.asarray(source, dtype=float), np.asarray(target, dtype=float)
    if method not in METHODS:
        raise DataError(f"method `{method}` is unknown", where="alignment", remedy=f"Use {', '.join(METHODS)}")
    finite = np.isfinite(source).all() and np.isfinite(target).all()
    if source.ndim != 2 or target.ndim != 2 or len(source) != len(target) or not finite:
        raise DataError(
            f"a source of shape {source.shape} and a target of {target.shape}, all finite: {finite}",
            where="alignment",
            remedy="Give finite samples x voxels of the same samples",
        )
    mean, offset = source.mean(axis=0), target.mean(axis=0)
    source, target = source - mean, target - offset
    rows, columns, values = [], [], []
    times = np.zeros(target.shape[1])
    for here, there in pieces:
        weights = METHODS[method](source[:, here], target[:, there], **options)
        rows.append(np.repeat(here, len(there)))
        columns.append(np.tile(there, len(here)))
        values.append(weights.ravel())
        times[there] += 1
    place = np.concatenate(columns)
    weights = sparse.coo_array(
        (np.concatenate(values) / times[place], (np.concatenate(rows), place)), shape=(len(mean), len(offset))
    )
    return VoxelMap(weights.tocsr(), mean, offset)


def _labels(owner: np.ndarray) -> list[Any]:
    return [label for label in np.unique(owner).tolist() if label != 0]


def _check_parcels(responses, parcels, wanted=None) -> list[np.ndarray]:
    """Labels as arrays; all subjects have the same."""
    owners = [np.asarray(owner) for owner in parcels]
    for number, (part, owner) in enumerate(zip(responses, owners, strict=True), start=1):
        if owner.shape != (np.shape(part)[-1],):
            raise DataError(
                f"{owner.size} parcel labels for {np.shape(part)[-1]} voxels",
                where=f"alignment by parcels, brain {number}",
                remedy="Give one label for each voxel",
            )
        expected = set(_labels(owners[0]) if wanted is None else wanted)
        if missing := expected ^ set(_labels(owner)) or (not expected and {"any"}):
            raise DataError(
                f"parcel `{sorted(map(str, missing))[0]}` is not in every brain",
                where=f"alignment by parcels, brain {number}",
                remedy="Set the labels that a brain lacks to 0 in all of them",
            )
    return owners
