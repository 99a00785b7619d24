"""What is fast, and against what. Run one as a module: python -m benchmarks.rendering --json."""
