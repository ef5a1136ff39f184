"""EEG recordings to epochs and responses, MNE underneath."""
