"""Materials to read, and what Cycles says of them."""
