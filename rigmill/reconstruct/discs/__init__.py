"""Middles of discs in pose maps."""
