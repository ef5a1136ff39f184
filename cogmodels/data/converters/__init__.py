"""Converters: from the files of a source to a BIDS data set; a module a data set, with convert and describe."""
