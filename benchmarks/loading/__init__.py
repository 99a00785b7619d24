"""How fast training is fed: python -m benchmarks.loading."""
