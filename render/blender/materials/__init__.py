"""Materials of a file as the rasteriser draws them."""
