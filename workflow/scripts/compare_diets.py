"""Compare the searches of networks that were raised on different diets, over their seeds."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_csv
from cogmodels.report.style import save_figure
from cogmodels.report.training import plot_diet_comparison
from cogmodels.search.diets import compare_diets, diet_scores
from cogmodels.search.stimuli import experiment_of
from cogmodels.tracking.job import job

with job(snakemake):
    wanted, given = snakemake.output, zip(snakemake.input.trials, snakemake.params.runs, strict=True)
    trials = pd.concat([pd.read_csv(file).assign(**run) for file, run in given], ignore_index=True)
    experiments = [experiment_of(read_json(Path(file))) for file in snakemake.input.about]
    networks, comparison = compare_diets(trials, experiments, snakemake.params.reference)
    titles = {experiment.name: experiment.title for experiment in experiments}
    figure = plot_diet_comparison(networks, comparison, titles, title=snakemake.params.title)
    write_csv(Path(wanted.networks), networks)
    write_csv(Path(wanted.table), comparison)
    scores = diet_scores(comparison)
    for position, column in enumerate(("study", "family", "dataset")):
        scores.insert(position, column, snakemake.params.names[column])
    write_csv(Path(wanted.scores), scores)
    save_figure(figure, Path(wanted.figure))
