"""Converters: from the files of a source to one BIDS data set; one module a data set, each with convert and describe."""
