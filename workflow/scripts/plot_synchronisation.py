"""Tabulate and draw how well gaze and EEG of all recordings keep time."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, read_tsv, write_tsv
from cogmodels.report.joined import plot_synchronisation
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.input
    names = [recording["stem"] for recording in snakemake.params.recordings]
    table = pd.DataFrame([read_json(Path(file)) for file in given.summary])
    table.insert(0, "recording", names)
    table.insert(0, "data", snakemake.params.data)
    write_tsv(Path(snakemake.output.table), table)
    triggers, lags = ([read_tsv(Path(file)) for file in files] for files in (given.triggers, given.lag))
    save_figure(
        plot_synchronisation(table, triggers, lags, title=snakemake.params.title), Path(snakemake.output.figure)
    )
