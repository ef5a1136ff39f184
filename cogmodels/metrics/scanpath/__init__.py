"""Similarity of scanpaths."""
