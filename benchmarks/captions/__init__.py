"""How right captions are, and what they cost."""
