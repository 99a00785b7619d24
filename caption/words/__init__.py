"""Words of our own: names cleaned, sentences from facts, and what a sentence claims held against them."""
