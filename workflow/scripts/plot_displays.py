"""Draw the contact sheet of a data set's search displays."""

from pathlib import Path

from cogmodels.data.displays import read_displays
from cogmodels.report.search import plot_displays
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    sets = [read_displays(Path(file).parent) for file in snakemake.input.about]
    save_figure(plot_displays(sets, title=snakemake.params.title), Path(snakemake.output.figure))
