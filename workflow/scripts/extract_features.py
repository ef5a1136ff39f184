"""Read a network's features of a data set's images into a Features table; what is known is not read again."""

from pathlib import Path

from tqdm import tqdm

from cogmodels.data.feature_cache import FeatureCache
from cogmodels.data.tables import Features, write_features
from cogmodels.stimuli.backbones import Backbone
from cogmodels.stimuli.features import feature_vectors, iter_features
from cogmodels.tracking.job import job

with job(snakemake):
    options, table = snakemake.params.options, Path(snakemake.output.features)
    files = sorted(Path(snakemake.params.root).glob(options["images"]))
    network = {name: options[name] for name in ("weights", "weights_sha256", "preprocessing")}
    backbone, size, grid = Backbone(options["backbone"], **network), options["size"], options["grid"]
    with tqdm(total=len(files), desc="images", mininterval=5) as bar:
        maps = iter_features(
            files, backbone, options["layers"], FeatureCache(table.parent / "cache"), grid=grid and tuple(grid),
            size=size and tuple(size), batch_size=options["batch"], progress=bar.update,
        )  # fmt: skip
        vectors = feature_vectors(maps, options["layers"], where=f"{snakemake.params.root}/{options['images']}")
    write_features(table, Features(table.stem, [file.name for file in files], vectors))
