"""Draw one run: what the mask holds, head motion, changes from volume to volume, before and after cleaning."""

from pathlib import Path

from cogmodels.data.bids import read_json, read_tsv
from cogmodels.data.bold import read_mask, read_masked
from cogmodels.data.fmriprep import read_confounds
from cogmodels.report.fmri import plot_quality
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    mask, _ = read_mask(Path(given.mask))
    before, after = (read_masked(Path(file), mask) for file in (snakemake.params.bold, snakemake.params.clean))
    figure = plot_quality(
        before.data,
        after.data,
        mask,
        before.repetition_time,
        volumes=read_tsv(Path(snakemake.params.volumes)),
        quality=read_json(Path(given.quality))[snakemake.wildcards.recording],
        motion=read_confounds(Path(given.motion)) if given.get("motion") else None,
        title=snakemake.params.title,
    )
    save_figure(figure, Path(snakemake.output.figure))
