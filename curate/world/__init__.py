"""A world of generated rigs and motions with their truth, from a seed, in plain numpy; the entrance is make."""
