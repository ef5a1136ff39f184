"""Decoders that learn from several subjects at once: one model a file, named in `cogmodels.decoding.registry`."""
