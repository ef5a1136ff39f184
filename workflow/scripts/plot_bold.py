"""Draw a subject's mean image, mask, temporal SNR and cleaned signals."""

from pathlib import Path

from cogmodels.data.bold import read_bold, read_mask
from cogmodels.report.fmri import plot_cleaning
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    first = snakemake.params.recordings[0]
    mask, _ = read_mask(Path(snakemake.input.mask))
    source = [*snakemake.params.prepared, first["path"]][0]
    raw, clean = read_bold(Path(source)), read_bold(Path(snakemake.params.bold[0]))
    figure = plot_cleaning(
        raw.data, clean.data, mask, raw.repetition_time, title=f"{snakemake.params.title}, {first['stem']}"
    )
    save_figure(figure, Path(snakemake.output.figure))
