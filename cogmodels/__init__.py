"""cogmodels: how people look, search and see; a pipeline from recordings to models."""

__version__ = "0.1.0"
