"""Models of sequences of objects, one a file."""
