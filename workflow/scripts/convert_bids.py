"""Convert one subject's recordings to BIDS."""

from importlib import import_module
from pathlib import Path

from cogmodels.data.bids import write_scans
from cogmodels.tracking.job import job

with job(snakemake):
    root, subject = Path(snakemake.output.scans).parents[1], snakemake.wildcards.subject
    converter = import_module(f"cogmodels.data.converters.{snakemake.params.converter}")
    write_scans(
        root, subject, converter.convert(Path(snakemake.input.record).parent, root, subject, **snakemake.params.options)
    )
