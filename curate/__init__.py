"""Rigged assets in, honest clips out: sources, preflight, probe, retarget, filters."""
