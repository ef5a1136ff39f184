"""Score a joint decoder that is given every choice of its modalities, and what all of them add."""

from pathlib import Path

from cogmodels.data.bids import write_csv
from cogmodels.data.predictions import read_predictions
from cogmodels.data.tables import read_features
from cogmodels.decoding.modalities import joint_gains, score_modalities
from cogmodels.report.modalities import plot_modalities
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    config, wildcards, wanted = snakemake.params.config, snakemake.wildcards, snakemake.output
    table = read_features(Path(snakemake.input.features))
    sizes = {name: config[name] for name in ("permutations", "bootstrap")}
    predictions = read_predictions(list(snakemake.input.subsets))
    scored = score_modalities(predictions, table.stimuli, table.values, **sizes)
    gains = joint_gains(scored, wildcards.experiment, config["protocol"])
    for position, (column, name) in enumerate(snakemake.params.names.items()):
        gains.insert(position, column, name)
    write_csv(Path(wanted.table), scored)
    write_csv(Path(wanted.scores), gains)
    save_figure(plot_modalities(scored, title=snakemake.params.title), Path(wanted.figure))
