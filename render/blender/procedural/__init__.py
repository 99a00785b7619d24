"""Rigged, textured, animated assets generated from a seed; the entrance is make.make_asset."""
