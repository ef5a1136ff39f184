"""Label images on a run's grid: files of one's own, and nilearn's atlases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cogmodels.data.bids import read_tsv
from cogmodels.data.bold import load_image
from cogmodels.errors import DataError


@dataclass(frozen=True)
class Labels:
    """``image`` (x, y, z) int, 0 = none, on a run's grid; ``names``: name of each value that has one; ``resampled``:
    whether it came from another grid."""

    image: np.ndarray
    names: dict[int, str]
    resampled: bool


def read_labels(path: Path, shape: tuple[int, ...], affine: np.ndarray, *, names: Path | None = None) -> Labels:
    """Mask or label image on the grid of ``shape`` (x, y, z) and ``affine`` (4, 4).

    Values are rounded, a mask's are 0 and 1. Another grid is resampled by nearest neighbour; voxels that its field of
    view does not hold are 0.

    Parameters
    ----------
    names : path, optional
        Table with the columns ``index`` and ``name``; by default the ``.tsv`` beside the image, where there is one.

    Raises
    ------
    DataError
        Missing or damaged files, an image that has not three dimensions or holds no label on this grid.
    """
    path = Path(path)
    image, data = load_image(path)
    data = data[..., 0] if data.ndim == 4 and data.shape[3] == 1 else data
    if data.ndim != 3 or not np.isfinite(data).all():
        raise DataError(
            f"a label image has 3 dimensions and finite values, this one has {data.ndim}, "
            f"{int((~np.isfinite(data)).sum())} values not finite",
            where=path,
            remedy="Give a mask or a label image",
        )
    beside = path.with_name(path.name.split(".nii")[0] + ".tsv")
    table = names if names is not None else (beside if beside.exists() else None)
    return _on_grid(data, image.affine, shape, affine, _read_names(table), path)


def read_parcels(
    paths: Sequence[Path], masks: Sequence[np.ndarray], affines: Sequence[np.ndarray]
) -> list[np.ndarray] | None:
    """Label (n_voxels,) of each voxel of each subject's mask; none without images."""
    given = zip(paths, masks, affines, strict=True) if paths else ()
    return [read_labels(path, mask.shape, affine).image[mask] for path, mask, affine in given] or None


def fetch_atlas(
    name: str, shape: tuple[int, ...], affine: np.ndarray, options: Mapping[str, Any] | None = None
) -> Labels:
    """An atlas that nilearn fetches (from the network, once), on a grid.

    Parameters
    ----------
    name : str
        ``harvard_oxford``, ``destrieux``, ``schaefer``, ``aal`` or ``juelich``: volumes in MNI space.
    options : mapping, optional
        Of nilearn's fetcher.

    Raises
    ------
    DataError
        The atlas cannot be fetched, its options are wrong, or it holds no label on this grid.
    """
    from nilearn import datasets

    fetchers = {
        "harvard_oxford": (datasets.fetch_atlas_harvard_oxford, {"atlas_name": "cort-maxprob-thr25-2mm"}),
        "destrieux": (datasets.fetch_atlas_destrieux_2009, {}),
        "schaefer": (datasets.fetch_atlas_schaefer_2018, {}),
        "aal": (datasets.fetch_atlas_aal, {}),
        "juelich": (datasets.fetch_atlas_juelich, {"atlas_name": "maxprob-thr25-2mm"}),
    }
    if name not in fetchers:
        raise DataError(f"atlas `{name}` is unknown", where="atlas", remedy=f"Use {', '.join(fetchers)}")
    fetch, defaults = fetchers[name]
    try:
        atlas = fetch(**{**defaults, **(options or {})})
    # The fetchers fail as the network does (many kinds), or by their options.
    except Exception as error:
        raise DataError(
            f"nilearn could not fetch it ({type(error).__name__}: {error})",
            where=f"atlas {name}",
            remedy="Check the network and `atlas_options`, or give the atlas' file as `image`",
        ) from None
    names = {int(row["index"]): str(row["name"]) for _, row in atlas.lut.iterrows()}
    if isinstance(atlas.maps, str | Path):
        image, data = load_image(Path(atlas.maps))
    else:
        image, data = atlas.maps, np.asanyarray(atlas.maps.dataobj)
    return _on_grid(data, image.affine, shape, affine, names, f"atlas {name}")


def _on_grid(data, place, shape, affine, names, where) -> Labels:
    data = np.rint(data).astype(np.int32)
    same = data.shape == tuple(shape) and np.allclose(place, affine, atol=1e-4)
    if not same:
        import nibabel as nib
        from nilearn.image import resample_img

        moved = resample_img(
            nib.Nifti1Image(data, place),
            target_affine=np.asarray(affine, dtype=float),
            target_shape=tuple(shape),
            interpolation="nearest",
            force_resample=True,
            copy_header=True,
        )
        data = np.rint(np.asanyarray(moved.dataobj)).astype(np.int32)
    if not (data > 0).any():
        raise DataError(
            "the image holds no label on the grid of the runs",
            where=where,
            remedy="Give an image in the space of the runs: check its affine and what was resampled to what",
        )
    return Labels(data, names, not same)


def _read_names(path: Path | None) -> dict[int, str]:
    if path is None:
        return {}
    table = read_tsv(path)
    if not {"index", "name"} <= set(table):
        raise DataError(
            f"a table of labels has the columns `index` and `name`, this one {', '.join(map(str, table))}",
            where=path,
            remedy="Rename its columns",
        )
    return {int(index): str(name) for index, name in zip(table["index"], table["name"], strict=True)}
