"""Features of any images, made as a named feature set makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cogmodels.data.feature_cache import FeatureCache
from cogmodels.data.tables import Features
from cogmodels.errors import DataError
from cogmodels.stimuli.backbones import Backbone
from cogmodels.stimuli.features import feature_vectors, iter_features


def named_features(
    name: str, options: Mapping[str, Any], files: Sequence[Path], cache: FeatureCache, *, batch_size: int = 16
) -> Features:
    """Features of images as a set's options (:class:`cogmodels.config.features.FeatureSet`) have them.

    Raises
    ------
    DataError
        There are no images.
    """
    if not files:
        raise DataError("there are no images", where=f"features {name}", remedy="Correct the pattern of image files")
    network = {key: options[key] for key in ("weights", "weights_sha256", "preprocessing")}
    backbone, size, grid = Backbone(options["backbone"], **network), options["size"], options["grid"]
    maps = iter_features(
        files, backbone, options["layers"], cache, grid=grid and tuple(grid), size=size and tuple(size),
        batch_size=batch_size,
    )  # fmt: skip
    return Features(name, [file.name for file in files], feature_vectors(maps, options["layers"], where=name))
