"""What a model is shown: frames with their times, contact strips, grids of the rest pose."""
