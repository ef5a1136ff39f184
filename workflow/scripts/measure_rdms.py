"""Measure how much people's RDMs agree: reliability of regions, identification of regions and items across people."""

from pathlib import Path

from cogmodels.data.bids import write_csv
from cogmodels.data.rdms import read_rdms
from cogmodels.metrics.rdm_agreement import rdm_agreement
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.params.rdms
    subjects = snakemake.params.subjects
    folder = Path(snakemake.input.record).parent
    scores, persons = rdm_agreement(
        read_rdms(folder, given["files"], subjects, given["hemispheres"], given["regions"]),
        given["regions"],
        subjects,
        **{name: given[name] for name in ("alignment", "permutations", "bootstrap")},
    )
    names = {"study": snakemake.params.study, "family": "fmri", "dataset": snakemake.wildcards.dataset}
    for position, (column, name) in enumerate(names.items()):
        scores.insert(position, column, name)
    write_csv(Path(snakemake.output.persons), persons)
    write_csv(Path(snakemake.output.scores), scores)
