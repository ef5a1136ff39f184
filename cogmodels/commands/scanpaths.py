"""Scanpaths of a trained network on images of one's own: a Fixations table, and overlays."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json
from cogmodels.data.displays import image_shape
from cogmodels.data.feature_cache import FeatureCache
from cogmodels.data.images import read_image
from cogmodels.data.predictions import read_weights
from cogmodels.data.tables import write_fixations
from cogmodels.errors import DataError
from cogmodels.report.scanpath_models import plot_overlay
from cogmodels.report.style import save_figure
from cogmodels.scanpath.generate import generate_scanpaths
from cogmodels.scanpath.tables import paths_by_image
from cogmodels.scanpath.viewing import view_name
from cogmodels.stimuli.named_features import named_features

logger = logging.getLogger(__name__)
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff"}
#: Images whose features are in memory at a time.
_AT_A_TIME = 16


def find_images(folder: Path) -> list[Path]:
    """Image files of a folder, in order of their names.

    Raises
    ------
    DataError
        No such folder, or no image in it.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError("there is no such folder", where=folder, remedy="Name the folder of your images")
    found = sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)
    if not found:
        raise DataError("there are no images", where=folder, remedy=f"Put {', '.join(sorted(SUFFIXES))} files into it")
    return found


def find_run(path: Path) -> tuple[Path, Path]:
    """Weights and manifest of a run, from its folder or its ``model.safetensors``.

    Raises
    ------
    DataError
        One of the files is missing.
    """
    folder = Path(path) if Path(path).is_dir() else Path(path).parent
    files = folder / "model.safetensors", folder / "manifest.json"
    for file in files:
        if not file.is_file():
            raise DataError("the file does not exist", where=file, remedy="Name the folder of a run of `transformer`")
    return files


def look_at_images(
    weights: Path,
    manifest: Path,
    images: Sequence[Path],
    table: Path,
    overlays: Path,
    *,
    samples: int,
    typical_of: int | None = None,
    seed: int = 0,
    target: str | None = None,
    progress: Callable[[Iterable], Iterable] = iter,
) -> pd.DataFrame:
    """Draw scanpaths of images, write them as a Fixations table, and an overlay of each image.

    Parameters
    ----------
    weights, manifest : path
        Of the run that trained the network.
    images : sequence of path
        Of any size, grey or in colour. A file that cannot be read is left out with a warning.
    table, overlays : path
        Where the table and the folder of overlays go; features are kept in ``cache`` beside the table.
    samples, seed : int
        Scanpaths of each image, and their seed; those of an image depend on the seed and its name alone.
    typical_of : int, optional
        Of each image only the typical scanpath of so many.
    target : str, optional
        What is looked for, of networks that are told it.
    progress : callable
        Wraps the images.

    Returns
    -------
    DataFrame
        The Fixations table, px of each image.

    Raises
    ------
    DataError
        No image can be read; two images of one name; the run is no network, or its weights do not fit.
    """
    config = read_json(manifest).get("config", {})
    if config.get("model") != "transformer":
        raise DataError(
            f"model `{config.get('model')}` is no network that looks at images",
            where=manifest,
            remedy="Name a run of `model: transformer`",
        )
    if twice := sorted({file.name for file in images if sum(one.name == file.name for one in images) > 1}):
        raise DataError(f"two images are called {twice[0]}", where="images", remedy="Give each a name of its own")
    readable = [file for file in images if _readable(file)]
    if not readable:
        raise DataError(f"none of {len(images)} images can be read", where="images", remedy="Check the files")
    options = {"samples": samples, "typical_of": typical_of, "seed": seed, "target": target}
    arrays, cache, parts = read_weights(weights), FeatureCache(Path(table).parent / "cache"), []
    Path(overlays).mkdir(parents=True, exist_ok=True)
    for number, file in enumerate(progress(readable)):
        if number % _AT_A_TIME == 0:
            some = readable[number : number + _AT_A_TIME]
            features = [named_features(name, config["maps"][name], some, cache) for name in config["features"]]
            sizes = {one.name: image_shape(one)[1::-1] for one in some}
            parts.append(generate_scanpaths(config, arrays, features, sizes, **options))
            paths = paths_by_image(parts[-1])
        # Two suffixes of one stem would land in one file.
        alone = sum(one.stem == file.stem for one in readable) == 1
        name = f"{file.stem if alone else file.name}.png"
        save_figure(
            plot_overlay(read_image(file), paths[view_name(file.name, target)], title=file.name), Path(overlays) / name
        )
    found = pd.concat(parts, ignore_index=True)
    write_fixations(Path(table), found)
    return found


def _readable(file: Path) -> bool:
    try:
        read_image(file)
    except DataError as error:
        logger.warning("left out: %s", error)
        return False
    return True
