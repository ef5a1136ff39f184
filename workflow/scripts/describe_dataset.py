"""Write the files of a converted data set that belong to no subject."""

from importlib import import_module
from pathlib import Path

from cogmodels.tracking.job import job

with job(snakemake):
    converter = import_module(f"cogmodels.data.converters.{snakemake.params.converter}")
    converter.describe(
        Path(snakemake.input.record).parent, Path(snakemake.output.description).parent, **snakemake.params.options
    )
