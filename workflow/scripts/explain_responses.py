"""Split the errors of the responses by cause: filters, detection of events, noise. SIMULATED EEG."""

from pathlib import Path

import pandas as pd

from cogmodels.data.bids import read_events, read_tsv, write_tsv
from cogmodels.data.eeg import events_path, read_raw
from cogmodels.data.viewing_truth import read_viewing_truth
from cogmodels.eeg.kernel_causes import error_causes, true_types
from cogmodels.eeg.responses import event_types
from cogmodels.tracking.job import job

with job(snakemake) as log:
    given, settings, rows = snakemake.input, snakemake.params.settings, []
    options = settings["deconvolve"]
    filters = {name: settings[name] for name in ("l_freq", "h_freq", "reference")} | {"notch": settings["notch_hz"]}
    for recording, eeg, gaze in zip(snakemake.params.recordings, given.eeg, given.gaze, strict=True):
        truth = read_viewing_truth(Path(snakemake.params.truth) / f"sub-{recording['subject']}")
        shown = read_events(events_path(recording["path"]))
        found = event_types(options["types"], read_tsv(Path(gaze)), shown, least_events=options["least_events"])
        true = true_types(options["types"], truth.fixations, truth.stimuli)
        known = dict.fromkeys(truth.facts["stimuli"], "stimulus")
        errors = error_causes(
            read_raw(Path(eeg)), truth.brain, found, true, facts=truth.facts, kernels=truth.kernels,
            events={name: known.get(part["event"], part["event"]) for name, part in options["types"].items()},
            filters=filters, ridge=options["ridge"],
        )  # fmt: skip
        rows.append(errors.assign(data="SIMULATED EEG", recording=recording["stem"]))
    table = pd.concat(rows, ignore_index=True)[["data", "recording", "type", "cause", "relative_error"]]
    write_tsv(Path(snakemake.output.errors), table.round(4))
    log.info("errors by cause:\n%s", table.to_string())
