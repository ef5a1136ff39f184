"""Average the evoked responses of all subjects."""

from pathlib import Path

from cogmodels.data.bids import write_tsv
from cogmodels.data.eeg import read_epochs, write_evoked
from cogmodels.eeg.evoked import average_subjects
from cogmodels.tracking.job import job

with job(snakemake) as log:
    options = snakemake.params.settings
    files = zip(snakemake.params.subjects, snakemake.input.epochs, strict=True)
    group = average_subjects(((s, read_epochs(Path(f))) for s, f in files), channels=options["evoked_channels"])
    about = {"channels": " ".join(group.channels), "channels_named": "afterwards" if group.chosen else "beforehand"}
    about["unit"] = group.unit
    write_tsv(Path(snakemake.output.curves), group.curves.assign(**about))
    amplitudes = group.at(options["evoked_times_s"]) if options["evoked_times_s"] else group.curves[:0]
    write_tsv(Path(snakemake.output.amplitudes), amplitudes.assign(**about))
    write_evoked(Path(snakemake.output.evoked), list(group.evoked.values()))
    log.info("amplitudes over people:\n%s", amplitudes.to_string(index=False))
