"""Scanpath models: where people look, in what order, for how long."""
