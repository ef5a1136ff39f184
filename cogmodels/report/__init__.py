"""Figures, comparison and the HTML report."""
