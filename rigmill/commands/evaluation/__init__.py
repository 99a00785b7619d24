"""Commands about the benchmark split, methods on it, and studies."""
