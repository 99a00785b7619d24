"""Skeletons, rotations and motions as numbers."""
