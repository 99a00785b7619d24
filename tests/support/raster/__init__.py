"""Subjects for the rasteriser."""
