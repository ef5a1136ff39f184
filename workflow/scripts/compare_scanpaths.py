"""Compare all scanpath models of a data set, image by image."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.report.scanpath_models import plot_comparison
from cogmodels.report.scanpath_steps import plot_steps
from cogmodels.report.style import save_figure
from cogmodels.scanpath.summary import compare_models
from cogmodels.tracking.job import job

with job(snakemake):
    given, wanted = snakemake.input, snakemake.output
    images = {Path(file).parent.name: pd.read_csv(file, dtype={"stimulus": str}) for file in given.images}
    write_csv(Path(wanted.differences), compare_models(images))
    scores = pd.concat([pd.read_csv(file) for file in given.scores], ignore_index=True)
    save_figure(plot_comparison(scores, title=snakemake.params.title), Path(wanted.figure))
    steps = {Path(file).parents[1].name: pd.read_csv(file, dtype={"stimulus": str}) for file in given.steps}
    save_figure(plot_steps(steps, title=f"{snakemake.params.title}, by fixation"), Path(wanted.steps_figure))
