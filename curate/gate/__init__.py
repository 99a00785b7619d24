"""Judges strangers' bytes before anything else reads them, and writes the canonical file that is let through."""
