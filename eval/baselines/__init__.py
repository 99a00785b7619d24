"""Methods that every comparison has beside it: the truth, the truth with noise, rest, a neighbour, the small model."""
