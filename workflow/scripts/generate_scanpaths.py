"""Let a trained network look at a folder of images: scanpaths as a Fixations table, and overlays."""

from pathlib import Path

from tqdm import tqdm

from cogmodels.commands.scanpaths import look_at_images
from cogmodels.tracking.job import job

with job(snakemake):
    options, given, wanted = snakemake.params.options, snakemake.input, snakemake.output
    look_at_images(
        Path(given.model),
        Path(given.manifest),
        sorted(map(Path, given.images)),
        Path(wanted.fixations),
        Path(wanted.overlays),
        samples=options["samples"],
        typical_of=options["typical_of"],
        seed=options["seed"],
        target=options["target"],
        progress=lambda files: tqdm(files, desc="images", mininterval=5),
    )
