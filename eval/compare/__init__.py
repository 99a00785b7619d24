"""Methods held against each other on the clips of a benchmark: scores of every clip, and tables."""
