"""Bring a subject's responses of all sessions to one scale: its Responses table, written a piece at a time."""

from pathlib import Path

import pandas as pd

from cogmodels.data.betas import map_betas, pieces_of, read_positions
from cogmodels.data.response_stream import stream_responses
from cogmodels.data.tables import trials_of_events
from cogmodels.fmri.common_grid import grid_weights
from cogmodels.fmri.prepared_betas import standardise_session
from cogmodels.tracking.job import job

with job(snakemake) as log:
    options, sessions = snakemake.params.settings, []
    for one in snakemake.params.recordings:
        values, events = map_betas(Path(one["path"]))
        trials = trials_of_events(events, one["subject"], one["session"], one["run"])
        run = events["run"].astype(str).to_numpy() if "run" in events else one["run"] or one["session"] or "1"
        sessions.append((one["path"], values, trials.assign(run=run)))

    def pieces():
        for path, values, trials in sessions:
            train = (trials["split"] == "train").to_numpy()
            if options["zscore"] == "none":
                found = pieces_of(values)
            else:
                found = standardise_session(lambda values=values: pieces_of(values), train, where=path)
            if options["grid"] is None:
                yield from found
            else:
                weights = grid_weights(read_positions(path, values.shape[1]), **options["grid"], where=path)
                yield from (piece @ weights for piece in found)

    trials = pd.concat([trials for *_, trials in sessions], ignore_index=True)
    log.info("%d trials of %d voxels", len(trials), sessions[0][1].shape[1])
    stream_responses(Path(snakemake.output.responses), trials, pieces(), precision=options["precision"])
