"""From noise to a video with its pose maps: the steps, their solver, and what leads them."""
