"""Write where and how long a subject looked in each trial as its Responses table."""

from pathlib import Path

from cogmodels.data.bids import read_tsv
from cogmodels.data.physio import read_screen, read_trials
from cogmodels.data.tables import collect_responses, write_responses
from cogmodels.gaze.responses import gaze_responses
from cogmodels.gaze.scanpaths import first_eyes, fixations_table
from cogmodels.tracking.job import job

with job(snakemake):
    params, parts = snakemake.params, []
    given = {r["stem"]: (r, file) for r, file in zip(params.recordings, snakemake.input.events, strict=True)}
    for recording, file in (given[stem] for stem in first_eyes(given)):
        path = Path(recording["path"])
        trials = read_trials(path).assign(
            subject=recording["subject"], session=recording["session"], run=recording["run"]
        )
        fixations = fixations_table(read_tsv(Path(file)), trials, subject=recording["subject"])
        size = read_screen(path)["ScreenResolution"]
        parts.append(gaze_responses(fixations, trials.fillna({"run": "1"}), size_px=size, **params.cells))
    write_responses(Path(snakemake.output.responses), collect_responses(parts))
