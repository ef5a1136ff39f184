"""Compare experiments with a new subject, with and without the other subjects before."""

from pathlib import Path

from cogmodels.data.bids import write_csv
from cogmodels.data.predictions import read_predictions
from cogmodels.data.tables import read_features
from cogmodels.decoding.adaptation import adaptation_scores, compare_adaptation
from cogmodels.report.adaptation import plot_adaptation
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given, wanted, params = snakemake.input, snakemake.output, snakemake.params
    files = {part: list(given[part]) for part in ("pretrained", "scratch")}
    pairs = []
    for pair in params.pairs:
        taken = [[files[part].pop(0) for _ in range(pair["runs"])] for part in files]
        pairs.append((pair["trials"], *map(read_predictions, taken)))
    table = read_features(Path(given.features))
    compared = compare_adaptation(pairs, table.stimuli, table.values, bootstrap=params.bootstrap)
    scores = adaptation_scores(compared, {pair["trials"]: pair["experiment"] for pair in params.pairs})
    for position, (column, value) in enumerate(params.names.items()):
        scores.insert(position, column, value)
    write_csv(Path(wanted.table), compared)
    write_csv(Path(wanted.scores), scores)
    save_figure(plot_adaptation(compared, title=params.title), Path(wanted.figure))
