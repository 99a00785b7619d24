"""One file of one person, without tables: what `rigmill render` and `rigmill animate` are made of."""
