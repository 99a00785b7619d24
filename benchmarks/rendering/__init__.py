"""What pictures cost and how right they are."""
