"""Training itself: the steps, what is kept of them, and where they run."""
