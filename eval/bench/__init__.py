"""The benchmark split: which clips, by what rule, and the folder in which everyone gets them."""
