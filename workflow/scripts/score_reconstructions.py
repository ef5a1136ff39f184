"""Score decoded images beside the true ones, the mean image and those of other brains."""

from functools import partial
from pathlib import Path

from cogmodels.data.bids import write_csv
from cogmodels.data.images import read_squares
from cogmodels.data.reconstructions import read_reconstructions
from cogmodels.data.tables import read_features
from cogmodels.data.units import write_units
from cogmodels.decoding.reconstruction import compare_reconstructions, score_reconstructions
from cogmodels.decoding.units import reconstruction_units
from cogmodels.stimuli.backbones import Backbone
from cogmodels.stimuli.features import array_features
from cogmodels.tracking.job import job

with job(snakemake):
    given, options, wildcards = snakemake.input, snakemake.params.options, snakemake.wildcards
    found, pixels = read_reconstructions(Path(given.images)), read_features(Path(given.pixels))
    truth = read_squares(
        Path(snakemake.params.root), snakemake.params.pattern, set(found.stimulus), options["score_px"]
    )
    backbone = Backbone(options["backbone"], options["weights"], weights_sha256=options["weights_sha256"])
    describe = partial(array_features, backbone=backbone, layers=options["layers"])
    compared = compare_reconstructions(found, pixels, truth, describe)
    scores = score_reconstructions(compared, **snakemake.params.sizes)
    names = {"study": snakemake.params.study, "family": "decoding", "dataset": wildcards.dataset}
    names |= {"experiment": wildcards.experiment, "protocol": snakemake.params.protocol}
    for position, (column, name) in enumerate(names.items()):
        scores.insert(position, column, name)
    write_csv(Path(snakemake.output.scores), scores)
    write_units(Path(snakemake.output.units), reconstruction_units(compared), **names)
