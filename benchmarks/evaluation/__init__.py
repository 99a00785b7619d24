"""Evaluation: metrics against other people's, and whole comparisons."""
