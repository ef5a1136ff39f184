"""Draw the displays of one search experiment."""

from pathlib import Path

from cogmodels.data.displays import write_displays
from cogmodels.search.stimuli import EXPERIMENTS, draw_displays, experiment_of
from cogmodels.tracking.job import job

with job(snakemake):
    name, own = snakemake.wildcards.display, snakemake.params.own
    experiment = experiment_of({"name": name, **own}) if own else EXPERIMENTS[name]
    displays = draw_displays(experiment, snakemake.params.repeats, snakemake.params.seed)
    write_displays(Path(snakemake.output.about).parent, displays)
