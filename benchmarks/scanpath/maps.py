"""Feature maps that both sides read: with a cache that knows all of them, or with one that is empty."""

import sys
import tempfile
from pathlib import Path

import numpy as np


def reader(*, known):
    """Function that gives the maps (n, channels, rows, columns) of all images, two layers in one row each."""
    import torch

    from cogmodels.data.feature_cache import FeatureCache
    from cogmodels.stimuli.backbones import Backbone
    from cogmodels.stimuli.features import iter_features

    torch.set_num_threads(1)
    files = sorted((Path(sys.argv[2]) / "images").glob("*.png"))
    backbone, layers, folder = (
        Backbone("efficientnet_lite0", weights="package"),
        ["block3", "block10"],
        Path(sys.argv[3]),
    )

    def read(cache):
        maps = iter_features(files, backbone, layers, FeatureCache(cache), grid=(24, 32), size=(512, 384))
        return np.stack([np.concatenate([one[layer] for layer in layers]) for one in maps])

    if known:
        read(folder.parent / "cache")
        return lambda: read(folder.parent / "cache")
    return lambda: read(tempfile.mkdtemp(dir=folder.parent))
