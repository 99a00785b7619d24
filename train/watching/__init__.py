"""What is seen of a training while it runs and after: curves, the mixture as drawn, strips of pictures."""
