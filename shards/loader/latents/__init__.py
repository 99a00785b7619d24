"""Latents that were encoded once: what they are of, how they lie in files, and how draws are read of them. No torch."""
