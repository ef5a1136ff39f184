"""Let a trained network look at a folder of images: scanpaths as a Fixations table, and overlays."""

from pathlib import Path

from cogmodels.data.bids import read_json
from cogmodels.data.displays import image_shape
from cogmodels.data.feature_cache import FeatureCache
from cogmodels.data.images import read_image
from cogmodels.data.predictions import read_weights
from cogmodels.data.tables import write_fixations
from cogmodels.report.scanpath_models import plot_overlay
from cogmodels.report.style import save_figure
from cogmodels.scanpath.evaluate import paths_by_image
from cogmodels.scanpath.generate import generate_scanpaths
from cogmodels.stimuli.named_features import named_features
from cogmodels.tracking.job import job

with job(snakemake):
    options, wanted = snakemake.params.options, snakemake.output
    config = read_json(Path(snakemake.input.manifest))["config"]
    files = sorted(map(Path, snakemake.input.images))
    cache = FeatureCache(Path(wanted.fixations).parent / "cache")
    table = generate_scanpaths(
        config,
        read_weights(Path(snakemake.input.model)),
        [named_features(name, config["maps"][name], files, cache) for name in config["features"]],
        {file.name: image_shape(file)[1::-1] for file in files},
        samples=options["samples"],
        seed=options["seed"],
    )
    write_fixations(Path(wanted.fixations), table)
    for file, paths in zip(files, map(paths_by_image(table).get, (file.name for file in files)), strict=True):
        save_figure(plot_overlay(read_image(file), paths, title=file.name), Path(wanted.overlays) / f"{file.stem}.png")
