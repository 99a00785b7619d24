"""Recognising a humanoid by declared names, and checking that its joints are where a body's are."""
