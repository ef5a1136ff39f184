"""Saliency metrics: how well a map predicts where people look, and how alike two maps are."""
