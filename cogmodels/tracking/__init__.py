"""What a job leaves behind: log, manifest, code fingerprint, Weights & Biases run."""
