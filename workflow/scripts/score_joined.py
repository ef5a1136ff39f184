"""Compare clocks, responses and what ICA took out with the truth of SIMULATED EEG."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_json, read_tsv, write_tsv
from cogmodels.data.eeg import read_evoked, read_ica
from cogmodels.data.viewing_truth import read_viewing_truth
from cogmodels.eeg.known_truth import score_recording
from cogmodels.tracking.job import job

with job(snakemake) as log:
    given, options, rows = snakemake.input, snakemake.params.settings["deconvolve"], []
    for number, recording in enumerate(snakemake.params.recordings):
        truth = read_viewing_truth(Path(snakemake.params.truth) / f"sub-{recording['subject']}")
        evoked = read_evoked(Path(given.evoked[number])) if given.evoked else []
        known = dict.fromkeys(truth.facts["stimuli"], "stimulus")
        wanted = options["types"].items() if options else ()
        types = {name: known.get(part["event"], part["event"]) for name, part in wanted}
        ica = read_ica(Path(given.ica[number])) if given.ica else None
        eyes = read_tsv(Path(given.components[number])).dropna(subset="reason")["component"] if given.ica else []
        scores = score_recording(
            truth.facts, read_json(Path(given.clocks[number])), (evoked, types, truth.kernels), (ica, list(eyes)),
            eyes=truth.eyes, brain=truth.brain, saccades=truth.saccades, fixations=truth.fixations,
        )  # fmt: skip
        rows += [{"data": "SIMULATED EEG", "recording": recording["stem"], **row} for row in scores]
    write_tsv(Path(snakemake.output.scores), pd.DataFrame(rows))
    log.info("beside the truth:\n%s", pd.DataFrame(rows).to_string())
