"""Say where the objects of scenes are and which each fixation is on, split scanpaths once, render pictures."""

from pathlib import Path

from cogmodels.data.bids import read_tsv, write_csv
from cogmodels.data.predictions import write_weights
from cogmodels.data.tables import read_fixations
from cogmodels.scanpath.objects.sequences import prepare_objects
from cogmodels.stimuli.covers import cover_patches
from cogmodels.tracking.job import job

with job(snakemake):
    options, wanted = snakemake.params.options, snakemake.output
    root = Path(snakemake.params.root)
    scenes = read_tsv(root / options["table"])
    boxes = read_tsv(root / options["objects"]) if options["objects"] else None
    rules = {name: value for name, value in options.items() if name not in ("table", "objects", "patch_px")}
    tables = prepare_objects(read_fixations(Path(snakemake.input.fixations)), scenes, boxes, **rules)
    for name in ("objects", "sequences", "split", "defects"):
        write_csv(Path(wanted[name]), getattr(tables, name))
    write_csv(Path(wanted.scenes), scenes)
    targets = scenes.set_index("image")["target"].astype(str).to_dict()
    write_weights(
        Path(wanted.pictures), cover_patches(tables.objects, targets, tuple(options["patch_px"]), options["seed"])
    )
