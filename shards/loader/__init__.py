"""Samples for training out of shards: which, in which order, and of each only what its draw needs. No torch."""
