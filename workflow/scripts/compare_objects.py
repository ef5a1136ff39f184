"""Compare all models of objects of a data set, scene by scene."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_labelled, write_csv
from cogmodels.report.objects import SHOWN
from cogmodels.report.scanpath_models import plot_comparison
from cogmodels.report.style import save_figure
from cogmodels.scanpath.objects.summary import compare_objects
from cogmodels.tracking.job import job

with job(snakemake):
    given, wanted = snakemake.input, snakemake.output
    values = {Path(file).parent.name: read_labelled(Path(file)) for file in given.trials}
    write_csv(Path(wanted.differences), compare_objects(values, bootstrap=1000))
    scores = pd.concat([read_labelled(Path(file)) for file in given.scores], ignore_index=True)
    save_figure(plot_comparison(scores, title=snakemake.params.title, shown=SHOWN), Path(wanted.figure))
