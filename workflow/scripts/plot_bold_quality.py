"""Draw each run of a subject: what the mask holds, head motion, changes by volume, before and after cleaning."""

from pathlib import Path

from cogmodels.data.bids import read_json, read_tsv
from cogmodels.data.bold import read_mask, read_masked
from cogmodels.data.fmriprep import read_confounds
from cogmodels.report.fmri import plot_quality
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given, recordings, folder = snakemake.input, snakemake.params.recordings, Path(snakemake.input.mask).parent
    mask, _ = read_mask(Path(given.mask))
    files = given.bold or [run["path"] for run in recordings]
    quality = read_json(Path(given.quality))
    for number, run in enumerate(recordings):
        clean = folder / f"{run['stem']}_desc-clean_bold.nii.gz"
        before, after = (read_masked(Path(file), mask) for file in (files[number], clean))
        figure = plot_quality(
            before.data,
            after.data,
            mask,
            before.repetition_time,
            volumes=read_tsv(folder / f"{run['stem']}_desc-quality_timeseries.tsv"),
            quality=quality[run["stem"]],
            motion=next((read_confounds(Path(file)) for file in given.motion[number : number + 1]), None),
            title=f"{snakemake.params.title}: {run['stem']}",
        )
        save_figure(figure, Path(snakemake.output.figures) / f"{run['stem']}_quality.png")
