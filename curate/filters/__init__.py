"""What is measured of a clip, and the rules that say no by it."""
