"""Exported files, read again by other programs."""
