"""The real VBench, run by an interpreter of its own: what it needs, the job it is given, the numbers it gives."""
