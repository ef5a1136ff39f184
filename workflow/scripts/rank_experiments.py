"""Test every two experiments on the units that both have, and rank all of them."""

from pathlib import Path

from cogmodels.data.bids import write_csv
from cogmodels.data.units import read_units
from cogmodels.report.ranks import compare_pairs, plot_ranks, rank_experiments
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    params, wanted = snakemake.params, snakemake.output
    units = read_units(map(Path, snakemake.input.units))
    ranks = rank_experiments(units)
    write_csv(Path(wanted.pairs), compare_pairs(units))
    write_csv(Path(wanted.ranks), ranks)
    save_figure(plot_ranks(ranks, params.simulated, params.made), Path(wanted.figure))
