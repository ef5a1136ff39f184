"""One model a file; :mod:`cogmodels.scanpath.registry` has them by name."""
