"""Feet that stand while they stand."""
