"""A module a system: which results lie in its output folder, and each of them as a GLB."""
