"""EEG: cleaning of continuous recordings, epochs. Signals are volts inside MNE objects, microvolts in arrays."""
