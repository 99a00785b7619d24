"""Compiled functions over a body's vertices."""
