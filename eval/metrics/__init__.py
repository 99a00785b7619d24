"""Numbers that compare an animated body with the truth, each by its name; arrays in, numbers out."""
