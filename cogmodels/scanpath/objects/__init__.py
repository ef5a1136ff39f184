"""Scanpath models of scenes made of objects: which object is looked at next."""
