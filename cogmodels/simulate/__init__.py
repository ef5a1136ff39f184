"""Generative models with known truth: stimuli, BOLD, EEG, gaze, and a BIDS study made of them.

What comes out is simulated and says so: in the dataset's name, its README and every sidecar.
"""
