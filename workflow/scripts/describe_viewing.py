"""Write the files of a data set of simulated EEG over gaze that belong to no subject."""

from pathlib import Path

from cogmodels.simulate.study_viewing import describe_viewing
from cogmodels.tracking.job import job

with job(snakemake):
    given = snakemake.params
    about = {name: given[name] for name in ("title", "description", "licence", "subjects")}
    describe_viewing(Path(snakemake.output.description).parent, **about)
