"""Leave out a subject's epochs that vary too much, by limits that training epochs set."""

from pathlib import Path

from cogmodels.data.bids import write_tsv
from cogmodels.data.eeg import read_epochs, write_epochs
from cogmodels.eeg.rejection import reject_epochs
from cogmodels.tracking.job import job

with job(snakemake):
    epochs = read_epochs(Path(snakemake.input.epochs))
    train = (epochs.metadata["split"] == "train").to_numpy()
    # Without a split no decoder may read these epochs: the config refuses it.
    kept, log = reject_epochs(
        epochs, method=snakemake.params.settings["autoreject"], train=train if train.any() else None
    )
    write_epochs(Path(snakemake.output.epochs), kept)
    write_tsv(Path(snakemake.output.log), log.replace({"reason": {"": None}}))
