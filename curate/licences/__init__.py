"""Which rights come with a file."""
