"""Model code, readable next to the paper."""
