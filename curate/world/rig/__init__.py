"""Skeletons of generated bodies, and turns in numpy."""
