"""Decoders from responses to labels or features: one model family a file."""
