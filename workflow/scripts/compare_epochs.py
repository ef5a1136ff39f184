"""Compare decoders of EEG with a reference, person by person, controls beside them."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import write_csv
from cogmodels.decoding.class_scores import compare_people
from cogmodels.report.decoder_comparison import plot_comparison
from cogmodels.report.style import save_figure
from cogmodels.tracking.job import job

with job(snakemake):
    given, wanted, options = snakemake.input, snakemake.output, snakemake.params.comparison
    names = [options["reference"], *options["experiments"], *options["controls"]]
    people = {name: pd.read_csv(file) for name, file in zip(names, given.people, strict=True)}
    scores = pd.concat(map(pd.read_csv, given.scores), ignore_index=True)
    table = compare_people(scores, people, reference=options["reference"], metric=options["metric"])
    table["control"] = table["experiment"].isin(options["controls"])
    write_csv(Path(wanted.table), table)
    kind = "SIMULATED, " if snakemake.params.simulated else ""
    title = f"{kind}{snakemake.wildcards.dataset}: {' against '.join(snakemake.params.classes)} in new people"
    save_figure(plot_comparison(table, people, metric=options["metric"], title=title), Path(wanted.figure))
