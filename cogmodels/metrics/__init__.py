"""Scores with known definitions, and the uncertainty that goes with each of them."""
