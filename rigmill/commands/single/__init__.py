"""Commands about one file, clip or motion."""
