"""Mend the fixations that scanpath models learn from, and split them once."""

from pathlib import Path

from cogmodels.data.bids import read_tsv, write_csv
from cogmodels.data.displays import image_shape
from cogmodels.data.tables import read_fixations, write_fixations
from cogmodels.scanpath.viewing import mend_fixations, one_size, split_scanpaths
from cogmodels.tracking.job import job

with job(snakemake):
    options, wanted = snakemake.params.options, snakemake.output
    files = sorted(Path(snakemake.params.root).glob(options["images"]))
    sizes = {file.name: image_shape(file)[1::-1] for file in files}
    one_size(sizes, snakemake.params.size_px)
    fixations = read_fixations(Path(snakemake.input.fixations))
    rules = {name: options[name] for name in ("off_screen", "longest")}
    mended, defects = mend_fixations(fixations, sizes, **rules)
    split = {name: options[name] for name in ("by", "validation", "test", "limit", "seed")}
    shipped = read_tsv(Path(snakemake.params.root) / options["scenes"]) if options["scenes"] else None
    write_csv(Path(wanted.split), split_scanpaths(mended, **split, shipped=shipped))
    write_csv(Path(wanted.defects), defects)
    write_fixations(Path(wanted.fixations), mended)
