"""Small files made by hand, and their truth."""
