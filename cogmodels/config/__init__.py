"""Pydantic models of study, experiment and data spec; defaults, schemas and docs are generated from them."""
