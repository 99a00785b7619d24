"""The generated world measured: what there is, how well it moves, how fast it is made."""
