"""A motion of one humanoid put onto another's body."""
