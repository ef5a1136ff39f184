"""Gather the quality of all subjects' EEG into one table, outliers flagged."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, write_tsv
from cogmodels.eeg.outliers import OUTLIER_RULE, flag_outliers
from cogmodels.tracking.job import job

with job(snakemake) as log:
    files = zip(snakemake.params.subjects, snakemake.input.quality, strict=True)
    table = flag_outliers(pd.DataFrame([{"subject": name, **read_json(Path(file))} for name, file in files]))
    log.info("%s", OUTLIER_RULE)
    write_tsv(Path(snakemake.output.quality), table.replace({"outlier": {"": None}}))
