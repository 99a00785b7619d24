"""Colours, patterns, textures and names."""
