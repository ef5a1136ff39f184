"""Training that the model families share: one loop for any network and objective, resumable to the bit."""
