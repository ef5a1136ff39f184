"""Gather the images that simulated subjects see: those of another data set, and rendered ones."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_tsv
from cogmodels.data.images import write_image
from cogmodels.files import link
from cogmodels.stimuli.covers import cover_wall
from cogmodels.tracking.job import job

with job(snakemake):
    options, folder = snakemake.params.options, Path(snakemake.output.images).parent
    for old in folder.glob("*.jpg"):
        old.unlink()
    photographs = sorted(Path(snakemake.params.root).glob(snakemake.params.pattern)) if snakemake.params.root else []
    rows = [(f"photograph-{file.stem}.jpg", "photograph", file.name) for file in photographs[: options["limit"]]]
    for (name, _, _), file in zip(rows, photographs, strict=False):
        link(file, folder / name)
    for number in range(options["rendered"]):
        rows.append((f"rendered-{number + 1:04d}.jpg", "rendered", None))
        write_image(folder / rows[-1][0], cover_wall([options["seed"], number]))
    write_tsv(Path(snakemake.output.images), pd.DataFrame(rows, columns=["stimulus", "kind", "source"]))
