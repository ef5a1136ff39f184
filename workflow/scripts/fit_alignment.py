"""Fit a map of each subject's voxels into one space, by training stimuli."""

from pathlib import Path

from cogmodels.data.bold import read_mask
from cogmodels.data.predictions import write_weights
from cogmodels.data.regions import read_parcels
from cogmodels.data.tables import read_responses
from cogmodels.fmri.response_alignment import fit_response_alignment, pack_maps
from cogmodels.tracking.job import job

with job(snakemake) as log:
    given, params = snakemake.input, snakemake.params
    responses = [read_responses(Path(file)) for file in given.responses]
    masks, affines = zip(*(read_mask(Path(file)) for file in given.masks), strict=True)
    places = {"parcels": read_parcels(params.parcels, masks, affines), "masks": masks, "affines": affines}
    maps = fit_response_alignment([(one.trials, one.values) for one in responses], **places, **params.options)
    log.info("%s voxels into %d features", [len(one.mean) for one in maps], len(maps[0].offset))
    write_weights(Path(snakemake.output.maps), pack_maps(maps, params.subjects))
