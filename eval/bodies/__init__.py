"""Animated bodies of any method, as arrays: played from files, brought into the truth's frame, drawn."""
