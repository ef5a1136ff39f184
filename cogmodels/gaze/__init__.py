"""Gaze: recordings in pixels and degrees, cleaning, velocity, event detectors, data quality, scanpaths of trials."""
